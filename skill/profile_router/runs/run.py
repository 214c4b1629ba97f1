"""Run a task: stream the graph's events, keep what it did, and return the result."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from profile_router.copies.thread_copies import tidy_copies
from profile_router.copies.turns import reading_in
from profile_router.core.language.edits import asks_for_an_edit
from profile_router.core.privacy.findings import masked_json
from profile_router.core.task import Task
from profile_router.core.telling.decision import Json, found_check_line
from profile_router.errors import RouterError, StateError, UsageError, WorkspaceError
from profile_router.git.repository import find_repository
from profile_router.machine.waiting_line import line
from profile_router.ports import Approver, Emit, Event
from profile_router.runs.accounted import accounted, run_ledger
from profile_router.runs.consent import settled
from profile_router.runs.context import run_context
from profile_router.runs.job import Begun, Job, stamped_emit
from profile_router.runs.result import Result, _result
from profile_router.runs.setup import Setup, prepare, refuse_names_of_bytes, refuse_outside
from profile_router.runs.spans import SPANS_VARIABLE as SPANS
from profile_router.runs.spans import tell_spans
from profile_router.runs.thread_session import Keeping, checkpoints, close, outliving
from profile_router.runs.undo import marks_at_its_end, undo_after
from profile_router.runs.unfinished import tell_unfinished
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
_THREAD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# Observers of other frameworks would send prompts elsewhere; OPENAI_* would redirect a request or add a header.
_FOREIGN = re.compile(r"^(LANGSMITH|LANGCHAIN|OPENAI|AZURE_OPENAI)_")
# Whose warnings are for programmers: what is wrong with a run, we say ourselves.
_LIBRARIES = (
    "httpcore2",
    "httpx2",
    "langchain",
    "langchain_core",
    "langchain_openai",
    "langgraph",
    "openai",
    "opentelemetry",
)


def job_of(
    task: Task, policy_file: str | None, environ: Mapping[str, str], cwd: Path, emit: Emit, approver: Approver | None
) -> Job:
    """Return *task* as it is run in place, on a new thread where it names none. Raises RouterError for bad input."""
    setup = prepare(task, policy_file, environ, cwd, to_run=True)
    refuse_outside(setup)
    if setup.workspace is None and asks_for_an_edit(task.goal):
        raise WorkspaceError(
            f"no folder to edit in: {cwd} is in no git repository, and no --file names one; "
            "give it by --workspace (`--workspace .` is this one), or name a file in it by --file; "
            "the home folder cannot be one"
        )
    thread = thread_id(task.thread)
    task = replace(setup.task, thread=thread)
    return Job(task=task, setup=setup, thread=thread, emit=stamped_emit(emit), approver=approver)


def drop_foreign(environ: MutableMapping[str, str]) -> None:
    """Take out of *environ* what would make a library send prompts elsewhere, and let none write to the terminal."""
    for name in foreign_names(environ):
        del environ[name]
    for name in _LIBRARIES:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())  # else warnings without a handler go to stderr


def foreign_names(environ: Mapping[str, str]) -> list[str]:
    """Return the names of *environ* by which a library would send prompts elsewhere, or a request otherwise."""
    return [name for name in environ if _FOREIGN.match(name)]


def thread_id(given: str | None) -> str:
    """Return *given* if it can name a thread, else a new one. Raises UsageError."""
    if given is None:
        return secrets.token_hex(4)
    if not _THREAD.fullmatch(given):
        raise UsageError(
            f"--thread '{given[:80]}' is not a thread name (allowed: up to 64 letters, digits, '.', '_' and '-')"
        )
    return given


async def run_job(job: Job) -> Result:
    """Run *job* to its end, once it is its turn in this process, and return the result.

    Cancelling it ends all that it started; its thread is kept. Raises RouterError.
    """
    async with line.place(), session(job) as opened:
        return await opened.walked()


@asynccontextmanager
async def session(job: Job) -> AsyncIterator[Opened]:
    """Give the run of *job*, begun on its thread; whoever walks the graph ends it. Raises RouterError."""
    async with checkpoints(job.setup.state, job.setup.environ) as keeping, reading_there(job.setup):
        tell_unfinished(keeping.threads, job.setup.place, job.thread, job.emit)
        async with _begun_on(keeping, job) as opened:
            yield opened


@asynccontextmanager
async def reading_there(setup: Setup) -> AsyncIterator[None]:
    """Tell other processes, for as long as this lasts, that files in the workspace of *setup* are read, if any."""
    if setup.workspace is None:
        yield
        return
    root = setup.workspace.root
    async with reading_in(find_repository(root).top if setup.workspace.git else root, setup.state):
        yield


async def run_on(keeping: Keeping, job: Job) -> Result:
    """Run *job* on its thread and return the result.

    Raises UsageError where another process is at the thread, and StateError where what it does cannot be kept.
    """
    async with _begun_on(keeping, job) as opened:
        return await opened.walked()


@asynccontextmanager
async def _begun_on(keeping: Keeping, job: Job) -> AsyncIterator[Opened]:
    setup = job.setup
    there = job.site.setup(setup)
    refuse_names_of_bytes(there)
    _check_command(job.task)
    job = replace(job, task=replace(job.task, found=await settled(job.task, setup, job.approver)))
    if job.task.found is not None:
        runs = not job.task.found.refused
        job.emit({"event": "found", "line": found_check_line(job.task.found, briefly=True), "runs": runs})
    threads = keeping.threads
    # In threads: with several runs in one process, these may wait for what only the loop can finish.
    await asyncio.to_thread(threads.expire, setup.policy.threads.keep_days)
    run = await asyncio.to_thread(threads.begin, job.thread, there.place)
    warnings = list(keeping.warnings)
    if run.given_up is not None:
        warnings.append(f"an interrupted run of this thread ({run.given_up.since}) was given up for this one")
    try:
        await asyncio.to_thread(
            tidy_copies, threads, stamped_emit(job.emit, run.id)
        )  # of the run that was given up, too
        begun: Begun = {
            "task": job.task,
            "cwd": str(setup.cwd),
            "spelled": dict(job.site.spelled),
            "policy": setup.policy.source,
            "digest": setup.policy.digest,
        }
        run.records.keep("order", begun)
        async with _opened(keeping, run, job, warnings) as opened:
            yield opened
    finally:
        threads.leave(run)


async def walk(keeping: Keeping, run: Run, job: Job, warnings: Sequence[str]) -> Result:
    """Take *run* from where it is to its end, and return the result. Raises StateError where it cannot be kept."""
    async with _opened(keeping, run, job, warnings) as opened:
        return await opened.walked()


@asynccontextmanager
async def _opened(keeping: Keeping, run: Run, job: Job, warnings: Sequence[str]) -> AsyncIterator[Opened]:
    setup, job = job.setup, replace(job, emit=stamped_emit(job.emit, run.id))
    ledger = run_ledger(setup.state, setup.environ, run, setup.policy.confidential)
    context = run_context(job, run, ledger)
    with accounted(ledger, job):
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
        from profile_router_graphs.router import kept_by  # 0.5 s: `route` does without LangGraph

        graph, config = kept_by(self.keeping.saver), self.config
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

    async def kept(self) -> Json:
        """Return what the thread keeps from run to run, for who walks the nodes without its checkpoints."""
        saved = await self.keeping.saver.aget_tuple(self.config)
        return outliving(saved.checkpoint["channel_values"] if saved else {})

    async def ended(self, final: RunState) -> Result:
        """Return the result of the run by its *final* state, noted in the thread and in the ledger."""
        job, run, setup = self.job, self.run, self.job.setup
        warned = (*setup.warnings, *self.warnings, *damage_lines())
        result = job.site.back(
            _result(final, self.ledger.receipts(), setup, warned, run, seconds=self.ledger.lasted_s())
        )
        if final.get("private_thread") or final["evidence"].private or result.tainted:
            ParentSessions(state=setup.state).mark(job.task.sessions)  # it was not private when it began
        values = {**final}
        marks, left = await asyncio.to_thread(marks_at_its_end, job.site, setup.workspace, values, result, run)
        result = replace(result, left=left)
        run.records.keep("result", result.kept())
        result = await job.site.bring_back(run, result, setup.state)
        taken = partial(undo_after, job.site, setup.workspace, run, values, result, marks=marks)
        undo = await asyncio.to_thread(taken)
        self.ledger.ended(result.verdict, result.saved, undo, result.cause, result.refused, seconds=result.seconds)
        receipts = self.ledger.receipts()
        await close(self.keeping, run, final)
        return await _telling_spans(result, receipts, setup)


async def _telling_spans(result: Result, receipts: Sequence[Json], setup: Setup) -> Result:
    """Tell the spans of an ended run, where somebody wants them; return *result*, with a note if they are lost."""
    if not setup.environ.get(SPANS):
        return result
    problem = await asyncio.to_thread(tell_spans, result.json, receipts, setup.environ)
    return result.noting(problem) if problem else result


def _check_command(task: Task) -> None:
    """Raise UsageError for a check of nothing: the shell calls that a success, and so nothing would be verified."""
    if task.check is not None and not task.check.strip():
        raise UsageError("--check is empty, and an empty command always passes; name a command, or leave --check out")
