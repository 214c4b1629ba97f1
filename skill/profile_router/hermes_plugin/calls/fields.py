"""What a delegate_task says of a task that Hermes has no use for. It is taken off, and whoever runs the task finds it.

Hermes 0.22 gives a child goal and context alone. So the fields stay here, under an id that nobody can guess. The id
goes along as the last line of the task's context. What a text says of itself counts for nothing: such a line that was
there before is taken out. A Hermes whose delegation providers take parameters needs none of this.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from ..arguments import NOTHING_GIVEN, list_of_tasks, read_field, spawns
from ..seam import backend, native

# Those of a task that the router takes. The first few hold for all tasks of a call that says them beside its tasks.
SHARED = ("profile", "toolsets", "max_turns", "local_only", "max_cost", "check")
OF_ONE = ("files",)
DELEGATION_FIELDS = (*SHARED, *OF_ONE)
_LINE = re.compile(r"^[^\S\n]*\[profile-router task (?P<id>[0-9a-f]{32})\][^\S\n]*(?:\n|\Z)", re.MULTILINE)
_MOST = 2_000  # tasks that are remembered; the oldest are forgotten
_lock = threading.Lock()
_given: OrderedDict[str, Mapping[str, Any]] = OrderedDict()


def on_delegation(**call: Any) -> dict[str, Any] | None:
    """Take our fields off a delegate_task before Hermes sees it; None where there is nothing to change.

    What goes wrong here ends the call: without its fields a task might go where it must not.
    """
    args = call.get("args")
    if call.get("tool_name") != "delegate_task" or not isinstance(args, Mapping) or not spawns(args.get("action")):
        return None
    try:
        return _taken_off(args) if native() and not backend() else None
    except Exception as error:
        return _refused(f"profile-router failed ({type(error).__name__}: {error})")


def _refused(why: str) -> dict[str, Any]:
    """Return the call that Hermes answers with an error which repeats *why*."""
    return {"args": {"action": f"refused: {why}"}}


def _taken_off(args: Mapping[str, Any]) -> dict[str, Any] | None:
    tasks = list_of_tasks(args.get("tasks"))
    if tasks is None:
        return None
    if not tasks:
        changed = _one(args, {})
        return None if changed == args else {"args": changed}
    if beside := [name for name in OF_ONE if args.get(name) not in NOTHING_GIVEN]:
        return _refused(f"{' and '.join(beside)} beside tasks would reach no subagent: write it into each task")
    shared = {name: read_field(name, args[name]) for name in SHARED if args.get(name) not in NOTHING_GIVEN}
    rest = {name: value for name, value in args.items() if name not in DELEGATION_FIELDS}
    return {"args": {**rest, "tasks": [_one(task, shared) if isinstance(task, Mapping) else task for task in tasks]}}


def _one(task: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return *task* as Hermes gets it, its fields noted; those of the call hold where it says nothing itself."""
    of_task = {name: read_field(name, task[name]) for name in DELEGATION_FIELDS if task.get(name) not in NOTHING_GIVEN}
    fields = joined_fields(shared, of_task)
    rest = {name: value for name, value in task.items() if name not in DELEGATION_FIELDS}
    context = rest.get("context")
    before = _LINE.sub("", context) if isinstance(context, str) else context
    if not fields:
        return rest if before == context else {**rest, "context": before}
    said = before if isinstance(before, str) else "" if before in NOTHING_GIVEN else read_field("context", before)
    return {**rest, "context": f"{said}\n\n{hand_over(fields)}" if said else hand_over(fields)}


def joined_fields(shared: Mapping[str, Any], of_task: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a task: *of_task* beat those of the call, *shared*, but no bound is taken back."""
    found = {**shared, **of_task}
    if shared.get("local_only") or of_task.get("local_only"):
        found["local_only"] = shared.get("local_only") or of_task["local_only"]
    for name in ("max_cost", "max_turns"):
        said = [one[name] for one in (shared, of_task) if name in one]
        if said and all(isinstance(one, int | float) and not isinstance(one, bool) for one in said):
            found[name] = min(said)
    return found


def hand_over(fields: Mapping[str, Any]) -> str:
    """Keep *fields*, and return the line by which they are found again."""
    name = secrets.token_hex(16)
    with _lock:
        _given[name] = dict(fields)
        while len(_given) > _MOST:
            _given.popitem(last=False)
    return f"[profile-router task {name}]"


def taken(text: str) -> tuple[str, dict[str, Any]]:
    """Return *text* without the lines that stand for fields, and the fields; empty without a line of ours.

    The same child may be asked for several times: they stay. Of several ids the last counts, which is ours.
    """
    names = [found["id"] for found in _LINE.finditer(text)]
    with _lock:
        known = [_given[name] for name in names if name in _given]
    return _LINE.sub("", text).rstrip() if names else text, dict(known[-1]) if known else {}
