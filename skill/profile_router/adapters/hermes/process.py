"""Start a child, give it its order, hear its events, and end it with everything that it started."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from profile_router.adapters.hermes.family import MARK, end_family

CHILD = Path(__file__).with_name("child.py")
_CLOSING_SECONDS = 10.0  # a child that has its result may take down a container; what is left then is killed
_KEPT_BYTES = 16_000
Heard = Callable[[Mapping[str, Any]], None]


@dataclass(slots=True)
class _Line(asyncio.SubprocessProtocol):
    """The line to one child: whole events to `heard`, the end of its stderr kept.

    `silent` is set when nothing more can come on its wire, `ended` when it has exited.
    """

    heard: Heard
    errors: bytearray = field(default_factory=bytearray)
    reported: asyncio.Event = field(default_factory=asyncio.Event)
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    _unfinished: bytearray = field(default_factory=bytearray)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self.errors += data
            del self.errors[:-_KEPT_BYTES]
            return
        self._unfinished += data
        *lines, rest = self._unfinished.split(b"\n")
        self._unfinished = rest
        for line in lines:
            event = json.loads(line)
            self.heard(event)
            if event["event"] == "result":
                self.reported.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self.silent.set()

    def process_exited(self) -> None:
        self.ended.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child ended: whether in time, its exit code (negative: the signal), and the end of its stderr."""

    in_time: bool
    code: int | None
    errors: str


async def converse(
    python: Path, order: Mapping[str, Any], environ: Mapping[str, str], folder: Path, seconds: float, heard: Heard
) -> Ended:
    """Run a child of *python* in *folder* for at most *seconds*. Each event goes to *heard*, the result among them.

    *environ* is all it gets, and carries its mark. However this ends, by return, error or cancellation, the child and
    all that it started are ended before. Raises OSError where *python* cannot be started.
    """
    transport, line = await asyncio.get_running_loop().subprocess_exec(
        lambda: _Line(heard),
        str(python),
        "-P",  # this package's folder is not Hermes' to import from
        str(CHILD),
        cwd=folder,
        env=dict(environ),
        start_new_session=True,
    )
    in_time = True
    try:
        async with asyncio.timeout(seconds):
            _give(transport, order)
            await _first(line.reported, line.silent)
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                await line.ended.wait()
    except TimeoutError:
        in_time = False
    finally:
        running = transport.get_returncode() is None
        end_family(environ[MARK], transport.get_pid() if running else None)
        await line.ended.wait()
        transport.close()
    errors = line.errors.decode("utf-8", "replace")
    return Ended(in_time=in_time, code=transport.get_returncode(), errors=errors)


def _give(transport: asyncio.SubprocessTransport, order: Mapping[str, Any]) -> None:
    """Write the order and leave the pipe open: it is the leash."""
    pipe = transport.get_pipe_transport(0)
    if isinstance(pipe, asyncio.WriteTransport):
        pipe.write(json.dumps(order).encode() + b"\n")


async def _first(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
