"""Processes of this machine that a test started, or that something it started did."""

from __future__ import annotations

import os
import select


def is_gone(pid: int) -> bool:
    """Tell whether the process ends within 10 s: being killed takes a moment on a busy machine."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)
