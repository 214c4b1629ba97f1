"""Run a task: to its end, or event by event; each for a program with an event loop of its own, and for one without."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from profile_router.api.given import environment_given, folder_given, path_given, task_given
from profile_router.api.run_values import RunEvent, RunResult
from profile_router.api.surroundings import Tell, foreign_held_back, imported, run_to_end, telling
from profile_router.core.task import Task
from profile_router.core.telling.envelope import enveloped
from profile_router.ports import Approver

if TYPE_CHECKING:
    from typing import Unpack

    from profile_router.api.task_schema import TaskFields
    from profile_router.runs.job import Job
    from profile_router.runs.result import Result


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

    *task* is its goal, with *fields* named as in `--task-json`; `TaskFields` tells their units. Or it is a Task, which
    has them all. *policy* is the path of the file to decide by; None: the user's, else the shipped one. *cwd* is the
    folder that paths start from. *environ* stands for this process' environment, by name. *on_event* is called with
    each event, mostly in the loop of the run. At times it is called in a thread that the run waits for. *approver* is
    asked before a step that may cost more USD than the policy lets pass. It is asked before code of the workspace runs,
    too. Without one no one is there, and the run ends `unapproved` instead.

    Costs are in USD, by the `cost_source` of each attempt. That is the provider's own figure, the policy, or the
    published table of the library genai-prices. Tokens are as the provider counted them, else as `tokens_source` says.
    Times are in seconds.

    What fails is an answer too: look at `status`, `verdict` and `cause`. Raises UsageError for a wrong task or
    argument, and PolicyError for a wrong policy. Raises ProfileError for a wrong profile, and UnknownProfile where none
    has that name. Raises WorkspaceError for a wrong folder, and StateError where our state folder cannot be used. Each
    is a RouterError with a complete message. Raises RuntimeError inside a running event loop, where `arun` is to be
    awaited. A KeyboardInterrupt ends all that it started; `resume` goes on with the thread.
    """
    return run_to_end(
        "run",
        lambda: arun(task, policy=policy, cwd=cwd, environ=environ, on_event=on_event, approver=approver, **fields),
    )


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

    *task*, *fields*, *policy*, *cwd*, *environ*, *on_event* and *approver* are those of `run`. The units of what it
    gives are, too. Several may run at the same time, but no two that write in one workspace: `abatch` gives each a
    copy. At most 32 are at work at once in one process; the others wait in line. Raises UsageError, PolicyError,
    ProfileError, WorkspaceError and StateError as `run` does.
    """
    given = task_given(task, fields)
    with foreign_held_back() as whole:
        around = environment_given(environ, whole)
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

    *task*, *fields*, *policy*, *cwd*, *environ* and *approver* are those of `run`. The units of what it gives are, too.
    It runs in a thread of its own and does not wait for who reads. It begins with the first `next`; closing the
    iterator cancels it. The first `next` raises UsageError, PolicyError, ProfileError, WorkspaceError and StateError as
    `run` does.
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

    *task*, *fields*, *policy*, *cwd*, *environ* and *approver* are those of `run`. The units of what it gives are, too.
    Closing the iterator (`aclose`) cancels the run. The first `anext` raises UsageError, PolicyError,
    ProfileError, WorkspaceError and StateError as `run` does.
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
    imported()
    from profile_router.runs.run import job_of

    return job_of(
        task,
        path_given(policy, "policy"),
        environ,
        folder_given(cwd),
        telling(on_event),
        approver,
    )


def _typed(result: Result) -> RunResult:
    return RunResult.of(result.json, result)


def _last(result: RunResult) -> RunEvent:
    """Return the event that ends a stream of events."""
    told = result.json
    return RunEvent.of(enveloped({"event": "result", **told}, time=told["time"]), result)
