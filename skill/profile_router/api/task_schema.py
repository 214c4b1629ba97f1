"""What a task may say: its fields as a type. And the JSON Schema of a task, and of a list of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

from profile_router.api.task_fields import FACTS, TASK, TURN, TaskField

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EXAMPLES = (
    {"goal": "fix the typo", "files": ["README.md"]},
    {"goal": "make the retry delay configurable", "files": ["src/http.py"], "check": "pytest -q", "max_cost": 0.5},
)


_GivenPath = str | os.PathLike[str]


class TaskFields(TypedDict, total=False):
    """What a task may say besides its goal; each may be left out, or be None.

    `context` is text for the prompt, up to 8 MB. `files` and `images` are paths that it is about. `workspace` is the
    folder to work in; the default is the repository around the current one. `profile` names a profile, which a private
    task overrules. `local_only` keeps the task on this machine. `facts` are sizes that are known, in files and lines:
    files_to_read, files_to_edit, lines_to_edit.

    For a run: `check` is a shell command that must succeed afterwards. `max_cost` is the most it may cost in USD; 0
    asks no paid model. `timeout` is in seconds of wall clock, `max_turns` the model calls of an attempt. `toolsets` are
    the tools, by Hermes' names. `thread` is the conversation to go on with. `conversation` are turns, each with role
    and text, held in `sessions` of Hermes. `proposed_check` is a command that a model wants. `whole_answer`: the
    summary is not cut.
    """

    context: str | None
    files: Sequence[_GivenPath] | None
    images: Sequence[_GivenPath] | None
    workspace: _GivenPath | None
    profile: str | None
    local_only: bool | None
    toolsets: Sequence[str] | None
    max_turns: int | None
    thread: str | None
    check: str | None
    timeout: float | None
    max_cost: float | None
    facts: Mapping[str, int] | None
    conversation: Sequence[Mapping[str, str]] | None
    sessions: Sequence[str] | None
    proposed_check: str | None
    whole_answer: bool | None


def task_schema() -> dict[str, Any]:
    """Return the schema of one task. What may be left out may be null."""
    return {"$schema": DIALECT, "title": "A task", **_object(TASK, required=("goal",)), "examples": [*_EXAMPLES]}


def tasks_schema() -> dict[str, Any]:
    """Return the schema of the list that `batch` reads."""
    one = _object(TASK, required=("goal",))
    return {
        "$schema": DIALECT, "title": "Tasks", "type": "array", "minItems": 1, "items": one, "examples": [[*_EXAMPLES]]
    }  # fmt: skip


def _object(fields: Sequence[TaskField], required: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {one.key: _value(one, needed=one.key in required) for one in fields},
        "required": [*required],
        "additionalProperties": False,
    }


def _value(one: TaskField, *, needed: bool) -> dict[str, Any]:
    schema = one.schema() if one.key not in _NESTED else _NESTED[one.key]()
    told = {"description": text} if (text := one.settings.get("help")) else {}
    return {**schema, **told} if needed else {**schema, "type": [schema["type"], "null"], **told}


_NESTED: Mapping[str, Callable[[], dict[str, Any]]] = {
    "facts": lambda: _object(FACTS),
    "conversation": lambda: {"type": "array", "items": _object(TURN, required=[one.key for one in TURN])},
}
