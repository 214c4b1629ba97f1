"""The changes of a git work tree between two marks, for a run's receipt and its handoff."""

from __future__ import annotations

import os
import re
from pathlib import Path

from profile_router.core.ladder.receipt import ChangedFile
from profile_router.git.marks import Mark, facts_of, take
from profile_router.git.repository import find_repository
from profile_router.git.trees import Trees

_HEAD = re.compile(r"^(?=diff --git )", re.MULTILINE)
_WAYS = ("--no-renames", "--no-ext-diff", "--no-textconv")


class GitSnapshots:
    """Takes and compares marks of *root*. *scratch* is a folder of ours: the repository itself is never written."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self._root = root
        self._trees = Trees(find_repository(root), scratch)
        above = os.path.relpath(root, self._trees.repository.top)
        self._start = "" if above == "." else f"{above}/"

    def take(self) -> str:
        """Return a mark of all tracked and untracked files that are not ignored. Raises WorkspaceError."""
        return str(take(self._trees, self._root))

    def changes(self, before: str, after: str) -> tuple[ChangedFile, ...]:
        """Return the files that differ between two marks, with their line counts. A rename is a removal and an
        addition."""
        first, second = Mark.read(before), Mark.read(after)
        found = {}
        for entry in filter(None, self._diff("--numstat", "-z", first.files, second.files).split("\0")):
            added, removed, path = entry.split("\t", 2)
            found[path] = _changed(path, added, removed)
        found |= {path: _changed(path, "-", "-") for path in self._unkept(first, second)}
        return tuple(found[path] for path in sorted(found, key=os.fsencode))

    def patches(self, before: str, after: str) -> tuple[tuple[str, str], ...]:
        """Return the path of each file that differs between two marks, with its part of a patch. A file above a
        megabyte counts as binary. A path that changed its kind (a file, now a link) has two parts.
        """
        first, second = Mark.read(before), Mark.read(after)
        listed = self._diff("--name-status", "-z", first.files, second.files).split("\0")
        names = [
            path for kind, path in zip(listed[::2], listed[1::2], strict=False) for _ in range(2 if kind == "T" else 1)
        ]
        # Git quotes names here. Lines of a file begin with a blank, + or -, so none looks like a header.
        shown = ("--patch", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
        parts = _HEAD.split(self._diff(*shown, first.files, second.files))
        unkept = ((path, "\nBinary files differ\n") for path in self._unkept(first, second))
        return (*zip(names, parts[1:], strict=True), *unkept)

    def _diff(self, *args: str) -> str:
        large = ("-c", "core.bigFileThreshold=1m")
        return self._trees.run(*large, "diff", f"--relative={self._start}", *_WAYS, *args)

    def _unkept(self, before: Mark, after: Mark) -> list[str]:
        """Return the large files with different facts in the two marks, relative to the root."""
        first, second = facts_of(self._trees, before), facts_of(self._trees, after)
        differ = (path for path in sorted({*first, *second}) if first.get(path) != second.get(path))
        return [path.removeprefix(self._start) for path in differ if path.startswith(self._start)]


def _changed(path: str, added: str, removed: str) -> ChangedFile:
    return ChangedFile(
        path=path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        lines_added=None if added == "-" else int(added),
        lines_removed=None if removed == "-" else int(removed),
    )
