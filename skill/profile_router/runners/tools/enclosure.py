"""A workspace as the only place that can be reached.

A path is walked one part at a time from the workspace's own descriptor. Each part is opened without following links
(`openat`). So whatever is swapped while we walk, no symbolic link is ever followed. Links that stay inside are refused
like those that lead out, which keeps the rule simple.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from profile_router.core.text import shown
from profile_router.errors import WorkspaceError
from profile_router.runners.tools import openat
from profile_router.runners.tools.answer_shape import ToolRefusal
from profile_router.values import frozen

MOST_FENCED_FILES = 50_000
LONGEST_PATH = 4_096
LONGEST_NAME = 255


@frozen
class FilesBelow:
    """Files of the workspace as sorted relative paths; `cut` where there are more than `MOST_FENCED_FILES`."""

    paths: tuple[str, ...]
    cut: bool


class Enclosure:
    """The folder *root* and what is in it; git's own data is not reached.

    *known_files* gives the tracked and the unignored files, None where it cannot say; without it the tree is walked.
    Raises WorkspaceError where *root* is not a folder. Every method raises ToolRefusal for a path that leads out, and
    the system's OSError for what is not there.
    """

    def __init__(self, root: Path, known_files: Callable[[], Sequence[str] | None] | None = None) -> None:
        try:
            self.root = root.resolve(strict=True)
            self._identity = _identity(self.root.stat())
        except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
            raise WorkspaceError(f"the workspace '{root}' cannot be used ({error}); name a folder") from error
        if not self.root.is_dir():
            raise WorkspaceError(f"the workspace '{root}' is not a folder; name a folder")
        self._roots = tuple(dict.fromkeys((str(self.root), os.path.abspath(root))))  # noqa: PTH100 - keeps links
        self._known_files = known_files

    def name(self, path: str) -> str:
        """Return *path* as it is called here: relative, with single slashes, `.` for the workspace."""
        return "/".join(workspace_parts(path, self._roots)) or "."

    def look(self, path: str) -> os.stat_result | None:
        """Return what *path* is, links not followed; None where nothing is there."""
        parts = workspace_parts(path, self._roots)
        try:
            with self._folder(parts[:-1]) as folder:
                return os.stat(parts[-1], dir_fd=folder, follow_symlinks=False) if parts else os.fstat(folder)
        except FileNotFoundError:
            return None

    def exists(self, path: str) -> bool:
        """Tell whether *path* is there, as a file or anything else."""
        return self.look(path) is not None

    def entries(self, path: str = ".") -> list[tuple[str, os.stat_result]]:
        """Return name and kind of everything in the folder *path*, sorted by name, git's own data left out."""
        found = []
        with self._folder(workspace_parts(path, self._roots)) as folder:
            for name in sorted(os.listdir(folder)):  # noqa: PTH208 - pathlib cannot list a descriptor
                with suppress(FileNotFoundError):  # gone meanwhile
                    found.append((name, os.stat(name, dir_fd=folder, follow_symlinks=False)))
        return [(name, kind) for name, kind in found if not names_git(name)]

    def files(self, under: str = ".") -> FilesBelow:
        """Return the files below the folder *under*: those that are known, else every regular one."""
        top = self.name(under)
        known = self._known_files() if self._known_files else None
        inside = sorted({path for path in known or () if _is_below(path, top)})
        return (
            FilesBelow(paths=tuple(inside[:MOST_FENCED_FILES]), cut=len(inside) > MOST_FENCED_FILES)
            if inside
            else self._walk(top)
        )

    def _walk(self, top: str) -> FilesBelow:
        found: list[str] = []
        waiting, seen = deque([top]), 0
        while waiting and len(found) <= MOST_FENCED_FILES and seen <= MOST_FENCED_FILES:
            folder = waiting.popleft()
            seen += 1
            # The folder asked for has to be there; those below it may be closed to us, or git's.
            with suppress(*(() if folder == top else (ToolRefusal, OSError))):
                for name, kind in self.entries(folder):
                    path = name if folder == "." else f"{folder}/{name}"
                    if stat.S_ISDIR(kind.st_mode):
                        waiting.append(path)
                    elif stat.S_ISREG(kind.st_mode):
                        found.append(path)
        return FilesBelow(
            paths=tuple(sorted(found[:MOST_FENCED_FILES])), cut=bool(waiting) or len(found) > MOST_FENCED_FILES
        )

    def _file_parts(self, path: str) -> tuple[str, ...]:
        parts = workspace_parts(path, self._roots)
        if not parts:
            raise ToolRefusal(f"'{shown(path)}' is the workspace itself; name a file in it")
        return parts

    @contextmanager
    def _folder(self, parts: Sequence[str], *, create: bool = False, leaf: str = "") -> Iterator[int]:
        """Yield a descriptor of the folder *parts*; *leaf* is what a writer is about to put into it."""
        folder = os.open(self.root, openat.FOLDER_FLAGS)
        try:
            if _identity(os.fstat(folder)) != self._identity:
                raise ToolRefusal(f"the workspace {self.root} was replaced by another folder since the start")
            for depth, part in enumerate((*parts, leaf)):
                if openat.is_git_folder(folder, part if create or depth == len(parts) else ""):
                    raise ToolRefusal(f"'{shown('/'.join((*parts, leaf)))}': {openat.GIT_IS_OFF_LIMITS}")
                if depth < len(parts):
                    inner = openat.enter(folder, parts[: depth + 1], create=create)
                    os.close(folder)
                    folder = inner
            yield folder
        finally:
            os.close(folder)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _is_below(path: str, top: str) -> bool:
    return (top == "." or path.startswith(f"{top}/")) and not any(names_git(part) for part in path.split("/"))


