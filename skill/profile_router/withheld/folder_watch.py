"""Which files were opened by their names in some folders while something ran: inotify(7) of Linux.

A thread reads what the kernel tells: its queue is short, and a search through a tree opens thousands of files.
"""

from __future__ import annotations

import ctypes
import os
import select
import threading
from collections.abc import Sequence
from contextlib import suppress

from profile_router.withheld.open_watch import FOLDER, OPEN, OVERFLOW, READ, libc, made, told_in

_MOVED_FROM, _CREATED, _ONLY_FOLDERS, _NO_LINKS = 0x40, 0x100, 0x01000000, 0x02000000  # linux/inotify.h


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
        self._thread: threading.Thread | None = None
        handle = made()
        if isinstance(handle, str):
            self.missed = handle
            return
        self._handle = handle
        wanted = ctypes.c_uint32(OPEN | _MOVED_FROM | _CREATED | _ONLY_FOLDERS | _NO_LINKS)
        for folder in folders:
            watch = libc().inotify_add_watch(handle, os.fsencode(folder), wanted)
            if watch >= 0:
                self._names[watch] = folder
            else:
                self.unwatched.append(folder)
        self._until, self._end = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

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
        with suppress(BlockingIOError):
            while data := os.read(self._handle, READ):
                self._note(data)

    def _note(self, data: bytes) -> None:
        for watch, mask, name in told_in(data):
            if mask & OVERFLOW:
                self.missed = "more was opened than could be told"
            elif mask & FOLDER:
                self.made_folders = self.made_folders or bool(mask & _CREATED)
            elif name and mask & (OPEN | _MOVED_FROM):
                self.opened.add(f"{self._names[watch]}/{os.fsdecode(name)}")
