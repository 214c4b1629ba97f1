"""Read a task from one JSON object: for programs, whose texts would not fit a command line. Strict, like the policy."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from profile_router.core.task import Facts, Task
from profile_router.errors import UsageError

_MOST = 10**9
_LONGEST_SECONDS = 10**7


def task_from_json(raw: bytes) -> Task:
    """Return the task that *raw* describes: a `goal`, and what else a task may have; null counts as left out.

    Raises UsageError for anything but one object, for unknown or doubled keys, and for values of a wrong kind.
    """
    try:
        found = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--task-json: stdin holds no JSON object ({error}); allowed: {_allowed(_TASK)}") from None
    given = _values(found, _TASK, "")
    if not given.get("goal", "").strip():
        raise UsageError("--task-json: 'goal' is missing or empty; say there what to do")
    return Task(**given)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        doubled = next(key for key, _ in pairs if [name for name, _ in pairs].count(key) > 1)
        raise ValueError(f"the key '{doubled}' stands twice")
    return found


def _values(found: object, table: Mapping[str, tuple[str, Callable[[Any, str], Any]]], where: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise UsageError(f"--task-json: {where.rstrip('.') or 'stdin'} must be a JSON object with {_allowed(table)}")
    values = {}
    for key, value in found.items():
        if key not in table:
            raise UsageError(f"--task-json: unknown key '{where}{key[:80]}' (allowed: {_allowed(table)})")
        name, reader = table[key]
        if value is not None:
            values[name] = reader(value, f"{where}{key}")
    return values


def _allowed(table: Mapping[str, object]) -> str:
    return ", ".join(table)


def _wrong(where: str, value: object, wanted: str) -> UsageError:
    return UsageError(f"--task-json: '{where}' is {json.dumps(value)[:80]} (allowed: {wanted})")


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _wrong(where, value, "text")
    return value.encode("utf-8", "replace").decode()


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _wrong(where, value, "a list of texts")
    return tuple(_text(item, where) for item in value)


def _count(value: Any, where: str, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _MOST:
        raise _wrong(where, value, f"a whole number, {least} or more")
    return value


def _positive(value: Any, where: str) -> int:
    return _count(value, where, 1)


def _seconds(value: Any, where: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not 0 < value <= _LONGEST_SECONDS:
        raise _wrong(where, value, "seconds, more than 0")
    return float(value)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(where, value, "true or false")
    return value


def _facts(value: Any, where: str) -> Facts:
    return Facts(**_values(value, {name: (name, _count) for name in Facts.__dataclass_fields__}, f"{where}."))


# key: the field of Task that it sets, and how it is read
_TASK: Mapping[str, tuple[str, Callable[[Any, str], Any]]] = {
    "goal": ("goal", _text),
    "context": ("context", _text),
    "files": ("files", _texts),
    "images": ("images", _texts),
    "workspace": ("workspace", _text),
    "toolsets": ("toolsets", _texts),
    "max_turns": ("max_turns", _positive),
    "profile": ("profile", _text),
    "thread": ("thread", _text),
    "facts": ("facts", _facts),
    "local_only": ("local_only", _flag),
    "check": ("check", _text),
    "timeout": ("timeout_s", _seconds),
}
