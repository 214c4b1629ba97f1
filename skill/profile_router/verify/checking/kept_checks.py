"""What checks said before any work, kept for an hour: the tasks of a batch run each check once.

Entries go by files and command. An entry is encrypted with the key of the threads; where no key can be kept, nothing
is. Each entry has one lock, by which the others wait for whoever runs the check.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from profile_router.state.copy_folders import CHECKS_FOLDER
from profile_router.state.folder import private_folder, usable
from profile_router.state.whole_files import PRIVATE_MODE, write_whole
from profile_router.values import frozen

FRESH_S = 3_600.0
_LOOK_S = 0.1  # between two looks at a lock that somebody else holds
_NAME_CHARS = 32
_FORM = "2"  # of an entry: one of another form is not read


class Seals(Protocol):
    """Encrypts words and reads them, each for what it names."""

    def sealed(self, words: Mapping[str, Any], of: str) -> bytes | None:
        """Return *words*, encrypted; None where they cannot be kept."""

    def opened(self, sealed: bytes | None, of: str) -> dict[str, Any] | None:
        """Return the words that were *sealed*, None where they cannot be read."""


@frozen
class KeptChecks:
    """The entries below the state folder *state*; `clock` tells seconds since 1970, as times of files are."""

    state: Path
    seal: Seals
    clock: Callable[[], float]

    def find(self, name: str) -> dict[str, Any] | None:
        """Return the entry *name*, None where none is of this hour."""
        file = self._file(name)
        try:
            if not 0 <= self.clock() - file.stat().st_mtime < FRESH_S:
                return None
            return self.seal.opened(file.read_bytes(), name)
        except OSError:
            return None

    def keep(self, name: str, words: Mapping[str, Any]) -> None:
        """Write the entry *name*, and remove those that are too old. Raises StateError."""
        self._tidy()
        data = self.seal.sealed(words, name)
        if data is not None:
            with usable(self._file(name)):
                write_whole(self._file(name), data)

    @asynccontextmanager
    async def turn(self, name: str, *, seconds: float) -> AsyncIterator[None]:
        """Hold the lock of the entry *name* for the block, or go on without it once *seconds* have passed."""
        place = private_folder(self.state / CHECKS_FOLDER) / f"{name}.lock"
        with usable(place):
            lock = os.open(place, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE_MODE)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while not _locked(lock):
                        await asyncio.sleep(_LOOK_S)
            yield
        finally:
            os.close(lock)

    def _file(self, name: str) -> Path:
        return self.state / CHECKS_FOLDER / name

    def _tidy(self) -> None:
        now = self.clock()
        for old in (self.state / CHECKS_FOLDER).iterdir():
            with suppress(OSError):
                if now - old.stat().st_mtime > FRESH_S:
                    old.unlink()


def entry_name(*parts: str) -> str:
    """Return the name of the entry for what *parts* say: files, command, folder and so on."""
    return hashlib.sha256(json.dumps((_FORM, *parts)).encode()).hexdigest()[:_NAME_CHARS]


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
