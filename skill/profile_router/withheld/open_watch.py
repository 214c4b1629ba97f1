"""Which files were opened while something ran: inotify(7) of Linux, without any privilege.

`OpenWatch` watches some files by what their names lead to. No bind mount, other name or rename hides that one is
opened. `FolderWatch` watches folders, and tells the names that were opened in them. What cannot be watched is
said: whoever asks must then go on as if it had been opened.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache

# linux/inotify.h
_OPEN, _MOVED_FROM, _CREATED, _DELETED = 0x20, 0x40, 0x100, 0x400
_OVERFLOW, _ONLY_FOLDERS, _NO_LINKS, _FOLDER, _ONESHOT = 0x4000, 0x01000000, 0x02000000, 0x40000000, 0x80000000
_EVENT = struct.Struct("iIII")  # watch, mask, cookie, bytes of the name that follows
_READ = 1024 * 1024
_TOO_MUCH = "more was opened than could be told"
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})


class OpenWatch:
    """Watches from its making to `close`. *files* are told one by one; of *folders* only that a file in one was opened.

    `opened` are the files that were opened. `deleted` are those of which nothing is left under any name. `inside` tells
    whether a file in a folder was opened. `missed` says what could not be watched, and is empty where all of it was.
    """

    def __init__(self, files: Iterable[str], folders: Iterable[str] = ()) -> None:
        self.opened: frozenset[str] = frozenset()
        self.deleted: frozenset[str] = frozenset()
        self.inside = False
        self.missed = ""
        # Two queues: a file's event comes once, and the events of busy folders must not push it out.
        self._files, self._names = self._watched(files, _OPEN | _DELETED | _ONESHOT)
        self._folders, _ = self._watched(folders, _OPEN)

    def overlook_folders(self) -> None:
        """Take what was opened in the folders since it was last looked at as not opened."""
        for _ in self._events(self._folders):
            pass

    def look(self) -> None:
        """Tell what was opened until now."""
        told = tuple(self._events(self._files))
        self.opened |= self._called(told, _OPEN)
        self.deleted |= self._called(told, _DELETED)
        inside = [not mask & _FOLDER for _, mask in self._events(self._folders)]
        self.inside = self.inside or any(inside)

    def close(self) -> None:
        """End the watch and tell what was opened."""
        self.look()
        for handle in (self._files, self._folders):
            if handle is not None:
                with suppress(OSError):
                    os.close(handle)
        self._files = self._folders = None

    def _called(self, told: Iterable[tuple[int, int]], what: int) -> frozenset[str]:
        return frozenset(path for watch, mask in told if mask & what for path in self._names.get(watch, ()))

    def _watched(self, paths: Iterable[str], mask: int) -> tuple[int | None, dict[int, list[str]]]:
        names: dict[int, list[str]] = {}
        handle: int | None = None
        for path in paths:
            if handle is None:
                queue = _queue()
                if isinstance(queue, str):
                    self.missed = queue
                    break
                handle = queue
            watch = _add(handle, path, mask)
            if watch >= 0:
                names.setdefault(watch, []).append(path)
            elif (error := ctypes.get_errno()) not in _GONE:
                self.missed = self.missed or f"it cannot be watched: {os.strerror(error).lower()}"
        return handle, names

    def _events(self, handle: int | None) -> Iterator[tuple[int, int]]:
        """Yield watch and mask of each time that something was opened, or deleted."""
        while handle is not None:
            try:
                data = os.read(handle, _READ)
            except OSError:  # nothing more is there
                return
            for watch, mask, _ in _told_in(data):
                if mask & _OVERFLOW:
                    self.missed = self.missed or _TOO_MUCH
                elif mask & (_OPEN | _DELETED):
                    yield watch, mask


class FolderWatch:
    """Watches *folders*, absolute paths, from its making to `close`. Then what it tells does not change any more.

    `opened` are the paths of the files that were opened or moved away. `made_folders`: there are new folders, and
    what was opened in those is not known. `unwatched` are the folders that could not be watched. `missed` says why
    any file may have been opened, empty where not.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        self.opened: set[str] = set()
        self.made_folders = False
        self.unwatched: list[str] = []
        self.missed = ""
        self._names: dict[int, str] = {}
        self._taking = threading.Lock()
        self._thread: threading.Thread | None = None
        handle = _queue()
        if isinstance(handle, str):
            self.missed = handle
            return
        self._handle = handle
        for folder in folders:
            watch = _add(handle, folder, _OPEN | _MOVED_FROM | _CREATED | _ONLY_FOLDERS | _NO_LINKS)
            if watch >= 0:
                self._names[watch] = folder
            else:
                self.unwatched.append(folder)
        self._until, self._end = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def look(self) -> frozenset[str]:
        """Return what was opened until now."""
        if self._thread is not None:
            self._take()
        with self._taking:
            return frozenset(self.opened)

    def close(self) -> None:
        """End the watch."""
        if self._thread is None:
            return
        os.close(self._end)
        self._thread.join()
        self._thread = None
        self._take()
        os.close(self._until)
        os.close(self._handle)

    def _listen(self) -> None:
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        poll.register(self._until, select.POLLIN)
        while self._until not in {handle for handle, _ in poll.poll()}:
            self._take()

    def _take(self) -> None:
        """Take all that is there."""
        with self._taking, suppress(BlockingIOError):
            while data := os.read(self._handle, _READ):
                self._note(data)

    def _note(self, data: bytes) -> None:
        for watch, mask, name in _told_in(data):
            if mask & _OVERFLOW:
                self.missed = _TOO_MUCH
            elif mask & _FOLDER:
                self.made_folders = self.made_folders or bool(mask & _CREATED)
            elif name and mask & (_OPEN | _MOVED_FROM):
                self.opened.add(f"{self._names[watch]}/{os.fsdecode(name)}")


def _told_in(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield watch, mask and name of each event in *data*, which a queue gave; the watched itself has no name."""
    at = 0
    while at < len(data):
        watch, mask, _, size = _EVENT.unpack_from(data, at)
        at += _EVENT.size + size
        yield watch, mask, data[at - size : at].rstrip(b"\0")


def _queue() -> int | str:
    """Return a queue of inotify's, or why there is none."""
    if not sys.platform.startswith("linux"):
        return f"files are watched with Linux' inotify, and this is {sys.platform}"
    handle: int = c_library().inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    return handle if handle >= 0 else f"files cannot be watched: {os.strerror(ctypes.get_errno()).lower()}"


def _add(queue: int, path: str, mask: int) -> int:
    """Let *queue* watch *path* for *mask*; return the watch, less than 0 where that fails."""
    watch: int = c_library().inotify_add_watch(queue, os.fsencode(path), ctypes.c_uint32(mask))
    return watch


@cache
def c_library() -> ctypes.CDLL:
    """Return the C library of this process."""
    return ctypes.CDLL(None, use_errno=True)
