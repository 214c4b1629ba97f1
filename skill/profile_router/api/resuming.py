"""Go on with a run that was interrupted. The command `resume` asks here."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from profile_router.api.given import environment_given, path_given, thread_given
from profile_router.api.run_values import RunResult
from profile_router.api.surroundings import Tell, foreign_held_back, imported, run_to_end, telling
from profile_router.ports import Approver


def resume(
    thread: str | None = None,
    *,
    policy: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    on_event: Tell | None = None,
    approver: Approver | None = None,
) -> RunResult:
    """Go on with the run of *thread* where its process ended, and return its end. No answer is paid for twice.

    *thread* is its name, as `RunResult.thread` and `profile-router threads` tell it. None: the only one that was
    interrupted. One that has ended gives its last result, and does nothing. *policy* is the path of the file to go on
    under; None: the run's own. *environ* stands for this process' environment, by name. *on_event* and *approver* are
    as in `run`. The run's folder, task and budget are its own. Costs are in USD, by the `cost_source` of each attempt.
    Times are in seconds, those before the interruption too.

    Raises UsageError where no thread, or more than one, could be meant, or where it was undone. Raises PolicyError for
    a wrong policy, ProfileError for a wrong profile, and WorkspaceError where its folder is gone. Raises StateError
    where what was kept cannot be used. Each is a RouterError with a complete message. Raises RuntimeError inside a
    running event loop, where `aresume` is to be awaited. A KeyboardInterrupt ends all that it started; the thread is
    kept.
    """
    return run_to_end(
        "resume",
        lambda: aresume(thread, policy=policy, environ=environ, on_event=on_event, approver=approver),
    )


async def aresume(
    thread: str | None = None,
    *,
    policy: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    on_event: Tell | None = None,
    approver: Approver | None = None,
) -> RunResult:
    """Do what `resume` does, in the running event loop. Cancelling it ends all that it started; its thread is kept.

    *thread*, *policy*, *environ*, *on_event* and *approver* are those of `resume`. Raises UsageError, PolicyError,
    ProfileError, WorkspaceError and StateError as it does.
    """
    name = thread_given(thread)
    with foreign_held_back() as whole:
        around, file = environment_given(environ, whole), path_given(policy, "policy")
        await asyncio.to_thread(imported, "profile_router.runs.resume")
        from profile_router.runs.resume import resume_thread

        result = await resume_thread(name, file, around, telling(on_event), approver)
    return RunResult.of(result.json, result)
