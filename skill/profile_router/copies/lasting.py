"""Copies of a work tree that outlive their process: what one is stands beside it, so that another can go on in it.

A thread's row names the folder that its run works in. So a copy belongs to the thread whose row names a folder in it.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from profile_router.copies.copy import Copy, opened_copy
from profile_router.errors import WorkspaceError
from profile_router.git.repository import Repository
from profile_router.git.trees import FilesTree, Trees
from profile_router.outside.json_reader import read_json
from profile_router.state.places import ABOUT, place_in
from profile_router.state.whole_files import write_whole


def original_of(state: Path, workspace: str) -> str:
    """Return the folder that *workspace* stands for: itself, or what it is a copy of, if that can still be said."""
    place = place_in(state, workspace)
    copy = None if place is None else copy_at(place)
    if copy is None:
        return workspace
    return str(copy.trees.repository.top / Path(workspace).relative_to(copy.top))


def copy_at(place: Path) -> Copy | None:
    """Return the copy in the folder *place*, None where none was finished there."""
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
    return copy if copy.top.is_dir() else None


@contextmanager
def lasting_copy(
    repository: Repository, state: Path, thread: str, wanted: Callable[[Path], bool], give_up: Callable[[Path], None]
) -> Iterator[Copy]:
    """Give *thread* a copy of *repository*'s work tree, which stays afterwards if it is *wanted* and goes by *give_up*.

    So do those that others left behind. Raises WorkspaceError where git fails.
    """

    def tidy(place: Path) -> None:
        if not wanted(place):
            give_up(place)

    with opened_copy(repository, state, tidy=tidy, done=tidy) as copy:
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
def copy_again(place: Path, wanted: Callable[[Path], bool], give_up: Callable[[Path], None]) -> Iterator[Copy]:
    """Give the copy that a process which is no more left in *place*. Raises WorkspaceError where there is none."""
    copy = copy_at(place)
    if copy is None:
        raise WorkspaceError(f"the copy of the workspace that it worked in is gone ({place}); hand the task over again")
    if not copy.trees.repository.top.is_dir():
        raise WorkspaceError(f"{copy.trees.repository.top}, which it worked for, is not a folder now; bring it back")
    with (place / "alive").open("ab") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        (copy.top / ".git" / "index.lock").unlink(missing_ok=True)  # of a child of that process, dead like it
        try:
            yield copy
        finally:
            if not wanted(place):
                give_up(place)
