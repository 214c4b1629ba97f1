"""Run the task's own check command: bounded in time, in a process group of its own, without any key in reach."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from profile_router.core.receipt import CheckResult

_SECRET_NAME = re.compile(r"(?i)(^|_)(key|token|secret|password|passwd|credentials?)($|_)")
_KEPT_BYTES = 64_000
_LINE_CHARS = 200


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Return *environ* without the variables whose names say that they hold a secret."""
    return {name: value for name, value in environ.items() if not _SECRET_NAME.search(name)}


async def run_check(command: str, folder: Path, environ: Mapping[str, str], *, seconds: float) -> CheckResult:
    """Return how *command* ended, run by the shell in *folder* for at most *seconds*. Cancelling it ends its group."""
    started = time.monotonic()
    process = await asyncio.create_subprocess_shell(
        command,
        cwd=folder,
        env=without_secrets(environ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    tail = bytearray()
    try:
        async with asyncio.timeout(seconds):
            await _collect(process, tail)
            code: int | None = await process.wait()
            last = _last_line(bytes(tail))
    except TimeoutError:
        code, last = None, f"ended after {seconds:g} s"
    finally:
        _end_group(process)
        await process.wait()
    return CheckResult(command=command, exit_code=code, seconds=round(time.monotonic() - started, 2), last_line=last)


async def _collect(process: asyncio.subprocess.Process, tail: bytearray) -> None:
    if process.stdout is None:
        return
    while chunk := await process.stdout.read(8_192):
        tail += chunk
        del tail[:-_KEPT_BYTES]


def _end_group(process: asyncio.subprocess.Process) -> None:
    """End what the command left running. Its group is its own: it was started as a session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _last_line(output: bytes) -> str:
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return "".join(char if char.isprintable() else " " for char in lines[-1][:_LINE_CHARS]) if lines else ""
