"""Who owns a copy of a work tree: it belongs to the thread whose row names a folder in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path

from profile_router.copies.copy import Copy
from profile_router.copies.lasting import copy_at, lasting_copy
from profile_router.errors import RouterError, StateError
from profile_router.git.merge import apply_command, keep_diff
from profile_router.git.repository import Repository
from profile_router.ports import Emit
from profile_router.state.places import FOLDER, door, place_in, remove, thread_of, tidy_up
from profile_router.threads.threads import Row, Threads


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
