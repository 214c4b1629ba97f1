"""A Ctrl-C ends a run once, and quietly: what comes meanwhile, such as a second one, breaks no tidying off."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from profile_router.machine.end_signals import SignalHandler, ended_by, once


@contextmanager
def one_interrupt() -> Iterator[None]:
    """Take for this task Ctrl-C, and what ends this process as it does.

    The first cancels the task, and others within 8 s are the same one. Asyncio breaks the loop off by a second, in the
    midst of what the first made us tidy up. Once cancelled, it is silenced: it would report callbacks of a loop that
    is torn down. Where Ctrl-C is ignored, it stays so.
    """
    _quiet_once_cancelled()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    inner = signal.getsignal(signal.SIGINT)
    if not callable(inner):
        with ended_by(once(_cancels())):
            yield
        return
    signal.signal(signal.SIGINT, heard := once(inner))
    try:
        with ended_by(heard):
            yield
    finally:
        signal.signal(signal.SIGINT, inner)


def _cancels() -> SignalHandler:
    """Return what cancels this task."""
    main, loop = asyncio.current_task(), asyncio.get_running_loop()

    def cancel(_number: int, _frame: FrameType | None) -> None:
        if main is not None:
            loop.call_soon_threadsafe(main.cancel)

    return cancel


def _quiet_once_cancelled() -> None:
    main = asyncio.current_task()

    def report(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        if main is None or not main.cancelling():
            loop.default_exception_handler(context)

    asyncio.get_running_loop().set_exception_handler(report)
