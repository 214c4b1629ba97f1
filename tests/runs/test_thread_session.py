"""What keeps the threads is opened and closed whole, whenever a Ctrl-C comes."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from profile_router.runs.thread_session import checkpoints


def ask_to_end(moment: str, at: str) -> None:
    """Cancel this task where *moment* is *at*, as Ctrl-C does: *twice* is a second Ctrl-C, a moment later."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    if moment == at:
        task.cancel()
    if moment == f"{at} twice":
        loop.call_soon(task.cancel)
        loop.call_soon(lambda: loop.call_soon(task.cancel))


@pytest.mark.parametrize("moment", ["opening", "opening twice", "in use", "closing", "closing twice"])
def test_a_ctrl_c_is_told_by_no_thread_of_the_database(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call of the database lasts until the loop had the time to end."""
    complaints: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", complaints.append)
    released = threading.Event()
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    class Slow(sqlite3.Connection):
        def close(self) -> None:
            released.wait()
            super().close()

    def slowly(path: str, **settings: Any) -> sqlite3.Connection:
        if threading.current_thread() is threading.main_thread():
            return connect(path, **settings)
        if "opening" in moment:
            released.wait()
        return connect(path, **settings, factory=Slow)

    async def interrupted() -> None:
        asyncio.get_running_loop().call_later(0.05, released.set)
        ask_to_end(moment, "opening")
        async with checkpoints(tmp_path, os.environ):
            ask_to_end(moment, "in use")
            await asyncio.sleep(0)
            ask_to_end(moment, "closing")

    monkeypatch.setattr(sqlite3, "connect", slowly)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupted())
    released.set()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and "connection_worker" in thread.name:
            thread.join()
    assert complaints == []
