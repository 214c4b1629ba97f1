"""Let only so many runs of one process be at work at once; the others wait in line, in the order in which they came.

SQLite keeps no queue: of many that write at once, the unlucky ones wait longest. Here each has its turn.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import field

from profile_router.values import mutable

MOST_AT_WORK = 32  # runs of this process


@mutable(kw_only=False)
class WaitingLine:
    """So many `free` places, for tasks of any event loop in any thread of this process."""

    free: int
    _waiting: deque[Future[None]] = field(default_factory=deque)
    _door: threading.Lock = field(default_factory=threading.Lock)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold one place, once it is this task's turn; a task that is cancelled in line has never had one."""
        await self._come()
        try:
            yield
        finally:
            self._leave()

    async def _come(self) -> None:
        with self._door:
            if self.free > 0:
                self.free -= 1
                return
            turn: Future[None] = Future()
            self._waiting.append(turn)
        try:
            await asyncio.wrap_future(turn)
        except BaseException:
            if not turn.cancel():  # its turn came in the same moment: the next one has it
                self._leave()
            raise

    def _leave(self) -> None:
        with self._door:
            while self._waiting:
                turn = self._waiting.popleft()
                if turn.set_running_or_notify_cancel():
                    turn.set_result(None)
                    return
            self.free += 1


line = WaitingLine(MOST_AT_WORK)
