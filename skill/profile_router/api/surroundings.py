"""What surrounds each run of a program: event loop, events, and what of the environment no run may see."""

from __future__ import annotations

import asyncio
import importlib
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from profile_router.api.run_values import RunEvent
from profile_router.machine.end_signals import told_to_end
from profile_router.ports import Emit, Event

Tell = Callable[[RunEvent], object]
T = TypeVar("T")
# LangChain takes half a second: only who runs a task imports it.
_LARGE = ("profile_router.runs.run", "profile_router_graphs.state")

_DOOR = threading.Lock()
_HELD: dict[str, str] = {}
_RUNNING = 0


@contextmanager
def foreign_held_back() -> Iterator[dict[str, str]]:
    """Take out of `os.environ` what would make a library send prompts elsewhere; the last run puts it back.

    `OPENAI_*` and `AZURE_OPENAI_*` would redirect a request or add a header to it; `LANGSMITH_*` and `LANGCHAIN_*`
    send a copy of it. Give the whole environment as it was before: a profile may have its key there, for its own server
    alone.
    """
    global _RUNNING
    from profile_router.runs.foreign import drop_foreign, foreign_names

    with _DOOR:
        _RUNNING += 1
        _HELD.update({name: os.environ[name] for name in foreign_names(os.environ)})
        whole = {**os.environ, **_HELD}
        drop_foreign(os.environ)
    try:
        yield whole
    finally:
        with _DOOR:
            _RUNNING -= 1
            if not _RUNNING:
                os.environ.update({name: one for name, one in _HELD.items() if name not in os.environ})
                _HELD.clear()


def imported(*more: str) -> None:
    """Import what every run needs, and the modules *more*: in a thread, as it takes a second."""
    from profile_router.runs.thread_session import import_graph

    import_graph()  # first: whatever else imports LangGraph would have it gather the clients of services
    for name in (*_LARGE, *more):
        importlib.import_module(name)


def run_to_end(name: str, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return what the coroutine of *begin* returns, in an event loop of its own, which the first Ctrl-C cancels.

    Raises RuntimeError inside a running event loop, where not *name* is to be called.
    """
    if _running_loop() is not None:
        raise RuntimeError(f"{name} cannot wait inside a running event loop; await a{name} there")

    async def main() -> T:
        from profile_router.runs.interrupt import one_interrupt

        with one_interrupt():
            return await begin()

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        if told_to_end():  # where Ctrl-C is ignored, asyncio does not say so itself
            raise KeyboardInterrupt from None
        raise


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def telling(on_event: Tell | None) -> Emit:
    """Return what tells *on_event* each event of a run as a value; None: it tells nobody."""

    def emit(event: Event) -> None:
        if on_event is not None:
            on_event(RunEvent.of(event))

    return emit
