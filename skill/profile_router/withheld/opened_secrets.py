"""Which files with a known secret were opened while something ran, whatever they are called.

Only what was opened is looked into, and afterwards: a whole workspace takes minutes. What may have been changed
meanwhile is looked into before, as far as that is soon done. What nobody looked into, and what was not read to its end,
counts as a secret. Installed packages are not looked into: everybody can have them, and their examples hold made-up
passwords (httpx, pycryptodome).
"""

from __future__ import annotations

import errno
import math
import os
import stat
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from profile_router.core.privacy.taint import Taint
from profile_router.core.text import shown
from profile_router.errors import WorkspaceError
from profile_router.git.command import git
from profile_router.withheld.open_watch import FolderWatch
from profile_router.withheld.whole_scan import ReadBudget, Secrets, Stamp, is_installed, stamp

MOST_FILES_LOOKED_AT = 500_000
MOST_FOLDERS = 50_000  # a user may have some ten thousand watches in all; those of installed packages come last
SMALL_FILE_BYTES = 1024 * 1024  # bytes of a file that is looked into before it is opened
BOUNDS_BEFORE = (16 * 1024 * 1024, 3.0)  # bytes and seconds: of looking before something runs,
AFTER = (1024 * 1024 * 1024, 60.0)  # and at what was opened after it
_GIT_SECONDS = 10.0
_MOMENT = 1.0  # seconds
MEANWHILE = (16 * 1024 * 1024, _MOMENT)  # bytes and seconds: of looking while something runs, which waits for it


class OpenedSecrets:
    """Watches the workspace *root* from its making on. *told* are files, absolute, that others tell of."""

    def __init__(self, root: Path, secrets: Secrets, told: Collection[str] = ()) -> None:
        self._root = os.fspath(root)
        self._secrets = secrets
        self._latest = math.inf
        self._missed = ""
        self._before: dict[str, os.stat_result] = {}
        self._kinds: dict[str, str] = {}
        self._folders: list[str] = []
        self._walk(frozenset(told))
        self._folders.sort(key=is_installed)
        self._look_before()  # before it is watched: we open files ourselves
        self._watch = FolderWatch(self._folders[:MOST_FOLDERS])

    def hurry(self) -> None:
        """Read for no longer than a moment: what was not looked into then counts as unknown."""
        self._latest = min(self._latest, time.monotonic() + _MOMENT)

    def close(self) -> None:
        """End the watch; what was opened is of no interest any more."""
        self._watch.close()

    def taints(self) -> tuple[Taint, ...]:
        """End the watch and return the files with a secret that were opened, or may have been."""
        self._watch.close()
        return (*self._of(self._maybe_opened(), AFTER), *self._unlisted())

    def so_far(self) -> tuple[Taint, ...]:
        """Return the files with a secret that were opened until now, or may have been. What is not read soon counts."""
        return (*self._of(self._maybe_opened(), MEANWHILE), *self._unlisted())

    def all_taints(self) -> tuple[Taint, ...]:
        """End the watch and return the files with a secret: any of them may have been opened."""
        self._watch.close()
        return (*self._of(list(self._before), AFTER), *self._unlisted())

    def _unlisted(self) -> Iterator[Taint]:
        if self._missed:
            yield Taint(path=".", why=f"nobody knows whether a secret in it was read: {self._missed}")

    def _walk(self, told: Collection[str]) -> None:
        """Note each regular file in the workspace, git's data left out, and each folder."""
        waiting = [self._root]
        while waiting:
            folder = waiting.pop()
            installed = is_installed(folder.removeprefix(self._root))
            self._folders.append(folder)
            try:
                with os.scandir(folder) as entries:
                    found = [entry for entry in entries if entry.name.casefold() != ".git"]
            except OSError as error:  # closed to us, and so to what runs for us; or gone
                self._note_depth(error)
                continue
            for entry in found:
                try:
                    facts = entry.stat(follow_symlinks=False)
                except OSError as error:  # gone
                    self._note_depth(error)
                    continue
                if stat.S_ISDIR(facts.st_mode):
                    waiting.append(entry.path)
                elif stat.S_ISREG(facts.st_mode) and entry.path not in told and not installed:
                    self._before[entry.path] = facts
            if len(self._before) + len(waiting) > MOST_FILES_LOOKED_AT:
                self._missed = f"it has more than {MOST_FILES_LOOKED_AT:,} files"
                return

    def _note_depth(self, error: OSError) -> None:
        """Note, of an *error*, that a path was too long for us: a command gets there step by step."""
        if error.errno == errno.ENAMETOOLONG:
            self._missed = "a folder in it lies deeper than a path reaches"

    def _look_before(self) -> None:
        """Look into small files, those of git first: what runs may change them, so that nobody sees what they were."""
        budget = self._budget(BOUNDS_BEFORE)
        small = [path for path, found in self._before.items() if found.st_size <= SMALL_FILE_BYTES]
        tracked = self._tracked()
        for path in sorted(small, key=lambda path: (path not in tracked, self._before[path].st_size)):
            kind = self._secrets.kind_in(path, self._before[path], budget)
            if kind is not None:
                self._kinds[path] = kind

    def _tracked(self) -> frozenset[str]:
        try:
            listed = git(Path(self._root), "ls-files", "-z", timeout_s=_GIT_SECONDS)
        except WorkspaceError:
            return frozenset()
        return frozenset(f"{self._root}/{path}" for path in listed.split("\0"))

    def _maybe_opened(self) -> list[str]:
        """Return the files that were there before and were opened, or of which that is not known."""
        watch = self._watch
        unwatched = {*watch.unwatched, *self._folders[MOST_FOLDERS:]}
        told = watch.look()
        opened = {path for path in told if path in self._before}
        if watch.missed or unwatched:
            opened |= {
                path
                for path in self._before
                if watch.missed or os.path.dirname(path) in unwatched  # noqa: PTH120
            }
        # A file opened by a new name may be an old file that was linked there. Its st_ctime has then changed.
        if watch.made_folders or len(opened) < len(told):
            opened |= {path for path, found in self._before.items() if _stamp_now(path) != stamp(found)}
        return sorted(opened)

    def _of(self, paths: list[str], bounds: tuple[int, float]) -> Iterator[Taint]:
        """Yield those of *paths* that hold a secret, and in one taint those that may."""
        budget = self._budget(bounds)
        unknown: list[str] = []
        for path in sorted(paths, key=lambda path: self._before[path].st_size):
            kind = self._kind(path, budget)
            if kind:
                yield Taint(path=self._name(path), why=f"holds a {kind}")
            elif kind is None:
                unknown.append(path)
        if unknown:
            more = f", nor {len(unknown) - 1:,} more" if len(unknown) > 1 else ""
            yield Taint(path=self._name(unknown[0]), why=f"was not read to its end as it was when it was opened{more}")

    def _kind(self, path: str, budget: ReadBudget) -> str | None:
        """Return the secret that *path* held before; empty: none, None: that is not known."""
        found = self._before[path]
        kind = self._kinds.get(path, self._secrets.known.get(stamp(found)))
        if kind is None and _stamp_now(path) == stamp(found):
            kind = self._secrets.kind_in(path, found, budget)
        return kind

    def _budget(self, bounds: tuple[int, float]) -> ReadBudget:
        return ReadBudget(bytes_left=bounds[0], seconds=bounds[1], given_up=lambda: time.monotonic() > self._latest)

    def _name(self, path: str) -> str:
        return shown(path.removeprefix(f"{self._root}/"))


def _stamp_now(path: str) -> Stamp | None:
    try:
        return stamp(os.lstat(path))
    except OSError:
        return None
