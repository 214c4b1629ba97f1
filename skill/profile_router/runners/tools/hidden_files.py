"""Which files look empty to the commands of a model elsewhere: private ones, and those with a known secret.

Files that were not read to their end look empty, too. Those that git ignores count, for a command reads them like any
other.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import field

from profile_router.errors import WorkspaceError
from profile_router.git.left_files import is_in
from profile_router.runners.tools.answer_shape import ToolRefusal
from profile_router.values import frozen, mutable
from profile_router.withheld.survey import Survey
from profile_router.withheld.tree import Tree, tree_of
from profile_router.withheld.whole_scan import ReadBudget, Secrets

READ_BYTES = 2 * 1024 * 1024 * 1024
HIDDEN_FILES_SECONDS = 90.0  # of an attempt; a Python environment of 200 MB takes about 35
MOST_HIDDEN = 1_000  # each is a mount
_MOST_NAMES = 90_000  # characters of their names: the order to the jail is one argument, of 128 KiB at most
_LARGE = 16 * 1024 * 1024  # bytes; such files are read last


@frozen
class Hidden:
    """Absolute paths that look empty. `git_data` is git's, `private` are so by name, those of `secret` hold one.
    `unread` were not read to their end; a folder stands for all in it. `unread_files` counts the files of the
    latter."""

    git_data: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    unread_files: int = 0

    @property
    def paths(self) -> tuple[str, ...]:
        """Return all of them, each once."""
        return tuple(dict.fromkeys((*self.git_data, *self.private, *self.secret, *self.unread)))


@mutable
class HiddenFiles:
    """Finds what is to be hidden in the workspace `root`, anew before each command.

    `survey` tells what is private by name; `globs` are the policy's; `first` are files to read before the others;
    `secrets` is what is looked for in them. `given_up`: nobody waits for the answer any more. `left` are files and
    folders, relative to the root, that are hidden as well.
    """

    root: str
    globs: Sequence[str]
    survey: Callable[[], Survey]
    first: Callable[[], Collection[str]]
    secrets: Secrets
    given_up: Callable[[], bool] = bool
    left: Collection[str] = ()
    _budget: ReadBudget = field(init=False)

    def __post_init__(self) -> None:
        self._budget = ReadBudget(bytes_left=READ_BYTES, seconds=HIDDEN_FILES_SECONDS, given_up=self.given_up)

    def find(self) -> Hidden:
        """Return what is to be hidden. Raises ToolRefusal where that is too much, or cannot be known."""
        tree = walked(self.root, self.globs)
        survey = self.survey()
        if survey.missed:
            raise ToolRefusal(f"what is private in the workspace cannot be told: {survey.missed}; use the file tools")
        left = sorted(path for name in self.left if os.path.lexists(path := f"{self.root}/{name}"))
        named = {f"{self.root}/{file.path}" for file in survey.files}
        left = [path for path in left if not is_in(path, tree.private)]
        private = (
            *tree.private,
            *sorted(path for path in named if path in tree.files and not is_in(path, left)),
            *left,
        )
        secret, unread = self._read(path for path in tree.files if path not in named and not is_in(path, left))
        certain = Hidden(git_data=tree.git_data, private=private, secret=tuple(secret))
        room = MOST_HIDDEN - len(certain.paths), _MOST_NAMES - _characters(certain.paths)
        folded = _folded([*unread, *(f"{self.root}/{folder}" for folder in survey.closed)], self.root, *room)
        if min(room) < 0 or folded is None:
            raise ToolRefusal(
                f"more than {MOST_HIDDEN:,} files are to be kept from a model elsewhere; use the file tools"
            )
        return Hidden(
            git_data=certain.git_data, private=private, secret=certain.secret, unread=folded, unread_files=len(unread)
        )

    def _read(self, paths: Iterator[str]) -> tuple[list[str], list[str]]:
        """Return those of *paths* that hold a secret, and those that were not read to their end."""
        secret: list[str] = []
        unread: list[str] = []
        first = {f"{self.root}/{path}" for path in self.first()}
        stamped = ((path, found) for path in paths if (found := _regular(path)) is not None)
        for path, found in sorted(stamped, key=lambda one: (one[0] not in first, one[1].st_size > _LARGE, one[0])):
            kind = self.secrets.kind_in(path, found, self._budget)
            if kind is None:
                unread.append(path)
            elif kind:
                secret.append(path)
        return secret, unread


def walked(root: str, globs: Sequence[str]) -> Tree:
    """Return what is in *root*, as absolute paths. Raises ToolRefusal where that is more than can be looked at."""
    try:
        return tree_of(root, globs)
    except WorkspaceError as error:
        raise ToolRefusal(str(error)) from None


def _regular(path: str) -> os.stat_result | None:
    try:
        found = os.lstat(path)
    except OSError:  # gone meanwhile
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _characters(paths: Sequence[str]) -> int:
    return sum(len(os.fsencode(path)) + 8 for path in paths)


def _folded(paths: Sequence[str], root: str, most: int, characters: int) -> tuple[str, ...] | None:
    """Return *paths*, folders in place of what is in them where they are too many; None where only *root* is left."""
    hidden = set(paths)
    while hidden and (len(hidden) > most or _characters(tuple(hidden)) > characters):
        deepest = max(path.count("/") for path in hidden)
        hidden = {os.path.dirname(path) if path.count("/") == deepest else path for path in hidden}  # noqa: PTH120
        hidden = {path for path in hidden if not any(above in hidden for above in _around(path, root))}
        if root in hidden:
            return None
    return tuple(sorted(hidden))


def _around(path: str, root: str) -> Iterator[str]:
    while len(path := path.rpartition("/")[0]) > len(root):
        yield path
