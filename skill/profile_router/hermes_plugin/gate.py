"""Before Hermes makes a child: ask once where its price or its check needs a yes. Refuse what a run cannot take.

Hermes' hook `pre_tool_call` comes for each delegate_task. It may block it, or have Hermes ask its user as it asks for a
dangerous command. Where nobody can be asked, the call goes through. A run refuses a step that costs more than the
policy allows without a yes. The other runs go on.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .arguments import named_for_router, tasks_of
from .calls.fields import taken
from .chat_lines import at_a_terminal, show_in_chat, whole_in_panel
from .children import CHILDREN
from .consent import CONSENT
from .conversation import surface_of
from .receipts import usd_for_people
from .seam import native
from .settings import environment, folder_here, folder_of_parent, plugin_settings

_QUOTING_S = 20.0  # Hermes waits 30 for the hook, and blocks the call then
_RULE = "profile-router:price-up-to-{}"  # what is agreed to for ever holds up to that many dollars
# Hermes says so where one question is asked by a script, or by cron: no one is there.
_NOBODY = ("HERMES_SINGLE_QUERY_SESSION", "HERMES_CRON_SESSION")
# Surfaces that programs use. Hermes would block the whole call there, with the tasks that need no yes in it.
_OF_PROGRAMS = frozenset({"api_server", "cron", "msgraph_webhook", "webhook"})
_CHECKS = 3  # are asked about at once, at most: the others with the next call
_ROUTED = (
    *("goal", "context", "files", "images", "workspace", "profile", "toolsets", "max_turns", "local_only"),
    "proposed_check",
)
_RETRY = (
    "nothing was delegated yet: the user said no to running the check, and to nothing else. Call delegate_task again "
    "with the same tasks: they run without it"
)
_NO_STEER = (
    "{thread} is one run of its own and takes no words while it works; stop it (action='stop'), and delegate again "
    "with what it should know"
)


def on_tool_call(**call: Any) -> dict[str, str] | None:
    """Return what Hermes is to do with a delegate_task before it runs: block it, or ask its user; None: go on."""
    if call.get("tool_name") != "delegate_task" or not native():
        return None
    args = call.get("args")
    if isinstance(args, Mapping) and str(args.get("action") or "").strip().lower() == "steer":
        return _steered(str(args.get("subagent_id") or ""))
    tasks = [_with_fields(task) for task in tasks_of(args) or ()]
    if not tasks:
        return None
    show_in_chat(f"{len(tasks)} task{'s' * (len(tasks) != 1)} delegated: looking where each goes")
    return _asked(tasks, str(call.get("session_id") or ""))


def _asked(tasks: Sequence[Mapping[str, Any]], session: str) -> dict[str, str] | None:
    """Return what Hermes is to ask its user before it makes the children of *tasks*; None: nothing."""
    quoted = _prices(tasks) if _somebody(session) else None
    costly = quoted.costly if quoted else {}
    CHILDREN.expect(session, {goal: usd for goal, (usd, _) in costly.items()})
    # elsewhere Hermes may block the call, for nobody can answer; a check that nobody allowed just does not run
    questions = CONSENT.open(quoted.questions) if quoted and at_a_terminal() else ()
    while questions and not whole_in_panel(_question_about(costly, questions)):
        questions = questions[:-1]  # the next call asks about it, or nobody: no yes to what was not shown
    if not costly and not questions:
        return None
    rule = _RULE.format(math.ceil(max(usd for usd, _ in costly.values()))) if costly else ""
    if questions:
        rule = CONSENT.ask(session, questions, rule=rule)
    return {"action": "approve", "message": _question_about(costly, questions), "rule_key": rule}


def _question_about(costly: Mapping[str, tuple[float, str]], questions: Sequence[str]) -> str:
    """Return what Hermes' user is asked about *costly* tasks and by *questions* about running code."""
    told = []
    if costly:
        each = (f"'{_short(goal)}' up to {usd_for_people(usd)} by {profile}" for goal, (usd, profile) in costly.items())
        told = [f"delegate {'; '.join(each)}"]
    if questions:
        told += [*questions, "no: nothing is delegated" if costly else "no: the tasks run without it"]
    return " · ".join(told)


def instead_of_block(result: Any, session: object) -> Any:
    """Return what the model is told of its delegate_task, whose *result* Hermes gives.

    A no to a check alone is not a no to the tasks.
    """
    return json.dumps({"error": _RETRY}) if CONSENT.declined(str(session or "")) else result


def _with_fields(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return *task* with the fields that were taken off it, as it runs."""
    context = task.get("context")
    text, fields = taken(context) if isinstance(context, str) else (context, {})
    return {**task, **({"context": text} if fields else {}), **named_for_router(fields)}


def _somebody(session: str) -> bool:
    return not any(os.environ.get(name) for name in _NOBODY) and surface_of(session) not in _OF_PROGRAMS


def _steered(subagent: str) -> dict[str, str] | None:
    child = CHILDREN.of_subagent(subagent)
    if child is None or not child.running:
        return None
    return {"action": "block", "message": _NO_STEER.format(thread=child.thread)}


@dataclass(frozen=True, slots=True)
class _Quoted:
    """What of some tasks needs a yes. `costly` has the most USD and the profile by goal. `questions` are about running
    code."""

    costly: Mapping[str, tuple[float, str]]
    questions: tuple[str, ...]


def _prices(tasks: Sequence[Mapping[str, Any]]) -> _Quoted | None:
    """Return what of *tasks* needs a yes, None where that is not known.

    What cannot be said here, the run says: it makes no such step without a yes.
    """
    with suppress(Exception):
        quoted = _quoted(tasks)
        each = list(zip(tasks, quoted["tasks"], strict=True))
        limit = float(quoted["ask_above_usd"])
        costly = {
            str(task["goal"]): (float(one["usd"]), str(one["profile"])) for task, one in each if one["usd"] > limit
        }
        return _Quoted(costly, tuple(dict.fromkeys(str(one["asks"]) for _, one in each if one.get("asks")))[:_CHECKS])
    return None


def _quoted(tasks: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    settings = plugin_settings()
    folder = folder_here()
    orders = [{name: task[name] for name in _ROUTED if task.get(name) is not None} for task in tasks]
    said = subprocess.run(
        [*settings.command, "route", "--tasks-json", "-"],
        input=json.dumps([{"workspace": folder or None, **order} for order in orders]),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace",
        timeout=_QUOTING_S, cwd=folder_of_parent(folder), env=environment(), check=True,
    ).stdout  # fmt: skip
    found = json.loads(said)
    if not isinstance(found, dict):
        raise TypeError("the router did not say what the tasks would cost")
    return found


def _short(goal: str) -> str:
    words = " ".join(goal.split())
    return words if len(words) <= 50 else f"{words[:49]}…"
