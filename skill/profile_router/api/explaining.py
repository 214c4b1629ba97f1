"""Tell the Hermes plugin where tasks would go, under a policy that only explains or observes: one event for each."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from profile_router.api.event_values import ExplainedEvent
from profile_router.core.option_names import in_row
from profile_router.core.task import Task
from profile_router.core.telling.decision import Json, decision_json
from profile_router.core.telling.envelope import enveloped
from profile_router.errors import RouterError, UsageError
from profile_router.ledger.schema import moment
from profile_router.runs.route import observe_task, route_task


def explained(
    tasks: Sequence[Task | UsageError], policy_file: str | None, *, observes: bool = False
) -> Iterator[ExplainedEvent]:
    """Yield for each of *tasks* where it would go; of what cannot be a task or a route, its `error`.

    *observes*: Hermes begins them by itself now, and the ledger has each as such.
    """
    for index, task in enumerate(tasks):
        head: Json = {"event": "result", "status": "explained", "task_index": index}
        said = _told(task, policy_file, index + 1, observes=observes)
        told = enveloped({**head, **said}, time=moment(time.time()))
        yield ExplainedEvent.of(told)


def _told(task: Task | UsageError, policy_file: str | None, number: int, *, observes: bool) -> Json:
    try:
        if isinstance(task, UsageError):
            raise task
        if observes:
            decision, name = observe_task(task, policy_file, dict(os.environ), Path.cwd())
            return {"route": decision_json(decision), "observed": name}
        decision = route_task(task, policy_file, dict(os.environ), Path.cwd()).decision
    except RouterError as error:
        return {"route": None, "error": in_row(error, number)}
    return {"route": decision_json(decision)}
