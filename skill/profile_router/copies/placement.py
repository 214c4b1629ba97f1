"""Where a task of a batch works: in its own copy, or in the workspace, with no writer beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from profile_router.copies.copy import LINKED, Copy, why_in_place
from profile_router.copies.relocation import Relocation
from profile_router.core.language.path_words import path_words
from profile_router.core.policy import Policy
from profile_router.core.privacy.findings import private_glob
from profile_router.core.task import Task
from profile_router.git.command import git
from profile_router.git.marks import LARGE
from profile_router.git.repository import Repository, find_repository
from profile_router.state.copy_folders import WORKTREES_FOLDER
from profile_router.values import frozen
from profile_router.workspace.folder import Workspace, expanded, written_path

# Toolsets of Hermes 0.19 (toolsets.py) of which no tool changes a file of the workspace. All others count as writing.
# File, terminal and code_execution do write. What a plugin or a newer Hermes brings is not known here.
READING = frozenset({
    "clarify", "context_engine", "memory", "search", "session_search", "todo", "video", "vision", "web", "x_search",
})  # fmt: skip


@frozen
class Placement:
    """`copy_of`: work in a copy of this repository. `alone`: why it works in place and no other writer may meanwhile;
    empty for a task that changes nothing."""

    copy_of: Repository | None = None
    alone: str = ""


def place_for(task: Task, workspace: Workspace | None, cwd: Path, state: Path, policy: Policy) -> Placement:
    """Return where *task* is to work. Raises WorkspaceError where git fails."""
    if workspace is None or not may_write(task):
        return Placement()
    if not workspace.git:
        return Placement(alone=f"{workspace.root} is in no git repository")
    repository = find_repository(workspace.root)
    reason = why_in_place(repository, state) or _private_by_place(repository, state, policy)
    if not reason:
        named = list(dict.fromkeys(_named(task, workspace, cwd, repository.top)))
        ignored, large = _ignored_names(named, repository), _large_names(named, repository)
        reason = f"git ignores {ignored[0]}, which the task names" if ignored else ""
        reason = reason or (f"{large[0]}, which the task names, is too large to copy" if large else "")
    return Placement(alone=reason) if reason else Placement(copy_of=repository)


def may_write(task: Task) -> bool:
    """Tell whether *task* could change files. A task without toolsets of its own has the profile's, and those may.

    A task's check is a shell command, and may as well.
    """
    return not task.toolsets or task.check is not None or not READING.issuperset(task.toolsets)


def relocation_to(copy: Copy, task: Task, cwd: Path) -> Relocation:
    """Return how texts change for *copy*: every spelling of the work tree's top that *task* is likely to use."""
    top = copy.trees.repository.top
    spelled = {str(top): str(copy.top)}
    for folder in (os.environ.get("PWD"), str(cwd), task.workspace):
        given = os.path.abspath(cwd / expanded(folder)) if folder else str(top)  # noqa: PTH100 - links stay
        real = Path(os.path.realpath(given))
        if real.is_relative_to(top):
            spelled.setdefault(given, str(copy.top / real.relative_to(top)))
    home = os.path.realpath(os.path.expanduser("~"))  # noqa: PTH111 - Path's raises without a home
    if top.is_relative_to(home) and str(top) != home:
        spelled[f"~/{top.relative_to(home)}"] = str(copy.top)
    return Relocation(spelled, moved=str(copy.top), home=str(top))


def _private_by_place(repository: Repository, state: Path, policy: Policy) -> str:
    """Return why a copy would change what is private: a glob matches a folder above the workspace, or above copies."""
    for folder in (repository.top, Path(os.path.realpath(state)) / WORKTREES_FOLDER):
        if glob := private_glob(f"{folder}/file", policy.private_paths):
            return f"{folder} matches the private path {glob}"
    return ""


def _large_names(named: Sequence[Path], repository: Repository) -> list[str]:
    """Return those of *named* that no copy has because of their size."""
    large = (place for place in named if place.is_file() and not place.is_symlink() and place.stat().st_size >= LARGE)
    listed = ("ls-files", "-z", "--others", "--exclude-standard", "--")
    return [str(place) for place in large if git(repository.top, *listed, f":(literal){place}")]


def _ignored_names(named: Sequence[Path], repository: Repository) -> list[str]:
    """Return those of *named* that git ignores, without those in folders that every copy links to."""
    linked = set(LINKED)
    asked = "".join(f"{place}\0" for place in named if linked.isdisjoint(place.parts))
    return git(repository.top, "check-ignore", "-z", "--stdin", ok=(0, 1), send=asked).split("\0")[:-1]


def _named(task: Task, workspace: Workspace, cwd: Path, top: Path) -> Iterator[Path]:
    words = [written_path(word.text, workspace, cwd) for word in path_words(f"{task.goal}\n{task.context}")]
    for value in (*(workspace.root / expanded(value) for value in (*task.files, *task.images)), *words):
        try:
            place = Path(os.path.abspath(value))  # noqa: PTH100 - git wants no links
            inside = place.parent.resolve() / place.name
            if inside != top and inside.is_relative_to(top) and os.path.lexists(inside):
                yield inside
        except (OSError, ValueError):
            continue  # no path of this system
