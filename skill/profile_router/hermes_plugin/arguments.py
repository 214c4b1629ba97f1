"""What a model wrote into a delegate_task, as the router takes it. Models write lists and numbers as text, too."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

# Keys of a task as the router reads them. The first few hold for all tasks of a batch where the call gives them.
_SHARED = ("profile", "toolsets", "max_turns", "workspace", "local_only", "check")
_OF_A_TASK = ("goal", "context", "files", "images", "thread", "facts", "timeout")
# A person's `check` runs as it is written. A model's check is jailed, and runs only once a person agreed.
_OF_ROUTER = {"check": "proposed_check"}
_TASK = (*_SHARED, *_OF_A_TASK)
# Hermes' own. The answer says where one of them asks for what cannot be had here. No subagent delegates, and each call
# waits for its own.
_HERMES_OWN = ("role", "background", "action")
_UNMET = {
    "background": "this call waited for its subagents: no background here",
    "role": "no subagent delegates here: role orchestrator counted as leaf",
}
_STARTS = ("", "spawn")  # any other action lists, steers or stops what runs, or is unknown to Hermes as well
NOTHING_GIVEN: tuple[Any, ...] = (None, "", [], {})  # models also fill in what they leave open
_FLAGS = {"true": True, "false": False}


def tasks_of(args: Any) -> list[dict[str, Any]] | None:
    """Return the tasks of a delegate_task, each whole in itself.

    None for a call that is Hermes' own: Hermes refuses it, or it is about a subagent that runs already.
    """
    if not isinstance(args, Mapping) or not spawns(args.get("action")):
        return None
    tasks = list_of_tasks(args.get("tasks"))
    if tasks is None:
        return None
    given = tasks or [args]
    if not all(isinstance(task, Mapping) and str(task.get("goal") or "").strip() for task in given):
        return None
    shared = _given(args, _SHARED)
    label = {"local_only": shared["local_only"]} if shared.get("local_only") else {}  # which no task takes back
    return [{**shared, **_given(task, _TASK), **label} for task in given]


def spawns(action: Any) -> bool:
    """Tell whether Hermes starts subagents on *action*, which it reads so (0.22.2, tools/delegate_tool.py)."""
    return not action or (isinstance(action, str) and action.strip().lower() in _STARTS)


def list_of_tasks(tasks: Any) -> list[Any] | None:
    """Return the list *tasks* of a call, empty where it has none; None for a text of another kind, which is Hermes'."""
    found = _parsed(tasks)
    if found not in NOTHING_GIVEN and isinstance(tasks, str) and not isinstance(found, list):
        return None
    return found if isinstance(found, list) else []


def read_field(name: str, value: Any) -> Any:
    """Return the *value* of the field *name* as the router takes it. The router itself refuses a wrong value."""
    return _READERS[name](value) if name in _READERS else value


def named_for_router(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return *fields* of a task by the names that the router has for what a model says."""
    return {_OF_ROUTER.get(name, name): value for name, value in fields.items()}


def notes_on(args: Mapping[str, Any]) -> list[str]:
    """Return what of a delegate_task that has tasks reached none of them: the model would believe that it counted."""
    tasks = list_of_tasks(args.get("tasks"))
    if not tasks:
        return _unknown([args])
    beside = sorted(str(name) for name in args if name in _OF_A_TASK and args[name] not in NOTHING_GIVEN)
    lost = [f"{', '.join(beside)} beside tasks reached no subagent: write it into each task"] if beside else []
    return lost + _unknown([{name: args[name] for name in args if name != "tasks"}, *tasks])


def _unknown(given: Sequence[Mapping[str, Any]]) -> list[str]:
    known = (*_TASK, *_HERMES_OWN)
    unmet = [said for name, said in _UNMET.items() if any(_wishes(name, one.get(name)) for one in given)]
    found = {str(name)[:80] for one in given for name in one if name not in known and one[name] not in NOTHING_GIVEN}
    return unmet + ([f"not used: {', '.join(sorted(found)[:20])} (a task takes {', '.join(_TASK)})"] if found else [])


def _wishes(name: str, value: Any) -> bool:
    """Tell whether *value* of Hermes' own argument *name* asks for what there is not."""
    return _flag(value) is True if name == "background" else _name(value) == "orchestrator"


def _given(task: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    given = {name: read_field(name, task[name]) for name in names if task.get(name) not in NOTHING_GIVEN}
    return named_for_router(given)


def _parsed(value: Any) -> Any:
    """Return what the text *value* is as JSON, or *value*."""
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            return json.loads(value)
    return value


def _name(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _paths(value: Any) -> Any:
    found = _parsed(value)
    return found if isinstance(found, list) else [value] if isinstance(value, str) else value


def _names(value: Any) -> Any:
    found = _paths(value)
    return [part.strip() for part in value.split(",")] if found == [value] else found


def _number(value: Any) -> Any:
    found = _parsed(value)
    if isinstance(found, float) and found.is_integer():
        return int(found)
    return found if isinstance(found, int | float) else value


def _flag(value: Any) -> Any:
    return _FLAGS.get(value.strip().lower(), value) if isinstance(value, str) else value


def _text(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


_READERS: Mapping[str, Any] = {
    "profile": _name, "toolsets": _names, "files": _paths, "images": _paths, "max_turns": _number,
    "timeout": _number, "max_cost": _number, "local_only": _flag, "context": _text, "facts": _parsed, "check": _text,
}  # fmt: skip
