"""Which ignored files were changed or removed since a run began. No mark has them, so nothing gives them back."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from profile_router.errors import WorkspaceError
from profile_router.git.command import git
from profile_router.git.left_files import beginning
from profile_router.state.folder import write_private

MOST_IGNORED_WATCHED = 2_000  # files: some 10 ms each time
_NOTE = "ignored"
_LISTED = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
# Folders and files that tools write again at each run. To tell of them would hide the rest.
_MADE_ANEW = frozenset({
    "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox", ".cache", ".coverage",
    "node_modules", ".venv", "venv", "vendor", "target", "build", "dist", "out", ".gradle", ".next", ".nuxt", ".turbo",
    ".parcel-cache", ".eggs", "htmlcov", "coverage", ".git", ".DS_Store",
})  # fmt: skip
_MADE_ANEW_ENDS = (".pyc", ".egg-info")


def note_ignored(root: Path, marks: Path) -> None:
    """Note in the folder *marks* what git ignores below *root*, if the run has not begun yet. Raises StateError.

    It comes before `note_beginning`, so that a resumed run does not take files of its own for older ones.
    """
    if not beginning(marks) and (facts := _facts(root)):
        write_private(marks / _NOTE, json.dumps(facts))


def ignored_changes(root: Path, marks: Path) -> tuple[str, ...]:
    """Return the ignored files below *root* that are not as they were when the run of *marks* began.

    New ones are not among them, nor what tools make anew. Of a folder with very many files it tells nothing.
    """
    try:
        noted: Mapping[str, str] = json.loads((marks / _NOTE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return ()
    return tuple(path for path, fact in noted.items() if _fact(f"{root}/{path}") != fact)


def _facts(root: Path) -> dict[str, str]:
    try:
        listed = git(root, *_LISTED).split("\0")
    except WorkspaceError:
        return {}
    found: dict[str, str] = {}
    for name in listed:
        if not name or not _tells(name.removesuffix("/")):
            continue
        for path in _below(str(root), name.removesuffix("/")) if name.endswith("/") else (name,):
            if len(found) >= MOST_IGNORED_WATCHED:
                return found
            if fact := _fact(f"{root}/{path}"):
                found[path] = fact
    return found


def _tells(path: str) -> bool:
    return _MADE_ANEW.isdisjoint(path.split("/")) and not path.endswith(_MADE_ANEW_ENDS)


def _below(root: str, folder: str) -> Iterator[str]:
    """Yield the files in *folder* below *root*, without those that tools make anew."""
    waiting = [folder]
    while waiting:
        above = waiting.pop()
        try:
            with os.scandir(f"{root}/{above}") as entries:
                inside = sorted(islice(entries, MOST_IGNORED_WATCHED), key=lambda entry: entry.name)
        except OSError:  # closed to us; or gone
            continue
        for entry in inside:
            path = f"{above}/{entry.name}"
            if not _tells(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            else:
                yield path


def _fact(place: str) -> str:
    """Return the kind, size and time of the file at *place*; empty where there is none."""
    try:
        found = os.lstat(place)
    except OSError:
        return ""
    return f"{stat.S_IFMT(found.st_mode):o} {found.st_size} {found.st_mtime_ns}"
