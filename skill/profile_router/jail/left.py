"""What is known of this process' children: what could not be ended, and which locks they hold."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import IO

_locks: ContextVar[tuple[IO[bytes], ...]] = ContextVar("locks", default=())
_left: set[int] = set()
_unknown: list[bool] = []


@contextmanager
def held_by_children(lock: IO[bytes]) -> Iterator[None]:
    """Let what is started meanwhile in this context hold the *lock*, too, until it has ended."""
    _locks.set((*_locks.get(), lock))
    try:
        yield
    finally:
        _locks.set(tuple(one for one in _locks.get() if one is not lock))


def held_locks() -> tuple[int, ...]:
    """Return the descriptors of the locks that a child is to hold while it lives."""
    return tuple(lock.fileno() for lock in _locks.get() if not lock.closed)


def note_left(pids: Iterable[int]) -> None:
    """Note the processes *pids*, which could not be ended."""
    _left.update(pids)


def note_unknown() -> None:
    """Note that nobody knows whether all that was started has ended."""
    _unknown.append(True)


def said_of_children() -> str:
    """Return what is known of what this process had started: that nothing is left, or what is."""
    left = sorted(pid for pid in _left if os.path.exists(f"/proc/{pid}"))  # noqa: PTH110 - a second spelling of a path
    if left:
        return f"not ended: process {', '.join(map(str, left))} (`kill -9 {' '.join(map(str, left))}`)"
    return "what a check started may still run (`ps -ef`)" if _unknown else "nothing is left running"
