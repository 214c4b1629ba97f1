"""The verdict comes before the summary: a summary of failed work is not worth a model call."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command
from tests.fakes import BURST, LOCAL, FakeRunner, FakeSummarizer, FakeVerifier, a_receipt, a_task
from tests.graphs.a_run import Rig, steps

from profile_router_graphs.nodes.deciding import classify, parent
from profile_router_graphs.nodes.dispatch import dispatch as dispatched
from profile_router_graphs.state import RunContext, RunInput, RunOutput, RunState

LONG = "a long story. " * 400


def order_of_events(rig: Rig) -> list[str]:
    return [node for node in rig.nodes if node in ("dispatch", "verify", "summarize", "reroute", "merge")]


def test_work_is_verified_before_its_report_is_summarized() -> None:
    rig = Rig(runner=FakeRunner(LONG), summarizer=FakeSummarizer("short"), verifier=FakeVerifier(0))
    final = rig.run(a_task(check="make check"))
    assert order_of_events(rig) == ["dispatch", "verify", "summarize", "merge"]
    assert (final["summary"], rig.verifier.asked) == ("short", [("mark-1", LONG, "make check")])
    assert steps(final["receipts"]) == [(LOCAL, "route", "ok"), (LOCAL, "summarize", "ok")]


def test_a_report_whose_check_failed_is_cut_and_no_model_is_asked() -> None:
    rig = Rig(runner=FakeRunner(LONG), summarizer=Cuts(), verifier=FakeVerifier(1))
    final = rig.run(a_task(check="make check", profile=BURST))
    assert order_of_events(rig) == ["dispatch", "verify", "reroute", "merge"]
    assert [order.seconds for order in rig.summarizer.orders] == [0.0]
    assert (final["status"], final["summary"]) == ("failed", "the head of it")
    assert steps(final["receipts"]) == [(BURST, "route", "failed")]


class Cuts(FakeSummarizer):
    """Summarize as the real one does where there is no time: cut, by nobody."""

    async def summarize(self, text: str, order: Any) -> tuple[str, None]:
        self.orders.append(order)
        return "the head of it", None


class Killed(BaseException):
    """End the process of the older version."""


def older(node: str, *, summarized: bool) -> StateGraph[Any, Any, Any, Any]:
    """Return the graph of a version that summarized first: it is killed where it enters *node*."""
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(
        RunState, RunContext, input_schema=RunInput, output_schema=RunOutput
    )

    async def dispatch(state: RunState, runtime: Runtime[RunContext]) -> Command[Any]:
        command = await dispatched(state, runtime)
        made: dict[str, Any] = {key: value for key, value in dict(command.update or ()).items() if key != "looked_at"}
        if summarized:
            receipts = (*made["receipts"], a_receipt(LOCAL, step="summarize"))
            runtime.context.ledger.answered(receipts)
            made |= {"summary": "made before", "receipts": receipts}
        return Command(goto=node, update=made)

    async def killed(state: RunState) -> dict[str, Any]:
        raise Killed

    for one in (parent, classify, dispatch):
        builder.add_node(one)
    for name in {"probe", "condense", "merge", node}:
        builder.add_node(name, killed)
    builder.add_edge(START, "parent")
    builder.add_edge("parent", "classify")
    return builder


def left_at(node: str, verifier: FakeVerifier, *, summarized: bool = False) -> Rig:
    """Return a rig whose thread was left at *node* by an older version."""
    rig = Rig(runner=FakeRunner("done", "better"), verifier=verifier)
    with pytest.raises(Killed):
        rig.run(a_task(check="make check"), older=older(node, summarized=summarized))
    assert rig.verifier.asked == []
    return rig


def test_a_run_that_an_older_version_left_before_its_summary_is_verified_all_the_same() -> None:
    rig = left_at("summarize", FakeVerifier(1, 0))
    final = rig.resume()
    assert rig.nodes[:3] == ["summarize", "reroute", "dispatch"]
    assert rig.verifier.asked[0] == ("mark-1", "done", "make check")
    assert (final["status"], [step.step for step in final["steps"]]) == ("ok", ["repair"])


def test_a_run_that_an_older_version_left_before_its_check_is_summarized_once() -> None:
    rig = left_at("verify", FakeVerifier(0), summarized=True)
    final = rig.resume()
    assert rig.nodes == ["verify", "summarize", "merge"]
    assert (final["status"], final["summary"]) == ("ok", "made before")
    assert [receipt.step for receipt in final["receipts"]] == ["route", "summarize"]
    assert rig.summarizer.orders == []
