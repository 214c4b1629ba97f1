"""SIGTERM and SIGHUP end this process as Ctrl-C does: `kill`, `timeout`, systemd and a closed terminal send them.

What Ctrl-C ends and keeps, they end and keep. The exit code tells them apart, as a shell has it: 128 + the signal.
"""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SignalHandler = Callable[[int, FrameType | None], object]

ENDINGS = (signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130  # the exit code after Ctrl-C, as a shell has it
# Whoever ends us often says so twice. `timeout` tells us and our group, a terminal and its shell do both, and a person
# presses Ctrl-C twice. What has not ended by then is told again.
_PATIENCE_S = 8.0
_told: list[int] = []
_instead: list[SignalHandler] = []


def take_end_signals() -> None:
    """Have SIGTERM and SIGHUP end this process as Ctrl-C does. One that is ignored, as `nohup` has it, stays so."""
    heard = once(_heard)
    for number in ENDINGS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, heard)


def once(inner: SignalHandler) -> SignalHandler:
    """Return what hands the first signal to *inner*; others within 8 s are the same one."""
    first: list[float] = []

    def heard(number: int, frame: FrameType | None) -> None:
        if not first or time.monotonic() - first[-1] > _PATIENCE_S:
            first.append(time.monotonic())
            inner(number, frame)

    return heard


@contextmanager
def ended_by(handler: SignalHandler) -> Iterator[None]:
    """Let SIGTERM and SIGHUP call *handler* meanwhile, in the place of what handles Ctrl-C."""
    _instead.append(handler)
    try:
        yield
    finally:
        _instead.remove(handler)


def note_end(number: int) -> None:
    """Note that the signal *number* is to end this process."""
    if number in ENDINGS:
        _told.append(number)


def told_to_end() -> str:
    """Return the name of the signal by which this process was told to end; empty where it was not, or by Ctrl-C."""
    return signal.Signals(_told[0]).name if _told else ""


def interrupted_code() -> int:
    """Return the exit code of a process that was interrupted: 130 by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP."""
    return 128 + _told[0] if _told else INTERRUPTED


def _heard(number: int, frame: FrameType | None) -> None:
    note_end(number)
    if number == signal.SIGHUP:
        _leave_the_terminal()
    handler = _instead[-1] if _instead else signal.getsignal(signal.SIGINT)
    if not callable(handler):  # a shell's background jobs inherit Ctrl-C as ignored
        raise KeyboardInterrupt
    handler(signal.SIGINT, frame)


def _leave_the_terminal() -> None:
    """Let what is said from now on be lost where the terminal is gone: to write there is an error."""
    for stream in (1, 2):
        with suppress(OSError):
            if stat.S_ISCHR(os.fstat(stream).st_mode) and not os.isatty(stream):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