def names_git(part: str) -> bool:
    """Tell whether some file system takes *part* for `.git`.

    Windows drops trailing dots and blanks, has the short name `git~1` and streams after a colon; HFS+ ignores
    zero-width characters; many fold case. Git itself guards its checkouts against the same list.
    """
    folded = unicodedata.normalize("NFKC", part).casefold()
    visible = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    return visible.split(":")[0].rstrip(" .") in {".git", "git~1"}


def _unencodable(part: str) -> bool:
    return any(unicodedata.category(char) == "Cs" for char in part)


def _controls(part: str) -> bool:
    return any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in part)


_REFUSED: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda part: part == "..", "'..' leaves its folder; name the path from the top of the workspace"),
    (lambda part: part == "~", "'~' is not expanded; name the path from the top of the workspace"),
    (_unencodable, "it is not valid Unicode; file names are UTF-8"),
    (_controls, "names may not hold control characters or line breaks"),
    (lambda part: "\\" in part, "use / between folders"),
    (names_git, openat.GIT_IS_OFF_LIMITS),
    (lambda part: len(part.encode(errors="replace")) > LONGEST_NAME, f"a name is at most {LONGEST_NAME} bytes"),
)


def workspace_parts(path: str, roots: Sequence[str]) -> tuple[str, ...]:
    """Return the parts of *path* below the workspace, `()` for the workspace itself.

    An absolute path is taken only where it lies below one of *roots*, the absolute spellings of the workspace.
    Raises ToolRefusal for every other absolute path and for any part that could lead out or into git's data.
    """
    if len(path) > LONGEST_PATH:
        raise ToolRefusal(f"path {shown(path)}: a path is at most {LONGEST_PATH:,} characters")
    below = _below(path, roots) if path.startswith("/") else path
    parts = tuple(part for part in below.split("/") if part not in {"", "."})
    for part in parts:
        for refused, why in _REFUSED:
            if refused(part):
                raise ToolRefusal(f"path '{shown(path)}': {why}")
    return parts


def _below(path: str, roots: Sequence[str]) -> str:
    for root in roots:
        if path == root or path.startswith(root.rstrip("/") + "/"):
            return path[len(root.rstrip("/")) :]
    raise ToolRefusal(f"path '{shown(path)}': it lies outside the workspace; use a relative path such as src/main.py")
