"""Run the tasks of a batch at once, in one process: writers in copies of their own, merged in order."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import defaultdict
from collections.abc import AsyncIterator, Container, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import field, replace
from functools import partial
from pathlib import Path

from profile_router.copies.copy import Copy
from profile_router.copies.placement import Placement, place_for, relocation_to
from profile_router.copies.thread_copies import lasting_copy, stop, tidier
from profile_router.copies.turns import alone_in, reading_in, unread
from profile_router.core.option_names import in_row
from profile_router.core.privacy.findings import masked_json
from profile_router.core.task import Task
from profile_router.core.telling.decision import Json
from profile_router.core.telling.envelope import enveloped
from profile_router.core.telling.ways_out import HAND_OVER_AGAIN
from profile_router.errors import RouterError, UsageError
from profile_router.git.merge import DIFFS
from profile_router.git.repository import Repository
from profile_router.ledger.schema import moment
from profile_router.ports import Approver, Emit, Event
from profile_router.runs.job import CopySite, Job, to_the_end
from profile_router.runs.result import Result
from profile_router.runs.route import measured_as_local
from profile_router.runs.run import job_of, reading_there, run_on
from profile_router.runs.setup import prepare
from profile_router.runs.thread_session import Keeping, checkpoints
from profile_router.state.folder import state_dir
from profile_router.threads.parent_sessions import ParentSessions
from profile_router.threads.threads import Threads
from profile_router.values import frozen

Given = Task | RouterError


_STOPPED = f"the batch was stopped, and what was done by then, if anything, is kept in {{}}; {HAND_OVER_AGAIN}"


async def run_batch(
    tasks: Sequence[Given],
    policy_file: str | None,
    environ: Mapping[str, str],
    cwd: Path,
    emit: Emit,
    *,
    parallel: int,
    seconds: float | None = None,
    approver: Approver | None = None,
) -> list[Result]:
    """Run *tasks*, at most *parallel* at once, and return their results in order; an error stands for itself.

    Each result is also an event, as soon as it is there. What goes wrong with one task is its result. *seconds* bounds
    the whole batch: it shortens the time of what begins late. Cancelling it ends everything. Raises StateError.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    async with checkpoints(state_dir(environ), environ) as keeping:
        batch = _Batch(
            tasks=tasks,
            policy_file=policy_file,
            environ=environ,
            cwd=cwd,
            emit=emit,
            deadline=deadline,
            slots=asyncio.Semaphore(parallel),
            approver=approver,
            keeping=keeping,
            done=[asyncio.Event() for _ in tasks],
            worked=[asyncio.Event() for _ in tasks],
        )
        return await batch.run()


