"""Run one command, bounded in time and output, that is ended with all its group. Cancelling ends it too.

One that is not jailed is guarded. It ends with all that it started, also when this process is killed.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Literal
from uuid import uuid4

from profile_router.expressions import expression
from profile_router.jail.family import GUARDED, descendants, end_all, end_group, family
from profile_router.jail.left import held_locks, note_left, note_unknown
from profile_router.values import frozen

_SECRET_NAME = expression(r"(?i)((^|_)(key|token)s?($|_)|api_?key|secret|passw(or)?d|passphrase|credential)")
_DRAIN_SECONDS = 1.0
_ENDING_SECONDS = 6.0  # a guard gives up in half of that
_LONGEST_REPORT = 65_536
_GUARD = Path(__file__).with_name("guard.py")


@frozen
class ProcessEnd:
    """How a command ended: its exit code (a signal is negative), or what it was ended for. Seconds of wall clock.

    `output` is stdout and stderr as they came: all of it, or its last bytes, as many as were wanted. `outlived`:
    something that a guarded one started may run still.
    """

    exit_code: int | None
    ended_for: Literal["", "time", "output"]
    output: bytes
    seconds: float
    outlived: bool = False


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Return *environ* without the variables whose names say that they hold a secret."""
    return {name: value for name, value in environ.items() if not _SECRET_NAME.search(name)}


async def run_bounded(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    seconds: float,
    most_bytes: int,
    flood: bool,
    guarded: bool = False,
) -> ProcessEnd:
    """Run *command* in *folder* for at most *seconds*, with exactly *environment* and nothing to read.

    Of its output the last *most_bytes* come back. With *flood* all of it comes back, and more than *most_bytes* end
    the command. *guarded* is for one without a jail: what leaves its group is ended too.
    """
    with _lifeline() if guarded else nullcontext() as lifeline:
        return await _run(command, folder, environment, seconds, _Watch(most_bytes, flood), lifeline)


async def _run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
    watch: _Watch,
    lifeline: _Lifeline | None,
) -> ProcessEnd:
    started = time.monotonic()
    late = outlived = False
    # Shielded: a command that is being started when we are cancelled would otherwise be out of reach.
    starting = asyncio.create_task(_start(watch, command, folder, environment, lifeline))
    try:
        await asyncio.shield(starting)
        async with asyncio.timeout(seconds):
            await watch.ended.wait()
    except TimeoutError:
        late = True
    finally:
        transport = await starting
        if lifeline:
            outlived = not await lifeline.let_go(watch, transport)
        end_group(transport.get_pid())
        await watch.drained()
        transport.close()
    return ProcessEnd(
        exit_code=None if late or watch.flooded else transport.get_returncode(),
        ended_for="time" if late else "output" if watch.flooded else "",
        output=bytes(watch.output),
        seconds=round(time.monotonic() - started, 2),
        outlived=outlived,
    )


async def _start(
    watch: _Watch, command: Sequence[str], folder: Path, environment: Mapping[str, str], lifeline: _Lifeline | None
) -> asyncio.SubprocessTransport:
    passed = lifeline.passed if lifeline else ()
    guard = [sys.executable, "-I", "-S", str(_GUARD), ",".join(map(str, passed))] if lifeline else []
    transport, _ = await asyncio.get_running_loop().subprocess_exec(
        lambda: watch,
        *guard,
        *command,
        cwd=folder,
        env={**environment, **({GUARDED: lifeline.tag} if lifeline else {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        pass_fds=passed,
    )
    return transport


class _Watch(asyncio.SubprocessProtocol):
    """Watches one command. It has ended when it exits: what it left running may hold its output open for ever."""

    def __init__(self, most_bytes: int, flood: bool) -> None:
        self.output = bytearray()
        self.ended = asyncio.Event()
        self.exited = asyncio.Event()
        self.flooded = False
        self._most_bytes = most_bytes
        self._flood = flood
        self._closed = asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.output += data
        if not self._flood:
            del self.output[: -self._most_bytes]
        elif len(self.output) > self._most_bytes:
            del self.output[self._most_bytes :]
            self.flooded = True
            self.ended.set()

    def process_exited(self) -> None:
        self.exited.set()
        self.ended.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()

    async def drained(self) -> None:
        """Wait for the rest of the output, but not for a process that left the group."""
        await _at_most(_DRAIN_SECONDS, self._closed)


class _Lifeline:
    """What a guard hangs on: it ends all when this is let go, or gone with this process."""

    def __init__(self, ours: socket.socket, theirs: socket.socket) -> None:
        self.passed = (theirs.fileno(), *held_locks())
        self.tag = uuid4().hex
        self._ours = ours

    async def let_go(self, watch: _Watch, transport: asyncio.SubprocessTransport) -> bool:
        """Wait until the guard has ended, with all that it guards; tell whether all did, and note what did not."""
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_WR)
        with suppress(ProcessLookupError):
            transport.send_signal(signal.SIGCONT)  # its command may have stopped it
        await _at_most(_ENDING_SECONDS, watch.exited)
        self._ours.setblocking(False)
        try:
            said = self._ours.recv(_LONGEST_REPORT).decode().split()
        except OSError:
            said = []
        if said[:1] != ["ended"]:
            note_unknown(lost=True)
            note_left(await asyncio.to_thread(self._sweep, None if watch.exited.is_set() else transport.get_pid()))
            return False
        if said[1:] == ["?"]:
            note_unknown()
            return False
        note_left(map(int, said[1:]))
        return len(said) == 1

    def _sweep(self, guard: int | None) -> frozenset[int]:
        """End what a lost *guard* (None: it is gone) guarded, by its tag; return what could not be ended.

        What took the tag from its environment and lost its parents is not found.
        """
        return end_all(lambda: family(self.tag, GUARDED) | (descendants(guard) if guard else frozenset()))


@contextmanager
def _lifeline() -> Iterator[_Lifeline]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield _Lifeline(ours, theirs)


async def _at_most(seconds: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
