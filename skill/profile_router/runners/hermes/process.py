"""Give a child its order, hear its events, and end it with everything that it started."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from profile_router.runners.hermes.started import Child

_CLOSING_SECONDS = 10.0  # a child that has its result may take down a container; what is left then is killed
_LAST_WORDS_SECONDS = 1.0
_KEPT_BYTES = 16_000
_GO = b"+"
# Hears an event of the child, and tells whether the request that it may announce can go out.
Heard = Callable[[Mapping[str, Any]], bool]


@dataclass(slots=True)
class _Wire(asyncio.Protocol):
    """The child's stdout: whole events to `heard`. `reported` is set by its result, `silent` when it has closed it.

    `go` lets a request out that the child has announced. Nothing that the child starts inherits the wire: it closes
    when the child ends.
    """

    heard: Heard
    go: Callable[[], object] = lambda: None
    reported: asyncio.Event = field(default_factory=asyncio.Event)
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    _unfinished: bytearray = field(default_factory=bytearray)

    def data_received(self, data: bytes) -> None:
        self._unfinished += data
        *lines, rest = self._unfinished.split(b"\n")
        self._unfinished = rest
        for line in lines:
            event = json.loads(line)
            may_go = self.heard(event)
            if event["event"] == "asked" and may_go:
                self.go()
            if event["event"] == "result":
                self.reported.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.silent.set()


@dataclass(slots=True)
class _Errors(asyncio.Protocol):
    """The end of the child's stderr."""

    kept: bytearray = field(default_factory=bytearray)
    silent: asyncio.Event = field(default_factory=asyncio.Event)

    def data_received(self, data: bytes) -> None:
        self.kept += data
        del self.kept[:-_KEPT_BYTES]

    def connection_lost(self, exc: Exception | None) -> None:
        self.silent.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child ended: whether in time, its exit code (negative: the signal), and the end of its stderr."""

    in_time: bool
    code: int | None
    errors: str


async def converse(child: Child, order: Mapping[str, Any], seconds: float, heard: Heard) -> Ended:
    """Give *child* its order and at most *seconds*. Each event goes to *heard*, the result among them.

    A request that the child announces goes out when *heard* has agreed to it, and not before.

    However this ends, by return, error or cancellation, the child and all that it started are ended before.
    """
    wire, errors = _Wire(heard), _Errors()
    in_time = True
    async with _connected(child, wire, errors) as leash:
        try:
            async with asyncio.timeout(seconds):
                leash.write(json.dumps(order).encode() + b"\n")  # and the pipe stays open
                wire.go = lambda: leash.write(_GO)
                await _first(wire.reported, wire.silent)
            await _at_most(_CLOSING_SECONDS, wire.silent)
        except TimeoutError:
            in_time = False
        finally:
            code = child.end()
        await _at_most(_LAST_WORDS_SECONDS, errors.silent)
    return Ended(in_time=in_time, code=code, errors=errors.kept.decode("utf-8", "replace"))


@asynccontextmanager
async def _connected(child: Child, wire: _Wire, errors: _Errors) -> AsyncIterator[asyncio.WriteTransport]:
    """Connect the child's pipes to the loop, and give the one to write to."""
    loop, process = asyncio.get_running_loop(), child.process
    told, _ = await loop.connect_read_pipe(lambda: wire, process.stdout)
    said, _ = await loop.connect_read_pipe(lambda: errors, process.stderr)
    leash, _ = await loop.connect_write_pipe(asyncio.Protocol, process.stdin)
    try:
        yield leash
    finally:
        if not leash.is_closing():  # it is, once the child has ended
            leash.abort()
        told.close()
        said.close()


async def _at_most(seconds: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def _first(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
