"""Ask whoever is there whether a paid step may be made: on the terminal, or the Hermes plugin over the pipe."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from dataclasses import dataclass, field

from profile_router.ports import Emit

_YES = frozenset({"y", "yes"})


class Agreed:
    """Somebody agreed beforehand (`--yes`)."""

    async def agrees(self, question: str) -> bool | None:
        """Return True."""
        return True


class TerminalApprover:
    """Asks on stderr and reads the answer from stdin; only a yes agrees."""

    async def agrees(self, question: str) -> bool | None:
        """Return whether the answer to *question* is a yes."""
        print(f"? {question} [y/N] ", end="", file=sys.stderr, flush=True)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        # A thread that Ctrl-C need not wait for: the executor's would be joined, and it reads until somebody types.
        threading.Thread(target=_read, args=(answer,), daemon=True).start()
        return (await answer).strip().lower() in _YES


def _read(answer: asyncio.Future[str]) -> None:
    line = sys.stdin.readline()

    def give() -> None:
        if not answer.done():
            answer.set_result(line)

    loop = answer.get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(give)


@dataclass(slots=True)
class Pipe:
    """Asks by an event, and takes the answer from a line on stdin: {"answer": true, "question": "…"}.

    `heard` is called with each such line, from another thread; questions are answered in the order they were asked.
    """

    emit: Emit
    _waiting: list[asyncio.Future[bool | None]] = field(default_factory=list)

    async def agrees(self, question: str) -> bool | None:
        """Return what the other end says; None where it says that nobody can answer."""
        answer: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self.emit({"event": "ask", "line": question})
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
