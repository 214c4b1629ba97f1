"""Read a task from one JSON object: for programs, whose texts would not fit a command line. Strict, like the policy."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from profile_router.adapters.content import shown
from profile_router.core.conversation import Conversation, Turn
from profile_router.core.task import Facts, Task
from profile_router.errors import UsageError

_MOST = 10**9
_LONGEST_SECONDS = 10**7
_LONGEST_WORD = 24  # shorter than the tokens and keys that one might write


def task_from_json(raw: bytes) -> Task:
    """Return the task that *raw* describes: a `goal`, and what else a task may have; null counts as left out.

    Raises UsageError for anything but one object, for unknown or doubled keys, and for values of a wrong kind.
    """
    try:
        found = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        said = shown(str(error))
        raise UsageError(f"--task-json: stdin holds no JSON object ({said}); allowed: {_allowed(_TASK)}") from None
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
    given = _values(found, _TASK, "")
    if not given.get("goal", "").strip():
        raise UsageError("--task-json: 'goal' is missing or empty; say there what to do")
    return Task(**given)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        doubled = next(key for key, _ in pairs if [name for name, _ in pairs].count(key) > 1)
        raise ValueError(f"the key {_named(doubled)} stands twice")
    return found


def _values(found: object, table: Mapping[str, tuple[str, Callable[[Any, str], Any]]], where: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise UsageError(f"--task-json: {where.rstrip('.') or 'stdin'} must be a JSON object with {_allowed(table)}")
    values = {}
    for key, value in found.items():
        if key not in table:
            raise UsageError(f"--task-json: unknown key {_named(key, where)} (allowed: {_allowed(table)})")
        name, reader = table[key]
        if value is not None:
            values[name] = reader(value, f"{where}{key}")
    return values


def _allowed(table: Mapping[str, object]) -> str:
    return ", ".join(table)


def _wrong(where: str, value: object, wanted: str) -> UsageError:
    return UsageError(f"--task-json: '{where}' is {_told(value)} (allowed: {wanted})")


def _told(value: object) -> str:
    """Return *value* if it is a number or a word, else only what it is: it may be the task in a wrong place."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object of {len(value)} keys"
    if isinstance(value, str) and not _is_word(value):
        return f"a text of {len(value):,} characters"
    return json.dumps(value)[:80]


def _named(key: str, where: str = "") -> str:
    return f"'{where}{key}'" if _is_word(key) else f"of {len(key):,} characters{f' in {where}' * bool(where)}"


def _is_word(text: str) -> bool:
    return len(text) <= _LONGEST_WORD and text.isprintable() and " " not in text


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
    if not number or not 0 < value <= _LONGEST_SECONDS:
        raise _wrong(where, value, "seconds, more than 0")
    return float(value)


def _usd(value: Any, where: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= _MOST:
        raise _wrong(where, value, "USD, 0 or more")
    return float(value)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(where, value, "true or false")
    return value


def _facts(value: Any, where: str) -> Facts:
    return Facts(**_values(value, {name: (name, _count) for name in Facts.__dataclass_fields__}, f"{where}."))


def _role(value: Any, where: str) -> str:
    if value not in ("user", "assistant"):
        raise _wrong(where, value, "user or assistant")
    return str(value)


def _conversation(value: Any, where: str) -> Conversation:
    if not isinstance(value, list):
        raise _wrong(where, value, "a list of turns, each with role and text")
    turns = [_values(item, _TURN, f"{where}.") for item in value]
    if any(len(turn) < len(_TURN) for turn in turns):
        raise UsageError(f"--task-json: a turn of '{where}' lacks its role or its text; give both")
    return tuple(Turn(**turn) for turn in turns)


_TURN: Mapping[str, tuple[str, Callable[[Any, str], Any]]] = {"role": ("role", _role), "text": ("text", _text)}
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
    "max_cost": ("max_cost_usd", _usd),
    "conversation": ("conversation", _conversation),
    "sessions": ("sessions", _texts),
}
