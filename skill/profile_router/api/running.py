"""Run a task: to its end, or event by event; each for a program with an event loop of its own, and for one without."""

from __future__ import annotations

import asyncio
import importlib
import os
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from profile_router.api.given import task_given
from profile_router.api.run_values import RunEvent, RunResult
from profile_router.api.surroundings import foreign_held_back
from profile_router.core.task import Task
from profile_router.core.telling.envelope import enveloped
from profile_router.ports import Approver, Event

if TYPE_CHECKING:
    from typing import Unpack

    from profile_router.api.given import TaskFields
    from profile_router.runs.job import Job
    from profile_router.runs.result import Result

Tell = Callable[[RunEvent], object]
# LangChain and LangGraph take a second: only who runs a task imports them.
_LARGE = (
    *("profile_router.runs.run", "profile_router.threads.checkpoints", "profile_router_graphs.router", "aiosqlite"),
    "profile_router_graphs.state",
)


def run(
    task: str | Task,
    *,
    policy: str | os.PathLike[str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    on_event: Tell | None = None,
    approver: Approver | None = None,
    **fields: Unpack[TaskFields],
) -> RunResult:
    """Route *task*, run it under the profile, verify what it did, and return its end.

    The goal is a text, and *fields* are named as in `--task-json` (`TaskFields`). *policy* is the file to decide by.
    *cwd* and *environ* stand for the current folder and this process' environment. *on_event* is called with each
    event, mostly in the loop of the run. At times it is called in a thread that the run waits for. *approver* is asked
    before an expensive step or before code of the workspace runs. Without one nobody is there, and the run ends
    `unapproved` instead.

    What fails is an answer too: look at `status`, `verdict` and `cause`. Raises RouterError for a wrong task, policy or
    profile; its message is complete. Raises RuntimeError inside a running event loop, where `arun` is to be awaited. A
    KeyboardInterrupt ends all that it started; `profile-router resume` goes on with the thread.
    """

    async def main() -> RunResult:
        from profile_router.runs.interrupt import one_interrupt

        with one_interrupt():
            return await arun(
                task, policy=policy, cwd=cwd, environ=environ, on_event=on_event, approver=approver, **fields
            )

    return asyncio.run(main())


async def arun(
    task: str | Task,
    *,
    policy: str | os.PathLike[str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    on_event: Tell | None = None,
    approver: Approver | None = None,
    **fields: Unpack[TaskFields],
) -> RunResult:
    """Do what `run` does, in the running event loop. Cancelling it ends all that it started; its thread is kept.

    Several may run at the same time, but no two that write in one workspace: `profile-router batch` gives each a copy.
    At most 32 are at work at once in one process; the others wait in line.
    """
    given = task_given(task, fields)
    with foreign_held_back() as whole:
        around = whole if environ is None else dict(environ)
        job = await asyncio.to_thread(job_for, given, policy, cwd, around, on_event, approver)
        from profile_router.runs.run import run_job

        return _typed(await run_job(job))


def stream(
    task: str | Task,
    *,
    policy: str | os.PathLike[str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    approver: Approver | None = None,
    **fields: Unpack[TaskFields],
) -> Generator[RunEvent, None, None]:
    """Run *task* as `run` does, and yield its events as they come; the last one has the `result`.

    It runs in a thread of its own and does not wait for who reads. It begins with the first `next`; closing the
    iterator cancels it. Raises what `run` raises.
    """
    told: queue.SimpleQueue[RunEvent | BaseException | None] = queue.SimpleQueue()
    ready = threading.Event()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []

    async def main() -> None:
        running.append((asyncio.get_running_loop(), cast("asyncio.Task[Any]", asyncio.current_task())))
        ready.set()
        result = await arun(
            task, policy=policy, cwd=cwd, environ=environ, on_event=told.put, approver=approver, **fields
        )
        told.put(_last(result))

    def work() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            told.put(error)
        finally:
            ready.set()
            told.put(None)

    thread = threading.Thread(target=work, name="profile-router run")
    thread.start()
    try:
        while (one := told.get()) is not None:
            if isinstance(one, BaseException):
                raise one
            yield one
    finally:
        ready.wait()
        for loop, current in running:
            with suppress(RuntimeError):  # it has ended, and its loop is closed
                loop.call_soon_threadsafe(current.cancel)
        thread.join()


async def astream(
    task: str | Task,
    *,
    policy: str | os.PathLike[str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    approver: Approver | None = None,
    **fields: Unpack[TaskFields],
) -> AsyncGenerator[RunEvent, None]:
    """Run *task* as `arun` does, and yield its events as they come; the last one has the `result`.

    Closing the iterator (`aclose`) cancels the run. Raises what `arun` raises.
    """
    told: asyncio.Queue[RunEvent | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def tell(event: RunEvent | None) -> None:
        loop.call_soon_threadsafe(told.put_nowait, event)  # some events come from another thread

    running = asyncio.ensure_future(
        arun(task, policy=policy, cwd=cwd, environ=environ, on_event=tell, approver=approver, **fields)
    )
    running.add_done_callback(lambda _: tell(None))
    try:
        while (one := await told.get()) is not None:
            yield one
        yield _last(running.result())
    finally:
        running.cancel()
        await _to_its_end(running)


async def _to_its_end(running: asyncio.Future[RunResult]) -> None:
    """Wait until *running*, which is cancelled, has ended all that it started; then hear a cancellation of the waiting.

    So a deadline on closing is heard as on `arun`: once nothing runs any more.
    """
    cut: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError as error:
            cut = error
    if not running.cancelled():
        running.exception()  # who closes does not ask for it, and asyncio would print that nobody did
    if cut is not None:
        raise cut


def job_for(
    task: Task,
    policy: str | os.PathLike[str] | None,
    cwd: str | os.PathLike[str] | None,
    environ: Mapping[str, str],
    on_event: Tell | None,
    approver: Approver | None,
) -> Job:
    """Return *task* as it is run by *policy* from *cwd* and *environ*. Raises RouterError for bad input."""
    for name in _LARGE:
        importlib.import_module(name)
    from profile_router.runs.run import job_of

    def emit(event: Event) -> None:
        if on_event is not None:
            on_event(RunEvent.of(event))

    return job_of(
        task,
        None if policy is None else os.fspath(policy),
        environ,
        Path.cwd() if cwd is None else Path(cwd),
        emit,
        approver,
    )


def _typed(result: Result) -> RunResult:
    return RunResult.of(result.json, result)


def _last(result: RunResult) -> RunEvent:
    """Return the event that ends a stream of events."""
    told = result.json
    return RunEvent.of(enveloped({"event": "result", **told}, time=told["time"]), result)
