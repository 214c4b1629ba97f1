"""What looks empty to the commands of a model elsewhere: private files, files with a known secret, and files that were
not read to their end. Those that git ignores count, for a command reads them like any other."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Collection, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field

from profile_router.adapters.embedded.paths import ToolRefusal
from profile_router.adapters.private_survey import INSTALLED, MOST_ENTRIES, Survey
from profile_router.adapters.whole_scan import EndNotReached, ReadBudget, secret_in
from profile_router.core.policy import NOTHING, Confidential
from profile_router.core.privacy import private_glob

READ_BYTES = 2 * 1024 * 1024 * 1024
READ_SECONDS = 90.0  # of an attempt; a Python environment of 200 MB takes about 35
MOST_HIDDEN = 1_000  # each is a mount
_MOST_NAMES = 90_000  # characters of their names: the order to the jail is one argument, of 128 KiB at most
_LARGE = 16 * 1024 * 1024  # bytes; such files are read last
_JUST_NOW = 0.1  # seconds; the clock of a file system may stand still for a part of that

Stamp = tuple[int, int, int, int, int]  # st_dev, st_ino, st_mtime_ns, st_ctime_ns, st_size
Known = MutableMapping[Stamp, str]  # the secret that such a file holds, empty where it is clear


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """Absolute paths that look empty: `git_data`, `private` by name, those with a `secret`, and `unread` ones, folders
    for all in them. `unread_files` counts the latter."""

    git_data: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    unread_files: int = 0

    @property
    def paths(self) -> tuple[str, ...]:
        """Return all of them, each once."""
        return tuple(dict.fromkeys((*self.git_data, *self.private, *self.secret, *self.unread)))


@dataclass(slots=True, kw_only=True)
class HiddenFiles:
    """Finds what is to be hidden in the workspace `root`, anew before each command.

    `survey` tells what is private by name; `globs` are the policy's; `first` are files to read before the others;
    `known` is what is known of files that have not changed since. `over`: nobody waits for the answer any more.
    `confidential` is what the policy calls private in texts.
    """

    root: str
    globs: Sequence[str]
    survey: Callable[[], Survey]
    first: Callable[[], Collection[str]]
    known: Known
    over: Callable[[], bool] = bool
    confidential: Confidential = NOTHING
    _budget: ReadBudget = field(init=False)

    def __post_init__(self) -> None:
        self._budget = ReadBudget(left=READ_BYTES, seconds=READ_SECONDS, over=self.over)

    def find(self) -> Hidden:
        """Return what is to be hidden. Raises ToolRefusal where that is too much, or cannot be known."""
        tree = walked(self.root, self.globs)
        survey = self.survey()
        if not survey.complete and not survey.closed:
            raise ToolRefusal(f"what is private in the workspace cannot be told: {survey.why}; use the file tools")
        named = {f"{self.root}/{file.path}" for file in survey.files}
        private = (*tree.private, *sorted(path for path in named if path in tree.files))
        secret, unread = self._read(path for path in tree.files if path not in named)
        kept = Hidden(git_data=tree.git_data, private=private, secret=tuple(secret))
        room = MOST_HIDDEN - len(kept.paths), _MOST_NAMES - _characters(kept.paths)
        folded = _folded([*unread, *(f"{self.root}/{folder}" for folder in survey.closed)], self.root, *room)
        if min(room) < 0 or folded is None:
            raise ToolRefusal(
                f"more than {MOST_HIDDEN:,} files are to be kept from a model elsewhere; use the file tools"
            )
        return Hidden(
            git_data=kept.git_data, private=private, secret=kept.secret, unread=folded, unread_files=len(unread)
        )

    def _read(self, paths: Iterator[str]) -> tuple[list[str], list[str]]:
        """Return those of *paths* that hold a secret, and those that were not read to their end."""
        secret: list[str] = []
        unread: list[str] = []
        first = {f"{self.root}/{path}" for path in self.first()}
        stamped = ((path, found) for path in paths if (found := _regular(path)) is not None)
        for path, found in sorted(stamped, key=lambda one: (one[0] not in first, one[1].st_size > _LARGE, one[0])):
            kind = self.known.get(_stamp(found))
            if kind is None:
                kind = self._look(path, found)
            if kind is None:
                unread.append(path)
            elif kind:
                secret.append(path)
        return secret, unread

    def _look(self, path: str, found: os.stat_result) -> str | None:
        """Return the secret that *path* holds, empty where it is clear, None where it was not read to its end."""
        if not found.st_size and found.st_blocks == 0:
            return ""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as file:
                before = os.fstat(handle)
                kind = secret_in(
                    file, self._budget, self.confidential, bare_heads=INSTALLED.isdisjoint(path.split("/"))
                )
                if _stamp(before) != _stamp(os.fstat(handle)):
                    return kind or None
        except FileNotFoundError:
            return ""
        except (EndNotReached, OSError):
            return None
        if time.time() - before.st_ctime > _JUST_NOW:
            self.known[_stamp(before)] = kind
        return kind


@dataclass(frozen=True, slots=True)
class Tree:
    """What is in a workspace: git's own data, folders that are private as a whole, and the other files."""

    git_data: tuple[str, ...]
    private: tuple[str, ...]
    files: frozenset[str]


def walked(root: str, globs: Sequence[str]) -> Tree:
    """Return what is in *root*, as absolute paths. Raises ToolRefusal where that is more than MOST_ENTRIES."""
    git_data: list[str] = []
    private: list[str] = []
    files: list[str] = []
    seen = 0
    for folder, folders, names in os.walk(root):
        seen += len(folders) + len(names)
        if seen > MOST_ENTRIES:
            raise ToolRefusal(f"the workspace has more than {MOST_ENTRIES:,} files; commands are not run in such")
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


def _regular(path: str) -> os.stat_result | None:
    try:
        found = os.lstat(path)
    except OSError:  # gone meanwhile
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def _characters(paths: Sequence[str]) -> int:
    return sum(len(os.fsencode(path)) + 8 for path in paths)


def _folded(paths: Sequence[str], root: str, most: int, characters: int) -> tuple[str, ...] | None:
    """Return *paths*, folders in place of what is in them where they are too many; None where only *root* is left."""
    kept = set(paths)
    while kept and (len(kept) > most or _characters(tuple(kept)) > characters):
        deepest = max(path.count("/") for path in kept)
        kept = {os.path.dirname(path) if path.count("/") == deepest else path for path in kept}  # noqa: PTH120
        kept = {path for path in kept if not any(above in kept for above in _around(path, root))}
        if root in kept:
            return None
    return tuple(sorted(kept))


def _around(path: str, root: str) -> Iterator[str]:
    while len(path := path.rpartition("/")[0]) > len(root):
        yield path
