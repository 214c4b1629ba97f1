"""A child that starts before its order is known: it imports Hermes while the router imports LangGraph.

It is under the profile that the task will probably get. It has no task, asks nobody, and ends with its pipe; where the
attempt is another's in the end, it is ended, and nothing was lost but its start.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from profile_router.adapters.hermes.started import Child, Start, started


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """The child, until it is taken; `held` ends it."""

    start: Start
    child: Child | None
    held: ExitStack

    def take(self, start: Start) -> Child | None:
        """Return the child where it is as good as one of *start*; end it where it is not."""
        child, self.child = self.child, None
        if child is None or (self.start == start and child.process.poll() is None):
            return child
        self.held.close()
        return None


_WAITING: ContextVar[_Waiting | None] = ContextVar("waiting", default=None)


@contextmanager
def waiting(start: Start | None) -> Iterator[None]:
    """Have a child of *start* wait for `child_for`, here and in what is awaited here; None: there is none.

    Leaving this ends it, taken or not. Where it cannot be started, that is the attempt's to say.
    """
    with ExitStack() as held:
        early = _begun(start, held) if start else None
        before = _WAITING.set(early)
        try:
            yield
        finally:
            _WAITING.reset(before)


def _begun(start: Start, held: ExitStack) -> _Waiting | None:
    try:
        child = held.enter_context(started(start))
    except OSError:
        return None
    return _Waiting(start=start, child=child, held=held)


@contextmanager
def child_for(start: Start) -> Iterator[Child]:
    """Give the child that waits, where it is as good, else start one; leaving this ends it. Raises OSError."""
    early = _WAITING.get()
    child = early.take(start) if early else None
    if early is None or child is None:
        with started(start) as child:
            yield child
        return
    with early.held:
        yield child
