"""The copies of threads. They outlive their process: a file beside each describes it, so that another can go on in it.

A thread's row names the folder that its run works in. So a copy belongs to the thread whose row names a folder in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from profile_router.copies.copy import Copy, opened_copy
from profile_router.core.telling.ways_out import HAND_OVER_AGAIN
from profile_router.errors import RouterError, StateError, WorkspaceError
from profile_router.git.merge import apply_command, save_diff
from profile_router.git.repository import Repository
from profile_router.git.trees import FilesTree, Trees
from profile_router.outside.json_reader import read_json
from profile_router.outside.places import is_folder_named
from profile_router.ports import Emit
from profile_router.state.copy_folders import ABOUT, WORKTREES_FOLDER, door, hold, place_in, remove, thread_of, tidy_up
from profile_router.state.whole_files import write_whole
from profile_router.threads.threads import Row, Threads


def original_of(state: Path, workspace: str) -> str:
    """Return the folder that *workspace* stands for: itself, or the original if it is a copy that is still there."""
    place = place_in(state, workspace)
    copy = None if place is None else copy_at(place)
    if copy is None:
        return workspace
    return str(copy.trees.repository.top / Path(workspace).relative_to(copy.top))


def copy_at(place: Path) -> Copy | None:
    """Return the copy in the folder *place*, None where its making did not end."""
    try:
        about = read_json((place / ABOUT).read_bytes())
        top, git_dir, common = map(Path, about["repository"])
        trees = Trees(Repository(top=top, git_dir=git_dir, common=common), place / "store")
        copy = Copy(
            trees=trees,
            top=place / about["name"],
            base=FilesTree(about["base"]),
            links=tuple(about["links"]),
            left_out=tuple(about.get("left_out", ())),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return copy if is_folder_named(str(copy.top)) else None


@contextmanager
def lasting_copy(repository: Repository, state: Path, thread: str, tidy: Callable[[Path], None]) -> Iterator[Copy]:
    """Give *thread* a copy of *repository*'s work tree; *tidy* decides afterwards whether it stays.

    It decides the same for copies that dead processes left. Raises WorkspaceError where git fails.
    """
    with opened_copy(repository, state, tidy=tidy) as copy:
        trees = copy.trees.repository
        about = {
            "repository": [str(trees.top), str(trees.git_dir), str(trees.common)],
            "thread": thread,
            "name": copy.top.name,
            "base": copy.base,
            "links": copy.links,
            "left_out": copy.left_out,
        }
        write_whole(copy.top.parent / ABOUT, json.dumps(about).encode("ascii"), lasting=True)
        yield copy


@contextmanager
def copy_again(place: Path, tidy: Callable[[Path], None]) -> Iterator[Copy]:
    """Give the copy that a dead process left in *place*, and *tidy* it up. Raises WorkspaceError where it is gone."""
    copy = copy_at(place)
    if copy is None:
        raise WorkspaceError(f"the copy of the workspace that it worked in is gone ({place}); {HAND_OVER_AGAIN}")
    if not copy.trees.repository.top.is_dir():
        raise WorkspaceError(f"{copy.trees.repository.top}, which it worked for, is not a folder now; bring it back")
    with hold(place):
        (copy.top / ".git" / "index.lock").unlink(missing_ok=True)  # of a child of that process, dead like it
        try:
            yield copy
        finally:
            tidy(place)


def tidier(threads: Threads, tell: Emit) -> Callable[[Path], None]:
    """Return a function that removes a copy in which nobody can go on, and keeps its changes as a diff.

    The copy stays where the threads cannot be read.
    """

    def tidy(place: Path) -> None:
        try:
            row = _row_of(threads, place)
        except StateError:
            return
        running = row is not None and row.status == "running"
        if row is not None and running and not row.why:
            return
        copy = copy_at(place)
        if copy is not None and (row is None or running):
            with suppress(RouterError):
                _keep(copy, threads.file.state, thread_of(place), tell)
        remove(place)

    return tidy


def tidy_copies(threads: Threads, tell: Emit) -> None:
    """Tidy up the copies of killed processes."""
    home = Path(os.path.realpath(threads.file.state)) / WORKTREES_FOLDER
    if home.is_dir():
        with door(home):
            tidy_up(home, tidier(threads, tell))


def stop(threads: Threads, copy: Copy, thread: str, why: str) -> None:
    """Note *why* nobody goes on with the run in *copy*; empty: it has ended. Raises StateError."""
    if _row_of(threads, copy.top.parent) is not None:
        threads.give_up(thread, why)


def _row_of(threads: Threads, place: Path) -> Row | None:
    return next((row for row in threads.rows() if place_in(threads.file.state, row.workspace) == place), None)


def _keep(copy: Copy, state: Path, name: str, tell: Emit) -> None:
    """Keep what an interrupted task had done so far, if anything: it may be worth something, and the copy goes."""
    theirs = copy.tree()
    if theirs != copy.base:
        diff = save_diff(copy.trees, copy.base, theirs, state, name)
        line = f"thread {name} was interrupted; what it did so far: {diff}"
        tell({"event": "kept", "line": line, "diff": str(diff), "apply": apply_command(copy.trees, diff)})
