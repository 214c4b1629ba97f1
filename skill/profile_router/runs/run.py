"""Run a task on a thread: begin it there once nothing else is at it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from profile_router.copies.thread_copies import tidy_copies
from profile_router.copies.turns import reading_in
from profile_router.core.language.edits import asks_for_an_edit
from profile_router.core.task import Task
from profile_router.core.telling.decision import found_check_line
from profile_router.errors import UsageError, WorkspaceError
from profile_router.expressions import expression
from profile_router.git.repository import find_repository
from profile_router.machine.waiting_line import line
from profile_router.ports import Approver, Emit
from profile_router.runs.job import Begun, Job, stamped_emit
from profile_router.runs.opened import Opened, opened_run
from profile_router.runs.own_check.consent import settled
from profile_router.runs.result import Result
from profile_router.runs.setup import Setup, prepare, refuse_names_of_bytes, refuse_outside
from profile_router.runs.thread_session import Keeping, checkpoints
from profile_router.runs.unfinished import tell_unfinished

_NO_FOLDER = "none: the subagent can read and write no file here; `--workspace DIR` names a folder"
_NO_REPOSITORY = (
    "no git repository: what commands or Hermes' tools write is not told, and cannot be undone; `git init` changes that"
)
_THREAD = expression(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


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
    await asyncio.to_thread(_refuse_unusable, job.task, there)
    if there.workspace is None or not there.workspace.git:
        job.emit({"event": "folder", "line": _NO_FOLDER if there.workspace is None else _NO_REPOSITORY})
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
        async with opened_run(keeping, run, job, warnings) as opened:
            yield opened
    finally:
        threads.leave(run)


def _refuse_unusable(task: Task, there: Setup) -> None:
    """Raise UsageError for a file or an image of *task* that cannot be had. A wrong call begins no thread."""
    from profile_router.workspace.images import find_images
    from profile_router.workspace.named_files import find_named_files

    find_named_files("", task.files, there.workspace, there.cwd)
    find_images("", task.images, (), there.workspace, there.cwd)


def _check_command(task: Task) -> None:
    """Raise UsageError for a check of nothing: the shell calls that a success, and so nothing would be verified."""
    if task.check is not None and not task.check.strip():
        raise UsageError("--check is empty, and an empty command always passes; name a command, or leave --check out")
