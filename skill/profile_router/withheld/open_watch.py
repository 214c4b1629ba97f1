"""Which of some files were opened while something ran: inotify(7) of Linux, by inode, without any privilege.

A file is told by what its names lead to, so neither a bind mount, another name nor a rename hides that it is opened.
Where it cannot be watched, that is said: whoever asks must then go on as if it had been opened.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache

OPEN, _DELETED, OVERFLOW, _ONESHOT, FOLDER = 0x20, 0x400, 0x4000, 0x80000000, 0x40000000  # linux/inotify.h
NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC
_EVENT = struct.Struct("iIII")  # watch, mask, cookie, bytes of the name that follows
READ = 1024 * 1024
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})


class OpenWatch:
    """Watches from its making to `close`. *files* are told one by one; of *folders* only that a file in one was opened.

    `opened` are the files that were, `deleted` those of which nothing is left under any name, `inside` tells of the
    folders, and `missed` says what could not be watched, empty where all of it was.
    """

    def __init__(self, files: Iterable[str], folders: Iterable[str] = ()) -> None:
        self.opened: frozenset[str] = frozenset()
        self.deleted: frozenset[str] = frozenset()
        self.inside = False
        self.missed = ""
        # Two queues: what happens in busy folders must not push out what is told of a file, which is told once.
        self._files, self._names = self._queue(files, OPEN | _DELETED | _ONESHOT)
        self._folders, _ = self._queue(folders, OPEN)

    def overlook_folders(self) -> None:
        """Take what was opened in the folders until now as not opened."""
        for _ in self._events(self._folders):
            pass

    def close(self) -> None:
        """End the watch and tell what was opened."""
        told = tuple(self._events(self._files))
        self.opened, self.deleted = self._called(told, OPEN), self._called(told, _DELETED)
        self.inside = any(not mask & FOLDER for _, mask in self._events(self._folders))
        for handle in (self._files, self._folders):
            if handle is not None:
                with suppress(OSError):
                    os.close(handle)
        self._files = self._folders = None

    def _called(self, told: Iterable[tuple[int, int]], what: int) -> frozenset[str]:
        return frozenset(path for watch, mask in told if mask & what for path in self._names.get(watch, ()))

    def _queue(self, paths: Iterable[str], mask: int) -> tuple[int | None, dict[int, list[str]]]:
        names: dict[int, list[str]] = {}
        handle: int | None = None
        for path in paths:
            if handle is None and (handle := self._made()) is None:
                break
            watch = libc().inotify_add_watch(handle, os.fsencode(path), ctypes.c_uint32(mask))
            if watch >= 0:
                names.setdefault(watch, []).append(path)
            elif (error := ctypes.get_errno()) not in _GONE:
                self.missed = self.missed or f"it cannot be watched: {os.strerror(error).lower()}"
        return handle, names

    def _made(self) -> int | None:
        handle = made()
        if isinstance(handle, str):
            self.missed = handle
            return None
        return handle

    def _events(self, handle: int | None) -> Iterator[tuple[int, int]]:
        """Yield watch and mask of each time that something was opened, or deleted."""
        while handle is not None:
            try:
                data = os.read(handle, READ)
            except OSError:  # nothing more is there
                return
            for watch, mask, _ in told_in(data):
                if mask & OVERFLOW:
                    self.missed = self.missed or "more was opened than could be told"
                elif mask & (OPEN | _DELETED):
                    yield watch, mask


def told_in(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield watch, mask and name of each event in *data*, which a queue gave; the watched itself has no name."""
    at = 0
    while at < len(data):
        watch, mask, _, size = _EVENT.unpack_from(data, at)
        at += _EVENT.size + size
        yield watch, mask, data[at - size : at].rstrip(b"\0")


def made() -> int | str:
    """Return a queue of inotify's, or why there is none."""
    if not sys.platform.startswith("linux"):
        return f"files are watched with Linux' inotify, and this is {sys.platform}"
    handle: int = libc().inotify_init1(NONBLOCK_CLOEXEC)
    return handle if handle >= 0 else f"files cannot be watched: {os.strerror(ctypes.get_errno()).lower()}"


@cache
def libc() -> ctypes.CDLL:
    """Return the C library of this process."""
    return ctypes.CDLL(None, use_errno=True)
