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


def note_unknown(*, lost: bool = False) -> None:
    """Note that nobody knows whether all that was started has ended. *lost*: its guard was ended before it."""
    _unknown.append(lost)


def said_of_children() -> str:
    """Return what is known of what this process had started: that nothing is left, or what is."""
    if told := told_at_every_end():
        return told
    return "what a check started may still run (`ps -ef`)" if _unknown else "nothing is left running"


def told_at_every_end() -> str:
    """Return which processes could not be ended, or that a guard was lost; empty without either.

    Where a system lets no guard know what is left, only `said_of_children` tells so.
    """
    left = sorted(pid for pid in _left if os.path.exists(f"/proc/{pid}"))  # noqa: PTH110 - a second spelling of a path
    if left:
        return f"not ended: process {', '.join(map(str, left))} (`kill -9 {' '.join(map(str, left))}`)"
    lost = "the guard of a check was ended: what the check started may still run (`ps -ef`)"
    return lost if any(_unknown) else ""
