"""Run the task's own check command: bounded in time, in a process group of its own, without any key in reach."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from profile_router.core.receipt import CheckResult

_SECRET_NAME = re.compile(r"(?i)((^|_)(key|token)s?($|_)|api_?key|secret|passw(or)?d|passphrase|credential)")
_KEPT_BYTES = 64_000
_LINE_CHARS = 200
_DRAIN_SECONDS = 1.0


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Return *environ* without the variables whose names say that they hold a secret."""
    return {name: value for name, value in environ.items() if not _SECRET_NAME.search(name)}


async def run_check(command: str, folder: Path, environ: Mapping[str, str], *, seconds: float) -> CheckResult:
    """Return how *command* ended, run by the shell in *folder* for at most *seconds*. Cancelling it ends its group."""
    started = time.monotonic()
    watch, late = _Watch(), False
    # Shielded: a command that is being started when we are cancelled would otherwise be out of reach.
    starting = asyncio.create_task(_start(watch, command, folder, environ))
    try:
        await asyncio.shield(starting)
        async with asyncio.timeout(seconds):
            await watch.exited.wait()
    except TimeoutError:
        late = True
    finally:
        transport = await starting
        _end_group(transport.get_pid())
        await watch.drained()
        transport.close()
    return CheckResult(
        command=command,
        exit_code=None if late else transport.get_returncode(),
        seconds=round(time.monotonic() - started, 2),
        last_line=f"ended after {seconds:g} s" if late else _last_line(bytes(watch.tail)),
    )


async def _start(watch: _Watch, command: str, folder: Path, environ: Mapping[str, str]) -> asyncio.SubprocessTransport:
    transport, _ = await asyncio.get_running_loop().subprocess_shell(
        lambda: watch,
        command,
        cwd=folder,
        env=without_secrets(environ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    return transport


class _Watch(asyncio.SubprocessProtocol):
    """Watches one command. It has ended when it exits: what it left running may hold its output open for ever."""

    def __init__(self) -> None:
        self.tail = bytearray()
        self.exited = asyncio.Event()
        self._closed = asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.tail += data
        del self.tail[:-_KEPT_BYTES]

    def process_exited(self) -> None:
        self.exited.set()

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


def _last_line(output: bytes) -> str:
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return "".join(char if char.isprintable() else " " for char in lines[-1][:_LINE_CHARS]) if lines else ""
