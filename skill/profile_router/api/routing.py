"""Ask where a task would go. As light as the command `route`, which asks here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from profile_router.api.given import environment_given, folder_given, path_given, task_given
from profile_router.api.route_values import RouteResult
from profile_router.core.task import Task
from profile_router.runs.route import route_task

if TYPE_CHECKING:
    from typing import Unpack

    from profile_router.api.task_schema import TaskFields


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

    *task* is its goal, with *fields* named as in `--task-json`; `TaskFields` tells their units. Or it is a Task, which
    has them all. *policy* is the path of the file to decide by; None: the user's, else the shipped one. *cwd* is the
    folder that paths start from. *environ* stands for this process' environment, by name. With *wait* the index of the
    repository is made whole first, however many seconds that takes. The answer is noted in the ledger.

    Sizes are in files, lines and tokens, each with its `source`: measured, stated or guessed. Costs are in USD, as
    `usd_source` says: by the policy, or by the published table of the library genai-prices. Times are in seconds.

    A refusal is an answer too, with `status` `refused`. Raises UsageError for a wrong task or argument, and PolicyError
    for a wrong policy. Raises ProfileError for a wrong profile, and UnknownProfile where none has that name. Raises
    WorkspaceError for a wrong folder. Each is a RouterError with a complete message.
    """
    found = route_task(
        task_given(task, fields),
        path_given(policy, "policy"),
        environment_given(environ, os.environ),
        folder_given(cwd),
        wait=wait,
    )
    return RouteResult.of(found.json, found)
