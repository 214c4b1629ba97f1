"""Whoever called this program: asked before an expensive step, and when gone, this process ends, with all it started.

That is somebody at the terminal, or the Hermes plugin at the other end of stdin.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field

from profile_router.cli.progress import folded
from profile_router.cli.screens import printable
from profile_router.core.found_check import CheckQuestion
from profile_router.ledger.purse import Nobody
from profile_router.ports import Approver, Emit
from profile_router.values import frozen, mutable

_YES = frozenset({"y", "yes"})
_GRACE_SECONDS = 10.0
_LONGEST_LINE = 65_536


def approver_for(
    arguments: argparse.Namespace,
    emit: Emit,
    away: Callable[[], AbstractContextManager[None]] = nullcontext,
    seconds: float | None = None,
) -> Approver:
    """Return who is asked before an expensive step: who agreed beforehand, Hermes, the terminal, or nobody.

    *away* is entered around a question on the terminal. It waits *seconds* at most; None: for ever. With
    `--exit-with-stdin` this process ends with stdin from now on; all of the task must have been read from it.
    """
    asks = sys.stdin.isatty() and sys.stderr.isatty() and not (arguments.json or arguments.stream)
    approver: Approver = TerminalApprover(away, seconds) if asks else Nobody()
    heard = None
    if arguments.from_hermes and arguments.exit_with_stdin:
        approver = pipe = Pipe(emit)
        heard = pipe.heard
    if arguments.yes:
        approver = Agreed(approver)
    if arguments.exit_with_stdin:
        _end_with_stdin(heard)
    return approver


@frozen(kw_only=False)
class Agreed:
    """Somebody agreed beforehand (`--yes`): to prices, not to running code, for which `there` is asked."""

    there: Approver

    async def agrees(self, question: str) -> bool | None:
        """Return True."""
        return True

    async def allows(self, question: CheckQuestion) -> bool | None:
        """Return what whoever is there says."""
        return await self.there.allows(question)


class TerminalApprover:
    """Asks on stderr, one question at a time, and reads the answer from stdin; only a yes agrees.

    `away` keeps all else from the screen. Who does not answer within `seconds` is taken to be away. Nothing more is
    asked then: other work would wait for it.
    """

    def __init__(
        self, away: Callable[[], AbstractContextManager[None]] = nullcontext, seconds: float | None = None
    ) -> None:
        self._away = away
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._nobody = False

    async def agrees(self, question: str) -> bool | None:
        """Return whether the answer to *question* is a yes; None where stdin ends without one, or nobody answers."""
        async with self._turn:
            if self._nobody:
                return None
            with self._away():
                return await self._asked(question)

    async def _asked(self, question: str) -> bool | None:
        waits = f" (waits {self._seconds:.0f} s for your answer)" if self._seconds else ""
        print(f"{folded(shown_question(question) + waits, sys.stderr, indent=2)} ", end="", file=sys.stderr, flush=True)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        # A thread that Ctrl-C need not wait for: the executor's would be joined, and it reads until somebody types.
        threading.Thread(target=_read_answer, args=(answer,), daemon=True).start()
        try:
            async with asyncio.timeout(self._seconds):
                line = await answer
        except TimeoutError:
            self._nobody = True
            print(f"\nprofile-router: nobody answered in {self._seconds:.0f} s; no more is asked", file=sys.stderr)
            return None
        return line.strip().lower() in _YES if line else None

    async def allows(self, question: CheckQuestion) -> bool | None:
        """Return whether the answer to *question* is a yes; None where stdin ends without one."""
        return await self.agrees(str(question))


def shown_question(question: str) -> str:
    """Return *question* as a terminal has it."""
    return f"? {printable(question)} [y/N]"


def _read_answer(answer: asyncio.Future[str]) -> None:
    line = sys.stdin.readline()

    def give() -> None:
        if not answer.done():
            answer.set_result(line)

    loop = answer.get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(give)


@mutable(kw_only=False)
class Pipe:
    """Asks by an event, and takes the answer from a line on stdin: {"answer": true, "question": "…"}.

    The event says what the question is `about`: a price, or running code of the repository.

    `heard` is called with each such line, from another thread; questions are answered in the order they were asked.
    """

    emit: Emit
    _waiting: list[asyncio.Future[bool | None]] = field(default_factory=list)

    async def agrees(self, question: str) -> bool | None:
        """Return what the other end says; None where it says that nobody can answer."""
        return await self._ask(question, "price")

    async def allows(self, question: CheckQuestion) -> bool | None:
        """Return what the other end says; None where it says that nobody can answer."""
        return await self._ask(question.for_programs, "code")

    async def _ask(self, question: str, about: str) -> bool | None:
        answer: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self.emit({"event": "ask", "line": question, "about": about})
        return await answer

    def heard(self, line: bytes) -> None:
        """Take one line of stdin. What is not an answer is ignored."""
        try:
            said = json.loads(line)["answer"]
        except (ValueError, RecursionError, KeyError, TypeError):
            return
        if self._waiting and (said is None or isinstance(said, bool)):
            answer = self._waiting.pop(0)
            answer.get_loop().call_soon_threadsafe(_set, answer, said)


def _set(answer: asyncio.Future[bool | None], said: bool | None) -> None:
    if not answer.done():
        answer.set_result(said)


def _end_with_stdin(heard: Callable[[bytes], None] | None) -> None:
    """Watch stdin from now on. When it closes, end as Ctrl-C does; what has not ended 10 s later is killed.

    Lines that still come go to *heard*, in another thread. Call it from the main thread.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit it as ignored
    threading.Thread(target=_watch, args=(heard,), daemon=True).start()


def _watch(heard: Callable[[bytes], None] | None) -> None:
    unfinished = b""
    while data := os.read(0, 4096):
        *lines, unfinished = (unfinished + data).split(b"\n")
        unfinished = unfinished[-_LONGEST_LINE:]
        if heard is not None:
            for line in lines:
                heard(line)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(_GRACE_SECONDS)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(130)
