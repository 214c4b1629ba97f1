"""A Ctrl-C ends a run once, and quietly: what comes meanwhile, such as a second one, breaks no tidying off."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Whoever calls us sends a signal and closes stdin, which is a Ctrl-C too; a person presses twice. What has not ended
# by then is told again.
_PATIENCE_S = 8.0


@contextmanager
def one_interrupt() -> Iterator[None]:
    """Take Ctrl-C for this task: the first cancels it, others within 8 s are the same one.

    Asyncio breaks the loop off by a second, in the midst of what the first made us tidy up. Once cancelled, it is kept
    quiet: it would report callbacks of a loop that is torn down.
    """
    _quiet_once_cancelled()
    inner = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(inner):
        yield
        return
    first: list[float] = []

    def heard(number: int, frame: FrameType | None) -> None:
        if not first or time.monotonic() - first[0] > _PATIENCE_S:
            first.append(time.monotonic())
            inner(number, frame)

    signal.signal(signal.SIGINT, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, inner)


def _quiet_once_cancelled() -> None:
    main = asyncio.current_task()

    def report(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        if main is None or not main.cancelling():
            loop.default_exception_handler(context)

    asyncio.get_running_loop().set_exception_handler(report)
