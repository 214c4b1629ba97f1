"""Ask where a task would go. As light as the command `route`, which asks here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from profile_router.api.given import task_given
from profile_router.api.route_values import RouteResult
from profile_router.core.task import Task
from profile_router.runs.route import route_task

if TYPE_CHECKING:
    from typing import Unpack

    from profile_router.api.given import TaskFields


def route(
    task: str | Task,
    *,
    policy: str | os.PathLike[str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    wait: bool = False,
    **fields: Unpack[TaskFields],
) -> RouteResult:
    """Return where *task* would go and why, offline: no model and no server is asked.

    The goal is a text, and *fields* are named as in `--task-json` (`TaskFields`). *policy* is the file to decide by;
    *cwd* and *environ* stand for the current folder and this process' environment. With *wait* the index of the
    repository is made whole first, however long that takes. The answer is noted in the ledger.

    A refusal is an answer too, with `status` `refused`. Raises RouterError, whose message is complete, for a wrong
    task, policy or profile.
    """
    found = route_task(
        task_given(task, fields),
        None if policy is None else os.fspath(policy),
        dict(os.environ if environ is None else environ),
        Path.cwd() if cwd is None else Path(cwd),
        wait=wait,
    )
    return RouteResult.of(found.json, found)
