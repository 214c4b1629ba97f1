"""A task that works apart, in a copy of the work tree: how it begins, how another process goes on with it after a kill,
and what becomes of copies that nobody goes on with.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from profile_router.adapters.git_merge import apply_command, keep_diff
from profile_router.adapters.git_worktree import FOLDER, Copy, door, remove, tidy_up
from profile_router.adapters.kept_copies import copy_again, copy_at, lasting_copy, place_in, thread_of
from profile_router.adapters.private_survey import Survey, private_survey
from profile_router.adapters.relocated import Relocated
from profile_router.adapters.repository import Repository
from profile_router.adapters.threads import Row, Run, Threads
from profile_router.adapters.workspace import Workspace
from profile_router.core.relocation import Relocation, rewritten
from profile_router.errors import RouterError, StateError
from profile_router.ports import Emit
from profile_router.wiring.merging import brought_back
from profile_router.wiring.run import Result, finished
from profile_router.wiring.setup import Setup

T = TypeVar("T")
# The methods of the run's ports that read or write files, or hand texts to somebody who does.
_AT_WORK = {
    "measurer": ("measure",),
    "runner": ("run",),
    "prober": ("probe",),
    "summarizer": ("summarize",),
    "verifier": ("verify", "diff", "set_back"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """A task at work in *copy*. On this side of its ports, and in all that it tells, are the names of the workspace."""

    copy: Copy
    relocation: Relocation

    def setup(self, setup: Setup) -> Setup:
        """Return *setup* with the copy as its workspace."""
        if setup.workspace is None:
            raise AssertionError("a copy was made of no workspace")
        here = Path(os.path.realpath(setup.cwd))
        inside = here.is_relative_to(self.copy.trees.repository.top)
        return replace(
            setup,
            workspace=Workspace(self.copy.folder(setup.workspace.root), git=True),
            cwd=self.copy.folder(here) if inside else setup.cwd,
        )

    def around(self, setup: Setup, context: Any) -> Any:
        """Return *context* with ports that work in the copy, for the real *setup*."""
        # Links lead out of the copy: what is private in the workspace counts, though no copy has it.
        workspace, globs = setup.workspace, setup.policy.private_paths
        survey = (lambda: private_survey(workspace, globs)) if workspace else Survey
        context = replace(context, runner=replace(context.runner, survey=survey))
        ports = {name: Relocated(getattr(context, name), does, self.relocation) for name, does in _AT_WORK.items()}
        return replace(context, **ports)

    def emit(self, emit: Emit) -> Emit:
        """Return *emit* for events that name the copy."""
        return lambda event: emit(rewritten(event, self.relocation.back))

    def result(self, result: Result) -> Result:
        """Return *result* with the names of the workspace."""
        return replace(result, json=rewritten(result.json, self.relocation.back))

    async def bring_back(self, state: Path, name: str, result: Result, again: bool) -> Result:
        """Merge what was done, or keep it as a diff; *again*: a process was killed that had begun to."""
        return await to_the_end(partial(brought_back, self.copy, self.result(result), state, name, again=again))


async def to_the_end(act: Callable[[], T]) -> T:
    """Return what *act* returns, run in a thread. When cancelled it is waited for first: half of it would be worse."""
    acting = asyncio.ensure_future(asyncio.to_thread(act))
    try:
        return await asyncio.shield(acting)
    except asyncio.CancelledError:
        await asyncio.wait([acting])
        raise


def new_copy(repository: Repository, threads: Threads, thread: str, tell: Emit) -> AbstractContextManager[Copy]:
    """Return the context of a copy for a run on *thread*; it stays if somebody can go on with that run afterwards."""
    return lasting_copy(repository, threads.file.state, thread, partial(_wanted, threads), _given_up(threads, tell))


def tidy_copies(threads: Threads, tell: Emit) -> None:
    """Remove the copies of killed processes that nobody can go on with; what was done in them is kept as diffs."""
    home = Path(os.path.realpath(threads.file.state)) / FOLDER
    if not home.is_dir():
        return
    give_up = _given_up(threads, tell)
    with door(home):
        tidy_up(home, lambda place: None if _wanted(threads, place) else give_up(place))


@contextmanager
def left_by(threads: Threads, run: Run, row: Row, tell: Emit) -> Iterator[Apart | None]:
    """Give what the killed *run* worked in, None where that was the workspace itself. Raises WorkspaceError if gone."""
    place = place_in(threads.file.state, row.workspace)
    if place is None:
        yield None
        return
    with copy_again(place, partial(_wanted, threads), _given_up(threads, tell)) as copy:
        spelled = (run.records.find("order") or {}).get("spelled", {})
        home = str(copy.trees.repository.top)
        yield Apart(copy=copy, relocation=Relocation(spelled, moved=str(copy.top), home=home))


async def end_of(apart: Apart, threads: Threads, run: Run, result: Result) -> Result:
    """Return the end of *run*, whose own *result* was there already when its process was killed."""
    return await finished(run, result, partial(apart.bring_back, threads.file.state, run.thread))


def stop(threads: Threads, copy: Copy, thread: str, why: str) -> None:
    """Note that nobody goes on with the run in *copy*, *why*, or that it has ended. Raises StateError."""
    if _row_of(threads, copy.top.parent) is not None:
        threads.give_up(thread, why)


def _row_of(threads: Threads, place: Path) -> Row | None:
    return next((row for row in threads.rows() if place_in(threads.file.state, row.workspace) == place), None)


def _wanted(threads: Threads, place: Path) -> bool:
    """Tell whether somebody can go on in *place*; where that cannot be said it stays."""
    try:
        row = _row_of(threads, place)
    except StateError:
        return True
    return row is not None and row.status == "running" and not row.why


def _given_up(threads: Threads, tell: Emit) -> Callable[[Path], None]:
    def give_up(place: Path) -> None:
        row, copy = _row_of(threads, place), copy_at(place)
        if copy is not None and (row is None or row.status == "running"):
            with suppress(RouterError):
                _keep(copy, threads.file.state, thread_of(place), tell)
        remove(place)

    return give_up


def _keep(copy: Copy, state: Path, name: str, tell: Emit) -> None:
    """Keep what an interrupted task had done so far, if anything: it may be worth something, and the copy goes."""
    theirs = copy.tree()
    if theirs != copy.base:
        diff = keep_diff(copy.trees, copy.base, theirs, state, name)
        line = f"thread {name} was interrupted; what it did so far: {diff}"
        tell({"event": "kept", "line": line, "diff": str(diff), "apply": apply_command(copy.trees, diff)})
