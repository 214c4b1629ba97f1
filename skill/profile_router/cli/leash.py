"""End this process, and what it started, when whoever started it is gone: stdin is the leash."""

from __future__ import annotations

import os
import signal
import threading
import time

_GRACE_SECONDS = 10.0


def hold() -> None:
    """Watch stdin from now on. When it closes, end as Ctrl-C does; what has not ended 10 s later is killed.

    Call it from the main thread, with all of stdin read that was meant to be read.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit it as ignored
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(_GRACE_SECONDS)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(130)
