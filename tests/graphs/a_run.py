"""Run the whole graph over fakes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import StateGraph
from tests.fakes import (
    FakeBackends,
    FakeClock,
    FakeCondenser,
    FakeHealth,
    FakeLedger,
    FakeMeasurer,
    FakeNaps,
    FakeProber,
    FakePurse,
    FakeRunner,
    FakeSummarizer,
    FakeVerifier,
    a_policy,
    candidates,
)

from profile_router.core.ladder.receipt import Receipt
from profile_router.core.policy import Policy
from profile_router.core.routing.candidate import Candidates
from profile_router.core.routing.loop import PastRuns, UsualTurns, nothing_before, nothing_usual
from profile_router.core.task import Task
from profile_router_graphs.router import build
from profile_router_graphs.state import RunContext, checkpointed_types


def a_saver() -> InMemorySaver:
    """Return a checkpointer that, as the real one, takes nothing but the registered types."""
    return InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=checkpointed_types()))


@dataclass(slots=True, kw_only=True)
class Rig:
    """The fakes of one or several runs, and what came out of the last one."""

    runner: FakeRunner = field(default_factory=lambda: FakeRunner("done"))
    backends: FakeBackends = field(default_factory=FakeBackends)
    prober: FakeProber = field(default_factory=FakeProber)
    summarizer: FakeSummarizer = field(default_factory=FakeSummarizer)
    verifier: FakeVerifier = field(default_factory=FakeVerifier)
    measurer: FakeMeasurer = field(default_factory=FakeMeasurer)
    clock: FakeClock = field(default_factory=FakeClock)
    policy: Policy = field(default_factory=a_policy)
    candidates: Candidates = field(default_factory=candidates)
    health: FakeHealth = field(default_factory=FakeHealth)
    purse: FakePurse = field(default_factory=FakePurse)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    condenser: FakeCondenser = field(default_factory=FakeCondenser)
    naps: FakeNaps = field(default_factory=FakeNaps)
    past: PastRuns = nothing_before
    usual: UsualTurns = nothing_usual
    reviewer: Any = None
    run_id: str = ""
    undone: frozenset[str] = frozenset()
    saver: Any = field(default_factory=a_saver)
    events: list[Mapping[str, Any]] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)

    def run(
        self, task: Task, thread: str = "t", *, older: StateGraph[Any, Any, Any, Any] | None = None
    ) -> dict[str, Any]:
        """Return the final state of *task* on *thread*, by the graph or by an *older* one, which stops midway."""
        return asyncio.run(self._walk({"task": task}, thread, older or build()))

    def resume(self, thread: str = "t") -> dict[str, Any]:
        """Return the final state of the run that *thread* was left with."""
        return asyncio.run(self._walk(None, thread, build()))

    async def _walk(self, asked: Any, thread: str, graph: StateGraph[Any, Any, Any, Any]) -> dict[str, Any]:
        context = RunContext(
            policy=self.policy,
            candidates=self.candidates,
            measurer=self.measurer,
            backends=self.backends,
            health=self.health,
            purse=self.purse,
            ledger=self.ledger,
            runner=self.runner,
            prober=self.prober,
            condenser=self.condenser,
            summarizer=self.summarizer,
            verifier=self.verifier,
            clock=self.clock,
            sleep=self.naps.sleep,
            past=self.past,
            usual=self.usual,
            reviewer=self.reviewer,
            run=self.run_id,
            undone=self.undone,
        )
        self.nodes.clear()
        final: dict[str, Any] = {}
        config: Any = {"configurable": {"thread_id": thread}, "recursion_limit": 100}
        modes: Any = ["custom", "updates", "values"]
        compiled: Any = graph.compile(checkpointer=self.saver)
        async for mode, chunk in compiled.astream(asked, config, context=context, stream_mode=modes):
            if mode == "custom":
                self.events.append(chunk)
            elif mode == "updates":
                self.nodes.extend(chunk)
            else:
                final = chunk
        if "receipts" in final:
            # a checkpoint gives back lists for tuples
            assert asked is None or self.ledger.receipts == final["receipts"]
            assert self.ledger.steps[len(self.ledger.steps) - len(final["steps"]) :] == [
                step.step for step in final["steps"]
            ]
        return final


def steps(receipts: tuple[Receipt, ...]) -> list[tuple[str, str, str]]:
    """Return profile, step and outcome of each receipt."""
    return [(receipt.profile, receipt.step, receipt.outcome) for receipt in receipts]
