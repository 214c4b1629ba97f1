"""A run that is begun: take the graph to its end, and note that in the thread and the ledger."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from profile_router.core.privacy.findings import masked_json
from profile_router.core.telling.decision import Json
from profile_router.errors import RouterError, StateError
from profile_router.jail.left import held_by_children
from profile_router.ports import Event
from profile_router.runs.accounted import accounted, run_ledger
from profile_router.runs.context import run_context
from profile_router.runs.job import Job, stamped_emit
from profile_router.runs.result import Result, result_of
from profile_router.runs.setup import Setup
from profile_router.runs.spans import SPANS_VARIABLE, tell_spans
from profile_router.runs.thread_session import Keeping, close, outliving
from profile_router.runs.undo import marks_at_its_end, undo_after
from profile_router.state.database import damage_lines
from profile_router.threads.parent_sessions import ParentSessions
from profile_router.threads.records import unsaved
from profile_router.threads.threads import Run
from profile_router.values import frozen

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

    from profile_router.ledger.writing import SqliteRunLedger
    from profile_router_graphs.state import RunContext, RunState

NODES_AT_MOST = 100  # of one run; the ladder ends long before


async def walk(keeping: Keeping, run: Run, job: Job, warnings: Sequence[str]) -> Result:
    """Take *run* from where it is to its end, and return the result. Raises StateError where it cannot be kept."""
    async with opened_run(keeping, run, job, warnings) as opened:
        return await opened.walked()


@asynccontextmanager
async def opened_run(keeping: Keeping, run: Run, job: Job, warnings: Sequence[str]) -> AsyncIterator[Opened]:
    """Give *run* of *job*, which is begun, to be walked; what fails is accounted for. Raises StateError."""
    setup, job = job.setup, replace(job, emit=stamped_emit(job.emit, run.id))
    ledger = run_ledger(setup.state, setup.environ, run, setup.policy.confidential)
    context = run_context(job, run, ledger)
    with accounted(ledger, job), held_by_children(run.alive):
        try:
            yield Opened(keeping=keeping, run=run, job=job, ledger=ledger, context=context, warnings=tuple(warnings))
        except sqlite3.Error as error:
            raise StateError(unsaved(keeping.threads.file.checkpoints, error, run.thread)) from None


@frozen
class Opened:
    """A run that is begun: what its nodes are given to work with, and where its end is noted."""

    keeping: Keeping
    run: Run
    job: Job
    ledger: SqliteRunLedger
    context: RunContext
    warnings: tuple[str, ...]

    @property
    def config(self) -> RunnableConfig:
        """Return what LangGraph is to know of the run."""
        return {
            "configurable": {"thread_id": self.run.thread},
            "metadata": {"run": self.run.id},
            "recursion_limit": NODES_AT_MOST,
        }

    def tell(self, event: Event) -> None:
        """Tell an *event* of a node, with the names of the workspace and without what is confidential."""
        self.job.emit(self.job.site.back(masked_json(event, self.context.policy.confidential)))

    async def walked(self) -> Result:
        """Take the graph to its end from where the run is, and return the result."""
        from profile_router_graphs.router import with_checkpoints  # 0.5 s: `route` does without LangGraph

        graph, config = with_checkpoints(self.keeping.saver), self.config
        saved = await self.keeping.saver.aget_tuple(config)
        begun = saved is not None and saved.metadata.get("run") == self.run.id

        async def values() -> RunState:
            return cast("RunState", (await graph.aget_state(config)).values)

        async with self.asking(values):
            async for event in graph.astream(
                None if begun else {"task": self.job.task},
                config,
                context=self.context,
                stream_mode="custom",
                durability="sync",
            ):
                self.tell(cast("Event", event))
        return await self.ended(await values())

    @asynccontextmanager
    async def asking(self, values: Callable[[], Awaitable[Mapping[str, object]]]) -> AsyncIterator[None]:
        """End the run, with the *values* of its thread, where it fails before anything was asked of anybody.

        There is nothing to go on with then.
        """
        try:
            yield
        except StateError:
            raise
        except RouterError:
            if self.run.records.names("") == ["order"]:
                await close(self.keeping, self.run, await values())
            raise

    async def from_thread(self) -> Json:
        """Return what the thread keeps from run to run, for who walks the nodes without its checkpoints."""
        saved = await self.keeping.saver.aget_tuple(self.config)
        return outliving(saved.checkpoint["channel_values"] if saved else {})

    async def ended(self, final: RunState) -> Result:
        """Return the result of the run by its *final* state, noted in the thread and in the ledger."""
        job, run, setup = self.job, self.run, self.job.setup
        warned = (*setup.warnings, *self.warnings, *damage_lines())
        result = job.site.back(
            result_of(final, self.ledger.receipts(), setup, warned, run, seconds=self.ledger.lasted_s())
        )
        if final.get("private_thread") or final["evidence"].private or result.tainted:
            ParentSessions(state=setup.state).note_private(job.task.sessions)  # it was not private when it began
        values = {**final}
        marks, end_mark = await asyncio.to_thread(marks_at_its_end, job.site, setup.workspace, values, result, run)
        result = replace(result, end_mark=end_mark)
        run.records.keep("result", result.as_recorded())
        result = await job.site.bring_back(run, result, setup.state)
        taken = partial(undo_after, job.site, setup.workspace, run, values, result, marks=marks)
        undo = await asyncio.to_thread(taken)
        self.ledger.ended(result.verdict, result.saved, undo, result.cause, result.refused, seconds=result.seconds)
        receipts = self.ledger.receipts()
        await close(self.keeping, run, final)
        return await _telling_spans(result, receipts, setup)


async def _telling_spans(result: Result, receipts: Sequence[Json], setup: Setup) -> Result:
    """Tell the spans of an ended run, where somebody wants them; return *result*, with a note if they are lost."""
    if not setup.environ.get(SPANS_VARIABLE):
        return result
    problem = await asyncio.to_thread(tell_spans, result.json, receipts, setup.environ)
    return result.noting(problem) if problem else result
