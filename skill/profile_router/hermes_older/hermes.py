"""The few places inside the running Hermes that the plugin touches. None of them fails where Hermes has changed.

A name that moved between Hermes 0.19 and 0.22 is looked for wherever one of them has it.
"""

from __future__ import annotations

import copy
import importlib
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

# Hermes' gateway looks every five seconds; how long a turn may give no sign of life is its operator's to say.
_BETWEEN_SIGNS_S = 1.0
_LONGEST_LINE = 200
_FILE_PLACES = ("tools.file_tools_paths", "tools.file_tools")
_APPROVAL_PLACES = ("tools.approval_context", "tools.approval")
# What a routed delegate_task takes besides Hermes' own arguments.
_OPTIONS: dict[str, Any] = {
    "profile": {
        "type": "string",
        "description": "Run the subagent under this Hermes profile. Leave it out: each task finds its own.",
    },
    "toolsets": {
        "type": "array",
        "items": {"type": "string"},
        "description": "Toolsets the subagent may use, such as file or terminal.",
    },
    "max_turns": {"type": "integer", "description": "Model calls of one attempt, at most."},
}


def _found(name: str, *places: str) -> Any:
    """Return *name* of the first of the modules *places* that has it. Raises LookupError where none has."""
    for place in places:
        with suppress(ImportError):
            module = importlib.import_module(place)
            if hasattr(module, name):
                return getattr(module, name)
    raise LookupError(name)


def show_options(ctx: Any) -> None:
    """Put our options into the schema of delegate_task, where the operator grants that; else nothing changes.

    The grant is Hermes': `plugins.entries.profile-router.allow_tool_override: true` in config.yaml. Only the tool's
    description changes; Hermes' own handler stays, and the options are honoured with or without the grant.
    """
    with suppress(Exception):
        importlib.import_module("tools.delegate_tool")  # Hermes' own; it registers the tool
        entry = importlib.import_module("tools.registry").registry.get_entry("delegate_task")
        fitted = entry.dynamic_schema_overrides() if entry.dynamic_schema_overrides else {}
        schema = copy.deepcopy({**entry.schema, **fitted})
        properties = schema["parameters"]["properties"]
        properties |= _OPTIONS
        properties["tasks"]["items"]["properties"] |= _OPTIONS
        ctx.register_tool(
            "delegate_task",
            entry.toolset,
            schema,
            entry.handler,
            check_fn=entry.check_fn,
            emoji=entry.emoji,
            override=True,
        )


def _says(place: str, name: str) -> bool:
    with suppress(Exception):
        return bool(getattr(importlib.import_module(place), name)())
    return False


PAUSED = "delegation is paused: the operator has to clear that in /agents first"


def paused() -> bool:
    """Tell whether the operator has frozen Hermes' delegation: that holds for ours as well."""
    return _says("tools.delegate_tool", "is_spawn_paused")


def interrupted() -> bool:
    """Tell whether the user has interrupted the turn that this thread works for."""
    return _says("tools.interrupt", "is_interrupted")


def folder_of(task_id: object) -> str:
    """Return the folder in which Hermes' own tools work for *task_id* now; empty where that is not a folder of ours.

    One process may serve several chats, each in a folder of its own: an editor's, a dashboard's.
    """
    try:
        elsewhere = _found("_uses_container_paths", *_FILE_PLACES)
        known = isinstance(task_id, str) and task_id and not elsewhere(task_id)
        found = _found("_authoritative_workspace_root", *_FILE_PLACES)(task_id) if known else None
        return str(found or importlib.import_module("agent.runtime_cwd").resolve_agent_cwd())
    except Exception:
        return ""


def agrees(question: str) -> bool | None:
    """Ask Hermes' user about a price by Hermes' own approval; return the answer, None where nobody can give one."""
    return _approved("delegate_task", question)


def allows(question: str) -> bool | None:
    """Ask about running code of the repository, apart from prices. So "always" to one says nothing of the other."""
    return _approved("profile_router_check", question)


def _approved(tool: str, question: str) -> bool | None:
    """Return what Hermes' user says; None where nobody can answer.

    With `-z`, in a cron job or in a script no one is there. Hermes approves everything then: not a yes to a price.
    """
    try:
        at_hand = (_found(name, *_APPROVAL_PLACES) for name in ("_is_interactive_cli", "_is_gateway_approval_context"))
        if _single_question() or not any(there() for there in at_hand):
            return None
        said = _found("request_tool_approval", "tools.approval")(tool, question)
        return None if said.get("status") == "approval_required" else bool(said.get("approved"))
    except Exception:
        return None


def _single_question() -> bool:
    """Tell whether Hermes was started for one question, which no person is there to follow; 0.19 does not tell."""
    with suppress(LookupError):
        return bool(_found("_is_single_query_approval_context", *_APPROVAL_PLACES)())
    return False


def alive_sign() -> Callable[[str], None]:
    """Return what to call, again and again, with the router's last line ("": there is none yet).

    It keeps Hermes' activity clock going, as a call that blocks must not look like one that hangs. It also shows each
    new line once where Hermes shows its user what tools do. That is above the prompt of `hermes chat`, or a message in
    a messenger. To be made and called in the thread in which Hermes called us.
    """
    agent = _agent()
    now = time.monotonic()
    state = {"last_touch": now, "start": now, "interval": _BETWEEN_SIGNS_S}
    shown = ""

    def alive(line: str) -> None:
        nonlocal shown
        if line != shown:
            shown = line
            _show(agent, f"🧭 {line}")
        with suppress(Exception):
            hermes = importlib.import_module("tools.environments.base")
            hermes.touch_activity_if_due(state, f"profile-router: {line or 'measuring the task'}")

    return alive


def tell_once(line: str) -> None:
    """Show *line* once, where whoever talks with Hermes' agent sees its tools at work."""
    _show(_agent(), f"🧭 {line}")


def _agent() -> Any:
    """Return Hermes' agent that this thread works for: the one whose clock a tool is to touch. None if unknown."""
    with suppress(Exception):
        base = importlib.import_module("tools.environments.base")
        found = getattr(base, "get_activity_callback", None) or base._get_activity_callback
        return getattr(found(), "__self__", None)
    return None


def _show(agent: Any, line: str) -> None:
    """Show *line*, where whoever talks with *agent* sees its tools at work (not with -z, -Q or tool_progress off)."""
    with suppress(Exception):
        tools = agent.tool_progress_callback
        if tools is None or getattr(getattr(tools, "__self__", None), "tool_progress_mode", "all") == "off":
            return
        text = "".join(char if char.isprintable() else " " for char in line)[:_LONGEST_LINE]
        if agent.status_callback is not None:
            agent.status_callback("lifecycle", text)
        else:
            agent._vprint(f"  ┊ {text}", force=True)  # silent where Hermes' output is for a program
