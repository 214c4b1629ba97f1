"""Run one command, bounded in time and output, in a process group that is ended with it. Cancelling ends it too."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from profile_router.expressions import expression
from profile_router.values import frozen

_SECRET_NAME = expression(r"(?i)((^|_)(key|token)s?($|_)|api_?key|secret|passw(or)?d|passphrase|credential)")
_DRAIN_SECONDS = 1.0


@frozen
class ProcessEnd:
    """How a command ended: its exit code (a signal is negative), or what it was ended for. Seconds of wall clock.

    `output` is stdout and stderr as they came: all of it, or the last bytes that were to be kept.
    """

    exit_code: int | None
    ended_for: Literal["", "time", "output"]
    output: bytes
    seconds: float


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Return *environ* without the variables whose names say that they hold a secret."""
    return {name: value for name, value in environ.items() if not _SECRET_NAME.search(name)}


async def run_bounded(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, seconds: float, kept: int, flood: bool
) -> ProcessEnd:
    """Run *command* in *folder* for at most *seconds*, with exactly *environment* and nothing to read.

    The last *kept* bytes of output are kept. With *flood* all output is kept, and more than *kept* bytes end the
    command.
    """
    started = time.monotonic()
    watch, late = _Watch(kept, flood), False
    # Shielded: a command that is being started when we are cancelled would otherwise be out of reach.
    starting = asyncio.create_task(_start(watch, command, folder, environment))
    try:
        await asyncio.shield(starting)
        async with asyncio.timeout(seconds):
            await watch.over.wait()
    except TimeoutError:
        late = True
    finally:
        transport = await starting
        _end_group(transport.get_pid())
        await watch.drained()
        transport.close()
    return ProcessEnd(
        exit_code=None if late or watch.flooded else transport.get_returncode(),
        ended_for="time" if late else "output" if watch.flooded else "",
        output=bytes(watch.output),
        seconds=round(time.monotonic() - started, 2),
    )


async def _start(
    watch: _Watch, command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> asyncio.SubprocessTransport:
    transport, _ = await asyncio.get_running_loop().subprocess_exec(
        lambda: watch,
        *command,
        cwd=folder,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    return transport


class _Watch(asyncio.SubprocessProtocol):
    """Watches one command. It has ended when it exits: what it left running may hold its output open for ever."""

    def __init__(self, kept: int, flood: bool) -> None:
        self.output = bytearray()
        self.over = asyncio.Event()
        self.flooded = False
        self._kept = kept
        self._flood = flood
        self._closed = asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.output += data
        if not self._flood:
            del self.output[: -self._kept]
        elif len(self.output) > self._kept:
            del self.output[self._kept :]
            self.flooded = True
            self.over.set()

    def process_exited(self) -> None:
        self.over.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()

    async def drained(self) -> None:
        """Wait for the rest of the output, but not for a process that left the group."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                await self._closed.wait()


def _end_group(leader: int) -> None:
    """End what the command left running. Its group is its own: it was started as a session."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
