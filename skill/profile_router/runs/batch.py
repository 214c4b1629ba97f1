"""Run the tasks of a batch at the same time, in one process: writers in copies of their own, merged in order."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import defaultdict
from collections.abc import AsyncIterator, Container, Mapping, MutableMapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from profile_router.copies.copy import Copy
from profile_router.copies.ownership import new_copy, stop
from profile_router.copies.placing import Placement, place_for, relocation_to
from profile_router.core.privacy.masked_json import masked_json
from profile_router.core.task import Task
from profile_router.core.telling.decision import Json
from profile_router.errors import RouterError, UsageError
from profile_router.git.merge import DIFFS
from profile_router.git.repository import Repository
from profile_router.ports import Approver, Emit, Event
from profile_router.runs.apart import Apart, to_the_end
from profile_router.runs.result import Finish, Result
from profile_router.runs.route import measured_as_staying
from profile_router.runs.run import drop_foreign, quiet_once_cancelled, run_on, thread_id
from profile_router.runs.setup import Setup, prepare
from profile_router.runs.thread_session import checkpoints
from profile_router.state.folder import state_dir
from profile_router.threads.parent_sessions import ParentSessions
from profile_router.threads.threads import Threads

Given = Task | RouterError


def mark_all(tasks: Sequence[Given], state: Path) -> None:
    """Remember that the sessions of *tasks* have private work. Raises StateError."""
    for one in tasks:
        if isinstance(one, Task):
            ParentSessions(state=state).mark(one.sessions)


_STOPPED = "its batch was stopped, and what it had done by then, if anything, is kept in {}; hand the task over again"


def run_batch(
    tasks: Sequence[Given],
    policy_file: str | None,
    environ: MutableMapping[str, str],
    cwd: Path,
    emit: Emit,
    *,
    parallel: int,
    seconds: float | None = None,
    approver: Approver | None = None,
) -> list[Result]:
    """Run *tasks*, at most *parallel* at once, and return their results in order; an error stands for itself.

    Each result is also an event, as soon as it is there. What goes wrong with one task is its result. *seconds* bounds
    the whole batch: it shortens the time of what begins late. Ctrl-C ends everything.
    """
    batch = _Batch(
        policy_file=policy_file,
        environ=dict(environ),
        cwd=cwd,
        emit=emit,
        deadline=None if seconds is None else time.monotonic() + seconds,
        slots=asyncio.Semaphore(parallel),
        approver=approver,
    )
    drop_foreign(environ)
    return asyncio.run(batch.run(tasks))


@dataclass(slots=True, kw_only=True)
class _Batch:
    """`in_place` is held by whoever changes the workspace itself: one task that works there, or one merge. `done` is
    set, task by task, when no change of it can come any more; `worked` when it reads no file any more."""

    policy_file: str | None
    environ: Mapping[str, str]
    cwd: Path
    emit: Emit
    deadline: float | None
    slots: asyncio.Semaphore
    approver: Approver | None
    in_place: asyncio.Lock = field(default_factory=asyncio.Lock)
    threads: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    done: list[asyncio.Event] = field(default_factory=list)
    worked: list[asyncio.Event] = field(default_factory=list)
    named: list[str | None] = field(default_factory=list)
    saver: Any = None

    async def run(self, tasks: Sequence[Given]) -> list[Result]:
        """Run all, and return their results."""
        quiet_once_cancelled()
        self.done = [asyncio.Event() for _ in tasks]
        self.worked = [asyncio.Event() for _ in tasks]
        self.named = [one.thread if isinstance(one, Task) else None for one in tasks]
        async with checkpoints(state_dir(self.environ), self.environ) as self.saver:
            known = {row.thread for row in self.saver.threads.rows()}
            for one in tasks:
                if self._may_stay_here(one, known):  # what one of them is about, none elsewhere is told of
                    mark_all(tasks, state_dir(self.environ))
                    break
            async with asyncio.TaskGroup() as group:
                running = [group.create_task(self._one(index, given)) for index, given in enumerate(tasks)]
            return [one.result() for one in running]

    def _may_stay_here(self, given: Given, known: Container[str]) -> bool:
        """Tell whether *given* is meant for this machine or may be, where its policy lets a chat go elsewhere at all.

        A thread that is *known* may be private, and a task that cannot be measured too.
        """
        if isinstance(given, RouterError) or not given.sessions:
            return isinstance(given, RouterError)
        try:
            setup = prepare(given, self.policy_file, self.environ, self.cwd)
            return setup.policy.conversation.elsewhere == "turns" and (
                given.thread in known or measured_as_staying(given, setup)
            )
        except RouterError:
            return True

    async def _one(self, index: int, given: Given) -> Result:
        """Run one task to its result, whatever happens to it."""
        started = time.monotonic()

        def tell(event: Event) -> None:
            self.emit({**masked_json(event), "task_index": index})

        try:
            if isinstance(given, RouterError):
                raise given
            setup = prepare(given, self.policy_file, self.environ, self.cwd, every_profile=True)
            result = await self._placed(index, replace(given, thread=thread_id(given.thread)), setup, tell)
        except RouterError as error:
            result = _broken(given, str(error))
        except Exception as error:
            traceback.print_exc()
            result = _broken(given, f"a mistake of profile-router itself: {type(error).__name__}: {error}")
        finally:
            self.done[index].set()
            self.worked[index].set()
        result = replace(result, json=masked_json({**result.json, "seconds": round(time.monotonic() - started, 2)}))
        tell({"event": "result", **result.json})
        return result

    async def _placed(self, index: int, task: Task, setup: Setup, tell: Emit) -> Result:
        place = place_for(task, setup.workspace, setup.cwd, setup.state, setup.policy)
        if place == Placement():
            self.done[index].set()
        async with AsyncExitStack() as held:
            await held.enter_async_context(self.threads[task.thread or ""])
            if place.copy_of is not None:
                return await self._in_copy(index, place.copy_of, task, setup, tell)
            if place.alone:
                await held.enter_async_context(self.in_place)
            await held.enter_async_context(self.slots)
            result = await run_on(
                self.saver, self._in_time(task, setup), setup, task.thread or "", tell, approver=self.approver
            )
        return _noted(result, f"one writer at a time: {place.alone}") if place.alone else result

    async def _in_copy(self, index: int, repository: Repository, task: Task, setup: Setup, tell: Emit) -> Result:
        """Run *task* in a copy of *repository* and bring what it did into the work tree when its turn has come."""
        async with AsyncExitStack() as held:
            slot = await held.enter_async_context(AsyncExitStack())
            await slot.enter_async_context(self.slots)
            copy = await held.enter_async_context(_copy(repository, self.saver.threads, task.thread or "", tell))
            apart = Apart(copy=copy, relocation=relocation_to(copy, task, setup.cwd))

            why = _STOPPED.format(setup.state / DIFFS)

            async def finish(result: Result, again: bool) -> Result:
                nonlocal why
                await slot.aclose()
                self.worked[index].set()
                if setup.policy.promotion.tainted_changes == "back" and _is_tainted(result):
                    await self._all_worked(index)
                for earlier in self.done[:index]:
                    await earlier.wait()
                async with self.in_place:
                    why = ""  # from here on its work is brought back whatever happens
                    return await apart.bring_back(setup.state, task.thread or "", result, again)

            try:
                return await self._run_there(apart, self._in_time(task, setup), setup, tell, finish)
            except asyncio.CancelledError:
                with suppress(RouterError):
                    stop(self.saver.threads, copy, task.thread or "", why)
                raise

    async def _all_worked(self, index: int) -> None:
        """Wait until no other task of the batch reads files: a model elsewhere would find what *index* made of private
        ones. A task that goes on with the same thread begins after this one, and is not waited for."""
        for thread, worked in zip(self.named, self.worked, strict=True):
            if thread is None or thread != self.named[index]:
                await worked.wait()

    async def _run_there(self, apart: Apart, task: Task, setup: Setup, tell: Emit, finish: Finish) -> Result:
        try:
            result = await run_on(
                self.saver,
                task,
                apart.setup(setup),
                task.thread or "",
                apart.emit(tell),
                partial(apart.around, setup),
                approver=self.approver,
                noted={"cwd": str(setup.cwd), "spelled": dict(apart.relocation.spelled)},
                finish=finish,
            )
        except RouterError as error:
            raise UsageError(apart.relocation.back(str(error))) from None
        return apart.result(result)

    def _in_time(self, task: Task, setup: Setup) -> Task:
        """Return *task* with no more time than the batch has left. Raises UsageError where that is none."""
        if self.deadline is None:
            return task
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise UsageError("the batch's time was over before this task began")
        return replace(task, timeout_s=min(task.timeout_s or setup.policy.limits.run_seconds, left))


@asynccontextmanager
async def _copy(repository: Repository, threads: Threads, thread: str, tell: Emit) -> AsyncIterator[Copy]:
    manager = new_copy(repository, threads, thread, tell)
    try:
        yield await to_the_end(manager.__enter__)
    finally:
        await to_the_end(partial(manager.__exit__, None, None, None))


def _is_tainted(result: Result) -> bool:
    check = result.json["verified"]["check"]
    return any(attempt["taints"] for attempt in result.json["attempts"]) or bool(check and check["taints"])


def _noted(result: Result, note: str) -> Result:
    return replace(result, json={**result.json, "notes": [*result.json["notes"], note]})


def _broken(given: Given, error: str) -> Result:
    """Return the result of a task that came to none. The keys are those of every result."""
    thread = given.thread if isinstance(given, Task) else None
    empty: Json = {"summary": "", "route": {}, "attempts": [], "hops": [], "verified": {}, "cost_usd": 0.0}
    ends: Json = {"thread": thread, "error": error, "unblock": [], "notes": [], "warnings": []}
    return Result(status="failed", json={"status": "failed", **empty, **ends})
