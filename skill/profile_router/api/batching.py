"""Run several tasks at once: writers in copies of their own, merged in their order. The command `batch` asks here."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from profile_router.api.given import environment_given, folder_given, path_given, seconds_given, task_given
from profile_router.api.run_values import BatchResult, RunResult
from profile_router.api.surroundings import Tell, foreign_held_back, imported, run_to_end, telling
from profile_router.core.task import Task
from profile_router.core.telling.envelope import enveloped
from profile_router.core.text import USD_DIGITS
from profile_router.errors import RouterError, UsageError
from profile_router.ledger.schema import moment
from profile_router.policies.file import found_policy
from profile_router.ports import Approver

GivenTask = str | Task | Mapping[str, Any] | RouterError


def batch(
    tasks: Sequence[GivenTask],
    *,
    policy: str | os.PathLike[str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    on_event: Tell | None = None,
    approver: Approver | None = None,
    timeout: float | None = None,
) -> BatchResult:
    """Run *tasks* at once, each as `run` does it, and return how they ended, in their order.

    Each of *tasks* is a goal, a Task, or a mapping with a `goal` and the fields of `--tasks-json`. `TaskFields` tells
    their units. What is wrong with one is its own result, `failed` with its `error`. A RouterError may stand in its
    place. *policy* is the path of the file to decide by; its `limits.parallel` says how many run at once. *cwd* is the
    folder that paths start from. *environ* stands for this process' environment, by name. *on_event* is called with
    each event of each task; its `json` has `task_index`, from 0. *approver* is asked as in `run`. *timeout* bounds the
    whole batch, in seconds of wall clock; None: each task has its own.

    A writer works in a copy of its git repository. Its changes are merged in the order of the tasks. Costs are in USD,
    by the `cost_source` of each attempt. Times are in seconds.

    Raises UsageError for no task or a wrong argument, and PolicyError for a wrong policy. Raises StateError where our
    state folder cannot be used. Each is a RouterError with a complete message. Raises RuntimeError inside a running
    event loop, where `abatch` is to be awaited. A KeyboardInterrupt ends all that it started.
    """
    return run_to_end(
        "batch",
        lambda: abatch(
            tasks, policy=policy, cwd=cwd, environ=environ, on_event=on_event, approver=approver, timeout=timeout
        ),
    )


async def abatch(
    tasks: Sequence[GivenTask],
    *,
    policy: str | os.PathLike[str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    on_event: Tell | None = None,
    approver: Approver | None = None,
    timeout: float | None = None,
) -> BatchResult:
    """Do what `batch` does, in the running event loop. Cancelling it ends all that it started.

    *tasks*, *policy*, *cwd*, *environ*, *on_event*, *approver* and *timeout* are those of `batch`. Raises
    UsageError, PolicyError and StateError as it does.
    """
    started = time.monotonic()
    given = _given(tasks)
    seconds = seconds_given(timeout)
    with foreign_held_back() as whole:
        around, file = environment_given(environ, whole), path_given(policy, "policy")
        parallel = found_policy(file, around).limits.parallel
        await asyncio.to_thread(imported, "profile_router.runs.batch")
        from profile_router.runs.batch import run_batch
        from profile_router.runs.result import batch_status

        results = await run_batch(
            given,
            file,
            around,
            folder_given(cwd),
            telling(on_event),
            parallel=parallel,
            seconds=seconds,
            approver=approver,
        )
    told = {
        "status": batch_status([one.status for one in results]),
        "tasks": len(results),
        "cost_usd": round(sum(one.json["cost_usd"] for one in results), USD_DIGITS),
        "seconds": round(time.monotonic() - started, 2),
        "results": [RunResult.of(one.json, one) for one in results],
    }
    return BatchResult.of(enveloped(told, time=moment(time.time())))


def _given(tasks: Sequence[GivenTask]) -> list[Task | RouterError]:
    """Return the tasks as they are run, what is wrong with one in its place. Raises UsageError for none."""
    if isinstance(tasks, str | Mapping) or not isinstance(tasks, Sequence) or not tasks:
        raise UsageError("batch takes a list of one or more tasks, each a goal, a Task, or a mapping with a goal")
    return [_task(one, number) for number, one in enumerate(tasks, 1)]


def _task(one: GivenTask, number: int) -> Task | RouterError:
    if isinstance(one, RouterError):
        return one
    try:
        if isinstance(one, str | Task):
            return task_given(one, {})
        if not isinstance(one, Mapping):
            raise UsageError(f"it is a {type(one).__name__} (allowed: a goal, a Task, or a mapping with a goal)")
        return task_given(one.get("goal", ""), {name: value for name, value in one.items() if name != "goal"})
    except RouterError as error:
        return UsageError(f"task {number}: {error}")
