"""What stands between Hermes and a delegate_task that Hermes carries out: by our provider, or by itself.

1. Our provider has the children: Hermes goes on, and the result says which of the arguments nobody takes.
2. The policy says `off` or `observe`: Hermes, untouched; `explain`: its result tells where each task would go.
3. Else our side is not in order: the program is missing or silent, or `delegation.*` does not name us. Then Hermes
   delegates by itself, to the model that it is set to, and its result says why. It does so only where no task looks
   private and the settings allow it. What looks private gets an error result.

A middleware's exception would make Hermes delegate, so none leaves this one but Hermes' own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..arguments import NOTHING_GIVEN, list_of_tasks, tasks_of
from ..conversation import lineage_of
from ..gate import instead_of_block
from ..seam import native
from ..settings import folder_here, plugin_settings
from .fields import DELEGATION_FIELDS
from .observe import observed_route
from .verdict import Verdict, broken, carried_out, own_mistake

# What Hermes takes of a call and of a task (0.22.2, tools/delegate_tool.py); some only for old transcripts.
_OF_HERMES = (
    *("goal", "context", "tasks", "output_schema", "images", "group", "role", "action", "subagent_id", "message"),
    *("background", "max_iterations", "acp_command", "acp_args"),
)
_ELSEWHERE = "`delegation.*` in Hermes' config.yaml does not name profile-router; `profile-router install` writes it"


def on_tool(**call: Any) -> Any:
    """Stand between Hermes and its tools; only delegate_task is of interest here."""
    args, next_call = call.get("args"), call["next_call"]
    if call.get("tool_name") != "delegate_task":
        return next_call(args)
    try:
        verdict = _verdict(args, call.get("session_id"))
    except Exception as error:
        verdict = own_mistake(error)
    return instead_of_block(carried_out(verdict, args, next_call), call.get("session_id"))


def _verdict(args: Any, session: object) -> Verdict:
    tasks = tasks_of(args)
    if tasks is None:
        return Verdict()
    if native():
        unused = _unused(args)
        return Verdict(
            note={"notes": [f"not used: {', '.join(unused)} (a task takes {', '.join(DELEGATION_FIELDS)})"]}
            if unused
            else None
        )
    settings = plugin_settings()
    if settings.problem:
        return broken(tasks, settings, settings.problem)
    asked = [{**task, "sessions": lineage_of(session) or None} for task in tasks]
    looked = observed_route(asked, session, settings, folder_here())
    if looked.problem:
        return broken(tasks, settings, looked.problem)
    if looked.mode == "explain":
        return Verdict(note={"mode": "explain", "routes": list(looked.routes)})
    if looked.mode == "on":
        return broken(tasks, settings, _ELSEWHERE, seen=looked.private_paths)
    return Verdict()


def _unused(args: Mapping[str, Any]) -> list[str]:
    """Return the names of arguments that neither Hermes nor we take: the model would believe that they counted."""
    given = (args, *(task for task in list_of_tasks(args.get("tasks")) or () if isinstance(task, Mapping)))
    names = {
        str(name)[:80] for one in given for name in one if name not in _OF_HERMES and one[name] not in NOTHING_GIVEN
    }
    return sorted(names)[:20]
