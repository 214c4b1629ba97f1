"""Read a task from one JSON object: for programs, whose texts would not fit a command line. Strict, like the policy."""

from __future__ import annotations

import json
from typing import Any

from profile_router.cli.task_fields import TASK, shown_key, values_of
from profile_router.core.task import Task
from profile_router.core.text import shown, utf8
from profile_router.errors import UsageError


def task_from_json(raw: bytes) -> Task:
    """Return the task that *raw* describes: a `goal`, and what else a task may have; null counts as left out.

    Raises UsageError for anything but one object, for unknown or doubled keys, and for values of a wrong kind.
    """
    try:
        found = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        allowed = ", ".join(one.key for one in TASK)
        raise UsageError(f"--task-json: stdin holds no JSON object ({shown(str(error))}); allowed: {allowed}") from None
    return _task(found)


def tasks_from_json(raw: bytes) -> list[Task | UsageError]:
    """Return the tasks of the JSON list *raw*, what is wrong with one in its place. Raises UsageError for no list."""
    try:
        found = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        said = shown(str(error))
        raise UsageError(f"--tasks-json: stdin holds no JSON list ({said}); allowed: a list of tasks") from None
    if not isinstance(found, list) or not found:
        raise UsageError("--tasks-json: stdin must hold a JSON list of one or more tasks")
    tasks: list[Task | UsageError] = []
    for one in found:
        try:
            tasks.append(_task(one))
        except UsageError as error:
            tasks.append(error)
    return tasks


def _task(found: object) -> Task:
    given = values_of(found, TASK)
    if not given.get("goal", "").strip():
        raise UsageError("--task-json: goal is missing or empty; say there what to do")
    return Task(**given)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        doubled = next(key for key, _ in pairs if [name for name, _ in pairs].count(key) > 1)
        raise ValueError(f"the key {shown_key(doubled)} stands twice")
    return {key: _whole(value) for key, value in found.items()}


def _whole(value: Any) -> Any:
    """Return a text, or the texts of a list, without the halves of characters that JSON can spell."""
    if isinstance(value, list):
        return [utf8(one) if isinstance(one, str) else one for one in value]
    return utf8(value) if isinstance(value, str) else value