@frozen
class _Batch:
    """Whoever changes the workspace itself holds `in_place`: one task that works there, or one merge.

    `done` is set when its task can change nothing any more, `worked` when it reads no file any more.
    """

    tasks: Sequence[Given]
    policy_file: str | None
    environ: Mapping[str, str]
    cwd: Path
    emit: Emit
    deadline: float | None
    slots: asyncio.Semaphore
    approver: Approver | None
    keeping: Keeping
    done: Sequence[asyncio.Event]
    worked: Sequence[asyncio.Event]
    in_place: asyncio.Lock = field(default_factory=asyncio.Lock)
    threads: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def run(self) -> list[Result]:
        """Run all, and return their results."""
        known = {row.thread for row in self.keeping.threads.rows()}
        if any(self._may_stay_here(one, known) for one in self.tasks):
            sessions = ParentSessions(state=state_dir(self.environ))
            for one in self.tasks:  # what one of them is about, none elsewhere is told of
                if isinstance(one, Task):
                    sessions.note_private(one.sessions)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(self._one(index, given)) for index, given in enumerate(self.tasks)]
        return [one.result() for one in running]

    def _may_stay_here(self, given: Given, known: Container[str]) -> bool:
        """Tell whether *given* may have to stay on this machine, under a policy that lets a chat go elsewhere.

        A *known* thread may be private, and so may a task that cannot be measured.
        """
        if isinstance(given, RouterError) or not given.sessions:
            return isinstance(given, RouterError)
        try:
            setup = prepare(given, self.policy_file, self.environ, self.cwd)
            return setup.policy.conversation.elsewhere == "turns" and (
                given.thread in known or measured_as_local(setup)
            )
        except RouterError:
            return True

    async def _one(self, index: int, given: Given) -> Result:
        """Run one task to its result, whatever happens to it."""
        started = time.monotonic()

        def tell(event: Event) -> None:
            self.emit(enveloped({**masked_json(event), "task_index": index}, time=moment(time.time())))

        try:
            if isinstance(given, RouterError):
                raise given
            job = job_of(given, self.policy_file, self.environ, self.cwd, tell, self.approver)
            result = await self._placed(index, job)
        except RouterError as error:
            result = _broken(given, in_row(error, index + 1))
        except Exception as error:
            traceback.print_exc()
            result = _broken(given, f"a mistake of profile-router itself: {type(error).__name__}: {error}")
        finally:
            self.done[index].set()
            self.worked[index].set()
        waited = round(time.monotonic() - started, 2)  # of a task that was not begun
        result = replace(result, json=masked_json({"seconds": waited, **result.json}))
        tell({"event": "result", **result.json})
        return result

    async def _placed(self, index: int, job: Job) -> Result:
        setup = job.setup
        place = place_for(job.task, setup.workspace, setup.cwd, setup.state, setup.policy)
        if place == Placement():
            self.done[index].set()
        async with AsyncExitStack() as held:
            await held.enter_async_context(self.threads[job.thread])
            if place.copy_of is not None:
                return await self._in_copy(index, place.copy_of, job)
            if place.alone:
                await held.enter_async_context(self.in_place)
                if setup.workspace is not None:
                    await held.enter_async_context(alone_in(setup.workspace.root, setup.state))
            await held.enter_async_context(self.slots)
            await held.enter_async_context(reading_there(setup))
            result = await run_on(self.keeping, self._in_time(job))
        return result.noting(f"one writer at a time: {place.alone}") if place.alone else result

    async def _in_copy(self, index: int, repository: Repository, job: Job) -> Result:
        """Run *job* in a copy of *repository*; in its turn bring what it did into the work tree."""
        threads, setup = self.keeping.threads, job.setup
        async with AsyncExitStack() as held:
            slot = await held.enter_async_context(AsyncExitStack())
            await slot.enter_async_context(self.slots)
            await slot.enter_async_context(reading_in(repository.top, setup.state))
            copy = await held.enter_async_context(_copy(repository, threads, job.thread, job.emit))
            why = _STOPPED.format(setup.state / DIFFS)

            @asynccontextmanager
            async def turn(result: Result) -> AsyncIterator[None]:
                nonlocal why
                await slot.aclose()
                self.worked[index].set()
                if setup.policy.promotion.tainted_changes == "back" and result.tainted:
                    await self._all_worked(index)
                    await unread(repository.top, setup.state)  # nor any other process
                for earlier in self.done[:index]:
                    await earlier.wait()
                async with self.in_place:
                    why = ""  # from here on its work is brought back whatever happens
                    yield

            site = CopySite(copy=copy, relocation=relocation_to(copy, job.task, setup.cwd), turn=turn)
            try:
                return await run_on(self.keeping, self._in_time(replace(job, site=site)))
            except RouterError as error:
                raise UsageError(site.back(str(error))) from None
            except asyncio.CancelledError:
                with suppress(RouterError):
                    stop(threads, copy, job.thread, why)
                raise

    async def _all_worked(self, index: int) -> None:
        """Wait until no other task of the batch reads files.

        A model elsewhere would find there what *index* made of private ones. A task that goes on with the same thread
        begins after this one, and is not waited for.
        """
        thread = self._named(index)
        for other, worked in enumerate(self.worked):
            if thread is None or self._named(other) != thread:
                await worked.wait()

    def _named(self, index: int) -> str | None:
        """Return the thread that the task was handed over with."""
        given = self.tasks[index]
        return given.thread if isinstance(given, Task) else None

    def _in_time(self, job: Job) -> Job:
        """Return *job* with no more time than the batch has left. Raises UsageError when none is left."""
        if self.deadline is None:
            return job
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise UsageError("the batch's time was over before this task began")
        timeout_s = min(job.task.timeout_s or job.setup.policy.limits.run_seconds, left)
        return replace(job, task=replace(job.task, timeout_s=timeout_s))


@asynccontextmanager
async def _copy(repository: Repository, threads: Threads, thread: str, tell: Emit) -> AsyncIterator[Copy]:
    manager = lasting_copy(repository, threads.file.state, thread, tidier(threads, tell))
    try:
        yield await to_the_end(manager.__enter__)
    finally:
        await to_the_end(partial(manager.__exit__, None, None, None))


def _broken(given: Given, error: str) -> Result:
    """Return the result of a task that failed before it had one, with the keys of every result."""
    thread = given.thread if isinstance(given, Task) else None
    empty: Json = {
        "summary": "",
        "route": None,
        "attempts": [],
        "steps": [],
        "verified": {},
        "cost_usd": 0.0,
        "saved": None,
    }
    ends: Json = {"thread": thread, "error": error, "unblock": [], "notes": [], "warnings": []}
    told: Json = {"status": "failed", "verdict": "failed", "cause": None, **empty, **ends}
    return Result(status="failed", json=enveloped(told, time=moment(time.time())))
