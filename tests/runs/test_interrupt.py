"""A Ctrl-C ends a run once: a second one, or a caller that closes stdin, breaks no tidying off."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from profile_router.machine import end_signals
from profile_router.runs.interrupt import one_interrupt


def interrupted(more: int) -> list[str]:
    """Return what came of a task that tidies off when a Ctrl-C comes, and *more* of them meanwhile."""
    happened: list[str] = []

    async def task() -> None:
        with one_interrupt():
            try:
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.Event().wait()
            finally:
                for _ in range(more):
                    os.kill(os.getpid(), signal.SIGINT)
                    await asyncio.sleep(0)
                happened.append("tidied")

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(task())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    return happened


@pytest.mark.parametrize("more", [0, 1, 2])
def test_what_is_tidied_off_is_so_whole_however_often_ctrl_c_comes(more: int) -> None:
    assert interrupted(more) == ["tidied"]


def test_one_that_comes_long_after_the_first_breaks_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(end_signals, "_PATIENCE_S", 0.0)
    assert interrupted(1) == []


def test_outside_of_the_main_thread_no_signal_is_taken() -> None:
    async def task() -> str:
        with one_interrupt():
            return "done"

    async def in_a_thread() -> str:
        return await asyncio.to_thread(lambda: asyncio.run(task()))

    before = signal.getsignal(signal.SIGINT)
    assert asyncio.run(in_a_thread()) == "done"
    assert signal.getsignal(signal.SIGINT) is before
