"""What stands between Hermes and a delegate_task that we do not run: what looks private is not sent out unasked.

Until `hermes profile-router setup` has been run, Hermes delegates by itself, to whatever model it is set to. So what
looks private gets an error result that says so, and everything else a note. A middleware's exception would make Hermes
delegate, so none leaves this one but Hermes' own.
"""

from __future__ import annotations

from typing import Any

from .arguments import tasks_of
from .settings import read_settings
from .verdict import Verdict, broken, carried_out, failed


def on_tool(**call: Any) -> Any:
    """Stand between Hermes and its tools; only delegate_task is of interest here."""
    args, next_call = call.get("args"), call["next_call"]
    if call.get("tool_name") != "delegate_task":
        return next_call(args)
    try:
        verdict = _verdict(args)
    except Exception as error:
        verdict = failed(error)
    return carried_out(verdict, args, next_call)


def _verdict(args: Any) -> Verdict:
    tasks = tasks_of(args)
    if tasks is None:
        return Verdict()
    settings = read_settings()
    return broken(tasks, settings, settings.problem) if settings.problem else Verdict()
