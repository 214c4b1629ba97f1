"""When an answer comes: its first piece, and a stream that does not begin or stops in the middle without a word."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, TypeVar

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import BaseMessage

from profile_router.core.ladder.causes import Cause, detail_of
from profile_router.errors import AttemptError

Answer = TypeVar("Answer")


class Pace(AsyncCallbackHandler):
    """Watches one request at a time: seconds to the first token, and between two. Comments of a stream do not count."""

    def __init__(self, *, where: str, first_s: float, between_s: float) -> None:
        self._where = where
        self._first_s = first_s
        self._between_s = between_s
        self._latest: float | None = None

    async def keep(self, request: Awaitable[Answer]) -> Answer:
        """Return what *request* answers. Raises AttemptError, and ends it, where it is too slow."""
        self._latest, started = None, time.monotonic()
        running = asyncio.ensure_future(request)
        try:
            while not running.done():
                late = (started + self._first_s) if self._latest is None else (self._latest + self._between_s)
                if (left := late - time.monotonic()) <= 0:
                    raise self._late()
                await asyncio.wait({running}, timeout=left)
            return running.result()
        finally:
            if not running.done():
                running.cancel()
                await asyncio.wait({running})

    def _late(self) -> AttemptError:
        cause: Cause = "first-token-timeout" if self._latest is None else "stalled"
        seconds = self._first_s if self._latest is None else self._between_s
        return AttemptError(cause, f"{self._where}: {detail_of(cause, seconds=seconds)}")

    async def on_llm_new_token(self, token: str | list[str | dict[str, Any]], **_: Any) -> None:
        """Note that something came; *token* itself does not matter."""
        self._latest = time.monotonic()


class FirstToken(AsyncCallbackHandler):
    """Notes when the first piece of the first answer came. `seconds` is None until then."""

    def __init__(self) -> None:
        self._asked: float | None = None
        self.seconds: float | None = None

    async def on_chat_model_start(
        self, serialized: dict[str, Any], messages: list[list[BaseMessage]], **_: Any
    ) -> None:
        """Note when the first request began."""
        self._asked = time.monotonic() if self._asked is None else self._asked

    async def on_llm_new_token(self, token: str | list[str | dict[str, Any]], **_: Any) -> None:
        """Note when the first piece came; *token* itself does not matter."""
        if self.seconds is None and self._asked is not None:
            self.seconds = round(time.monotonic() - self._asked, 4)
