"""When an answer comes: its first piece, and a stream that never begins or stops midway without a word."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, TypeVar

from langchain_core.callbacks import AsyncCallbackHandler

from profile_router.core.ladder.causes import Cause, detail_of
from profile_router.core.policy import Limits
from profile_router.errors import AttemptError

_Answer = TypeVar("_Answer")


class StreamClock(AsyncCallbackHandler):
    """Watches one request at a time: seconds to the first token, and between two. Comments of a stream do not count.

    `first_s` is how many seconds the first token of all requests took, None until it comes.
    """

    def __init__(self, where: str, limits: Limits) -> None:
        self.first_s: float | None = None
        self._where = where
        self._limits = limits
        self._started = 0.0
        self._latest: float | None = None
        self._first: float | None = None

    @property
    def writing_s(self) -> float:
        """Return the seconds from the first to the last piece of the last answer, 0 where it came at once."""
        return 0.0 if self._first is None or self._latest is None else self._latest - self._first

    async def keep(self, request: Awaitable[_Answer]) -> _Answer:
        """Return what *request* answers. Raises AttemptError, and ends it, where it is too slow."""
        self._latest, self._first, self._started = None, None, time.monotonic()
        running = asyncio.ensure_future(request)
        try:
            while not running.done():
                if (left := self._seconds_left()) <= 0:
                    raise self._late()
                # The first token may come during this wait: from then on the shorter limit between two counts.
                await asyncio.wait({running}, timeout=min(left, self._limits.between_tokens_seconds))
            return running.result()
        finally:
            if not running.done():
                running.cancel()
                await asyncio.wait({running})

    def _seconds_left(self) -> float:
        now = time.monotonic()
        if self._latest is None:
            return self._started + self._limits.first_token_seconds - now
        return self._latest + self._limits.between_tokens_seconds - now

    def _late(self) -> AttemptError:
        cause: Cause = "first-token-timeout" if self._latest is None else "stalled"
        seconds = self._limits.first_token_seconds if self._latest is None else self._limits.between_tokens_seconds
        return AttemptError(cause, f"{self._where}: {detail_of(cause, seconds=seconds)}")

    async def on_llm_new_token(self, token: str | list[str | dict[str, Any]], **_: Any) -> None:
        """Note that something came; *token* itself does not matter."""
        self._latest = time.monotonic()
        if self._first is None:
            self._first = self._latest
        if self.first_s is None:
            self.first_s = self._latest - self._started
