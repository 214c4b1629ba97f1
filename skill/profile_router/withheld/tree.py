"""What is in a workspace, told apart: git's own data, folders that are wholly private, and the other files."""

from __future__ import annotations

import os
from collections.abc import Sequence

from profile_router.core.privacy.findings import private_glob
from profile_router.core.text import too_many_files
from profile_router.errors import WorkspaceError
from profile_router.values import frozen
from profile_router.withheld.survey import MOST_SURVEYED


@frozen(kw_only=False)
class Tree:
    """Absolute paths. What lies in `git_data` or in a folder of `private` is not among `files`."""

    git_data: tuple[str, ...]
    private: tuple[str, ...]
    files: frozenset[str]


def tree_of(root: str, globs: Sequence[str]) -> Tree:
    """Return what is in *root*, where *globs* say what is private. Raises WorkspaceError above MOST_SURVEYED."""
    git_data: list[str] = []
    private: list[str] = []
    files: list[str] = []
    seen = 0
    for folder, folders, names in os.walk(root):
        seen += len(folders) + len(names)
        if seen > MOST_SURVEYED:
            raise WorkspaceError(f"{too_many_files(MOST_SURVEYED)}; commands are not run in such")
        if "HEAD" in names and ("commondir" in names or {"objects", "refs"} <= set(folders)):
            git_data.append(folder)
            folders.clear()
            continue
        git_data += [f"{folder}/{name}" for name in (*folders, *names) if name.casefold() == ".git"]
        inside = [name for name in folders if name.casefold() != ".git"]
        closed = {name for name in inside if private_glob(f"{folder}/{name}", globs)}
        private += [f"{folder}/{name}" for name in sorted(closed) if not os.path.islink(f"{folder}/{name}")]  # noqa: PTH114
        folders[:] = [name for name in inside if name not in closed]
        files += [f"{folder}/{name}" for name in names if name.casefold() != ".git"]
    return Tree(tuple(git_data), tuple(private), frozenset(files))
