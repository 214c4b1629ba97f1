"""Go on with a killed run: from its last finished node, with the records of the node at work."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from profile_router.copies.thread_copies import original_of
from profile_router.core.telling.decision import Json
from profile_router.core.telling.ways_out import bring_back, give_up
from profile_router.core.text import shown
from profile_router.errors import StateError, UsageError, WorkspaceError
from profile_router.git.undo import Undo
from profile_router.ledger.writing import SqliteRunLedger
from profile_router.outside.places import is_folder_named
from profile_router.ports import Approver, Emit
from profile_router.runs.accounted import run_ledger
from profile_router.runs.job import IN_PLACE, Begun, Job, Site, site_of, stamped_emit
from profile_router.runs.opened import walk
from profile_router.runs.result import Result
from profile_router.runs.setup import Setup, prepare
from profile_router.runs.thread_session import Keeping, checkpoints, close
from profile_router.runs.undo import undo_after
from profile_router.runs.unfinished import resumable, settle_spans, undone_by
from profile_router.state.folder import state_dir
from profile_router.threads.threads import Row, Run, Threads
from profile_router.workspace.folder import Workspace


async def resume_thread(
    thread: str | None,
    policy_file: str | None,
    environ: Mapping[str, str],
    emit: Emit,
    approver: Approver | None = None,
) -> Result:
    """Go on with *thread*, or with the only one that was interrupted, and return the result. Raises RouterError."""
    emit = stamped_emit(emit)
    async with checkpoints(state_dir(environ), environ) as keeping:
        row = wanted(keeping.threads, thread)
        if row.status != "running":
            return _last(keeping.threads, row, emit)
        run = keeping.threads.take_up(row)
        try:
            with site_of(keeping.threads, run, row, emit) as site:
                saved = await keeping.saver.aget_tuple({"configurable": {"thread_id": run.thread}})
                state = saved.checkpoint["channel_values"] if saved else {}
                if (done := run.records.find("result")) is not None:
                    result = await site.bring_back(run, Result.of(done), keeping.threads.file.state)
                    undo = await asyncio.to_thread(_undo_late, site, row, run, state, result)
                    ledger = run_ledger(keeping.threads.file.state, environ, run)
                    ledger.ended(
                        result.verdict, result.saved, undo, result.cause, result.refused, seconds=result.seconds
                    )
                    await close(keeping, run, state)
                    return result
                _check_folder(row)
                if site is IN_PLACE and row.workspace:
                    await asyncio.to_thread(settle_spans, run, Path(row.workspace))
                begun = _begun(keeping, run, run_ledger(keeping.threads.file.state, environ, run))
                task, cwd = begun["task"], Path(begun["cwd"])
                setup = prepare(task, policy_file or begun["policy"], environ, cwd, to_run=True)
                _check_profile(state.get("profile"), setup, run)
                warnings = list(keeping.warnings)
                if setup.policy.digest != begun["digest"]:
                    under = f"it went on under {setup.policy.source} as it is"
                    warnings.append(f"the policy has changed since the run began: {under}")
                job = Job(task=setup.task, setup=setup, thread=run.thread, emit=emit, approver=approver, site=site)
                return await walk(keeping, run, job, warnings)
        finally:
            keeping.threads.leave(run)


def _last(threads: Threads, row: Row, emit: Emit) -> Result:
    """Return how the run *row* ended: its process may have been killed before anybody heard. Raises UsageError."""
    if (recorded := threads.last(row)) is None:
        raise UsageError(
            f"thread {row.thread} has ended; give it another task with `profile-router run --thread {row.thread} TASK`"
        )
    line = f"thread {row.thread} has ended; this is its result, nothing was done again"
    emit({"event": "ended", "line": line, "thread": row.thread})
    result = Result.of(recorded)
    if undo := undone_by(threads, row):
        return result.noting(f"what it changed was undone since; {bring_back(undo)}")
    return result


def _undo_late(site: Site, row: Row, run: Run, state: Json, result: Result) -> Undo | None:
    """Return what takes *run* back, which was killed at its end."""
    workspace = Workspace(Path(row.workspace), git=True) if row.workspace else None
    return undo_after(site, workspace, run, state, result, late=True)


def _check_folder(row: Row) -> None:
    if row.workspace and not is_folder_named(row.workspace):
        raise WorkspaceError(
            f"thread {row.thread} worked in {shown(row.workspace)}, which is not a folder now; {give_up(row.thread)}"
        )


def _begun(keeping: Keeping, run: Run, ledger: SqliteRunLedger) -> Begun:
    """Return what *run* was begun with. Raises UsageError where it was killed before that was kept."""
    begun: Begun | None = run.records.find("order")
    if begun is None:
        ledger.ended("interrupted")
        keeping.threads.end(run)
        raise UsageError(f"thread {run.thread} ended before its task was kept: nothing was done; run the task again")
    return begun


def _check_profile(profile: str | None, setup: Setup, run: Run) -> None:
    if profile is not None and profile not in setup.profiles:
        raise StateError(
            f"thread {run.thread} cannot go on: its next step is under profile '{profile}', which is gone; "
            f"{give_up(run.thread)}"
        )


def wanted(threads: Threads, thread: str | None) -> Row:
    """Return the run to go on with, or the named one that has ended.

    Raises UsageError where none or several could be meant, and StateError where the run is lost.
    """
    if thread is None:
        return _only(threads)
    row = next((row for row in threads.rows() if row.thread == thread), None)
    if row is None:
        if threads.file.notices:
            raise StateError(f"{'; '.join(threads.file.notices)}; thread {shown(thread)} cannot be resumed from there")
        raise UsageError(
            f"no thread is named {shown(thread)} (interrupted ones: {_listed(threads, resumable(threads))})"
        )
    if row.status == "running" and row.why:
        raise UsageError(f"thread {thread} cannot be resumed: {row.why}")
    if row.status == "running" and (undo := undone_by(threads, row)):
        raise UsageError(
            f"thread {thread} was undone, so it does not go on; {bring_back(undo)}, or give its task to "
            "`profile-router run`"
        )
    return row


def _only(threads: Threads) -> Row:
    left = resumable(threads)
    if len(left) == 1:
        return left[0]
    if threads.file.notices:
        raise StateError("; ".join(threads.file.notices))
    if not left:
        raise UsageError("no run was interrupted, so there is nothing to resume")
    raise UsageError(
        f"{len(left)} threads were interrupted: {_listed(threads, left)}; name one: `profile-router resume THREAD`"
    )


def _listed(threads: Threads, rows: list[Row]) -> str:
    places = [original_of(threads.file.state, row.workspace) or "no workspace" for row in rows]
    told = (f"{row.thread} ({row.since}, {place})" for row, place in zip(rows, places, strict=True))
    return ", ".join(told) or "none"
