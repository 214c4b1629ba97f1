"""End this process without taking apart what it loaded. That takes 5 ms, and the system takes all of it back."""

from __future__ import annotations

import atexit
import os
import sys
from typing import NoReturn


def end_process(code: int) -> NoReturn:
    """End this process with *code*, when what it printed is written out.

    Where anything waits for the end, Python ends it in its own way: by SystemExit.
    """
    if not _is_waited_for():
        try:
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
        except (OSError, ValueError):  # its reader has left, or it is closed: Python has its own way to say so
            raise SystemExit(code) from None
        os._exit(code)
    raise SystemExit(code)


def _is_waited_for() -> bool:
    """Tell whether a thread is at work, something is to be called, or a prompt or a profiler looks on."""
    threading = sys.modules.get("threading")
    others = threading is not None and threading.active_count() > 1
    registered = getattr(atexit, "_ncallbacks", lambda: 1)()  # CPython's own count; without one, something may be
    prompt = sys.flags.interactive or sys.flags.inspect  # PYTHONINSPECT sets the second alone
    return bool(others or registered or prompt or sys.getprofile() or sys.gettrace())
