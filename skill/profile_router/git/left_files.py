"""Files an attempt may have changed that an undo does not restore: mostly those git ignores."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from profile_router.core.text import too_many_files
from profile_router.errors import WorkspaceError
from profile_router.state.folder import write_private

MOST_ENTRIES_SEEN = 500_000
MOST_LEFT_FILES = 400  # files and folders: each is a mount for the commands of a model elsewhere
_BEGAN = "began"
_MARGIN = 200_000_000  # ns; the clock of a file system may be behind
_TICK = 10_000_000  # ns; that of Linux' kernel goes by 1 to 10 ms
_MADE_ANEW = "__pycache__"  # Python reads the source where such a file is missing


def note_beginning(marks: Path) -> None:
    """Note the start of the run in the folder *marks*, once. Raises StateError."""
    if not (marks / _BEGAN).exists():
        write_private(marks / _BEGAN, str(time.time_ns() - _MARGIN))


def beginning(marks: Path, *, exact: bool = False) -> int:
    """Return the start of the run of *marks*, in ns since 1970; 0 if unknown.

    It is a little early, so that a clock that is behind hides no change. With *exact* it is early by one tick of the
    kernel's clock alone. So hardly any change is made up.
    """
    try:
        return int((marks / _BEGAN).read_text(encoding="ascii")) + (_MARGIN - _TICK if exact else 0)
    except (OSError, ValueError):
        return 0


def left_files(root: Path, since: int, stored: Collection[str]) -> tuple[str, ...]:
    """Return the files below *root* that changed *since* and are not among *stored*, relative to it, sorted.

    If there are many, a folder stands for the files in it. Raises WorkspaceError where that would be all of *root*.
    """
    found = {_place(path) for path in _changed(os.fspath(root), since) if path not in stored}
    while len(found) > MOST_LEFT_FILES:
        deepest = max(path.count("/") for path in found)
        found = {os.path.dirname(path) if path.count("/") == deepest else path for path in found}  # noqa: PTH120
        found = {path for path in found if not any(is_in(above, found) for above in _above(path))}
        if "" in found:
            raise WorkspaceError(f"more than {MOST_LEFT_FILES} files that git ignores were changed")
    return tuple(sorted(found))


def is_in(path: str, left: Collection[str]) -> bool:
    """Tell whether *path* is one of *left*, or in a folder of those."""
    return bool(left) and (path in left or any(above in left for above in _above(path)))


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _place(path: str) -> str:
    folder, _, _ = path.rpartition("/")
    return folder if folder.rpartition("/")[2] == _MADE_ANEW else path


def _changed(root: str, since: int) -> Iterator[str]:
    waiting, seen = [root], 0
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = [entry for entry in entries if entry.name.casefold() != ".git"]
        except OSError as error:  # closed to us, and so to the commands we ran; or gone
            if error.errno == errno.ENAMETOOLONG:
                yield _outermost(folder, root)
            continue
        seen += len(found)
        if seen > MOST_ENTRIES_SEEN:
            raise WorkspaceError(too_many_files(MOST_ENTRIES_SEEN))
        for entry in found:
            try:
                facts = entry.stat(follow_symlinks=False)
            except OSError as error:  # gone
                if error.errno == errno.ENAMETOOLONG:
                    yield _outermost(entry.path, root)
                continue
            if stat.S_ISDIR(facts.st_mode):
                waiting.append(entry.path)
            elif facts.st_ctime_ns >= since:
                yield entry.path.removeprefix(f"{root}/")


def _outermost(path: str, root: str) -> str:
    """Return the folder in *root* that *path* lies in. It stands for what is too deep to be looked at."""
    return path.removeprefix(f"{root}/").partition("/")[0]
