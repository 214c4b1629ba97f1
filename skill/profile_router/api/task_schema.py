"""The JSON Schema of a task, and of a list of them, made of the same fields that read one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from profile_router.api.task_fields import FACTS, TASK, TURN, TaskField

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EXAMPLES = (
    {"goal": "fix the typo", "files": ["README.md"]},
    {"goal": "make the retry delay configurable", "files": ["src/http.py"], "check": "pytest -q", "max_cost": 0.5},
)


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
