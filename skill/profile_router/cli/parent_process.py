"""End this process, and what it started, when its parent is gone: stdin is the parent pipe, which then closes."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

_GRACE_SECONDS = 10.0
_LONGEST_LINE = 65_536


def hold(heard: Callable[[bytes], None] | None = None) -> None:
    """Watch stdin from now on. When it closes, end as Ctrl-C does; what has not ended 10 s later is killed.

    Lines that still come go to *heard*, in another thread. Call it from the main thread, with all of stdin read that
    was meant to be read.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit it as ignored
    threading.Thread(target=_watch, args=(heard,), daemon=True).start()


def _watch(heard: Callable[[bytes], None] | None) -> None:
    unfinished = b""
    while data := os.read(0, 4096):
        *lines, unfinished = (unfinished + data).split(b"\n")
        unfinished = unfinished[-_LONGEST_LINE:]
        if heard is not None:
            for line in lines:
                heard(line)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(_GRACE_SECONDS)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(130)
