"""What happens to a delegate_task: the router runs it, Hermes does as always, or it gets an error result.

The rule, in the order in which it is applied:

1. The policy says `off` or `observe`: Hermes, untouched. `explain`: Hermes, and its result tells where a task would go.
2. The router answered: that is the result, and Hermes never runs it again. A failure is an answer. So is a refusal of
   what it was given (an unknown profile, a policy that cannot be read).
3. The router did not answer (missing, crashed, hanging, printing garbage). Hermes delegates by itself only if three
   things hold. The router had come to decide for no task of the call: it dispatches nothing before. No task looks
   private (see `private`; more does than is). The settings allow it. What the router had found private it had decided
   about.
4. Else an error result that names the run's thread.

An exception in a middleware would make Hermes delegate by itself, so none leaves this one but Hermes' own. The tasks of
a batch are one run of the router, which keeps those that write apart. The rule holds for all of them together.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from profile_router.hermes_older.hermes import (
    PAUSED,
    agrees,
    alive_sign,
    allows,
    folder_of,
    interrupted,
    paused,
    tell_once,
)
from profile_router.hermes_plugin.arguments import notes_on, tasks_of
from profile_router.hermes_plugin.calls.observe import observed_route
from profile_router.hermes_plugin.calls.verdict import (
    Verdict,
    as_result,
    carried_out,
    not_by_hermes,
    own_mistake,
    refused_to_hermes,
)
from profile_router.hermes_plugin.conversation import conversation_of, lineage_of
from profile_router.hermes_plugin.process import Following, Ran, not_started, run_router
from profile_router.hermes_plugin.results import REFUSAL, entry_of, plugin_failed
from profile_router.hermes_plugin.settings import FIX, GRACE_S, Settings, plugin_settings
from profile_router.hermes_plugin.surfaces import refusal

_seen_private_paths: tuple[str, ...] = ()


@dataclass(slots=True)
class Call:
    """One delegate_task on its way. `ran` has one for each task, once they were given to the router.

    `conversation` is the parent's, which the router shares where its policy lets it. `sessions` are what it was said
    in. Hermes' own delegation has no use for either. `notes` tell the parent what of its call reached no task. `folder`
    is where the parent works.
    """

    tasks: Sequence[Mapping[str, Any]]
    settings: Settings
    conversation: Sequence[Mapping[str, str]] = ()
    sessions: Sequence[str] = ()
    ran: list[Ran] = field(default_factory=list)
    notes: Sequence[str] = ()
    folder: str = ""

    @property
    def forbidden(self) -> str:
        """Return why Hermes must not delegate this by itself, empty if it may."""
        if self.ran and self.ran[-1].mode in ("observe", "explain", "off"):
            return ""
        if any(ran.rule or ran.result for ran in self.ran):
            return "a task was decided about and may have been dispatched"
        return not_by_hermes(self.tasks, self.settings, _seen_private_paths)


def on_tool_middleware(**call: Any) -> Any:
    """Stand between Hermes and its tools; only delegate_task is of interest here."""
    args, next_call = call.get("args"), call["next_call"]
    if call.get("tool_name") != "delegate_task":
        return next_call(args)
    try:
        verdict = _verdict(args, call.get("session_id"), call.get("task_id"))
    except Exception as error:
        verdict = own_mistake(error)
    return carried_out(verdict, args, next_call)


def _verdict(args: Any, session_id: object, task_id: object) -> Verdict:
    call = None
    try:
        tasks = tasks_of(args)
        if tasks is None:
            return Verdict()
        if paused():
            return Verdict(refusal(PAUSED))
        said, sessions = conversation_of(session_id), lineage_of(session_id)
        call = Call(tasks, plugin_settings(), said, sessions, notes=notes_on(args), folder=folder_of(task_id))
        return _delegated(call)
    except Exception as error:
        return _broken(call, plugin_failed(error))


def _delegated(call: Call) -> Verdict:
    """Run the tasks. Where the router does not answer, that decides for all if none was begun."""
    if call.settings.problem:
        return _broken(call, call.settings.problem)
    started = time.monotonic()
    deadline = started + call.settings.limit_s
    threads = run_all(call, deadline)
    first = call.ran[0]
    if first.mode in ("observe", "off") and first.code == 0:
        if first.mode == "observe":
            observed_route(call.tasks, call.sessions[0] if call.sessions else "", call.settings, call.folder)
        return Verdict()
    if not any(ran.rule or ran.result for ran in call.ran) and not refused(first):
        return _broken(call, why_broken(first), threads[0])
    took = time.monotonic() - started
    entries = [entry_of(index, ran, threads[index], seconds=took) for index, ran in enumerate(call.ran)]
    if all(ran.mode == "explain" for ran in call.ran):
        return Verdict(note={"mode": "explain", "routes": [entry.get("route", {}) for entry in entries]})
    return Verdict(as_result(entries, took, call.notes))


def run_all(call: Call, deadline: float) -> list[str]:
    """Run the tasks of *call*, at the same time where there are several; return the thread of each."""
    global _seen_private_paths
    orders = [_order(call, task, deadline) for task in call.tasks]
    call.ran = [Ran(started=True, rule="unknown") for _ in orders]  # should anything go wrong, they may have begun
    following = Following(
        settings=call.settings, deadline=deadline + GRACE_S, alive=alive_sign(), folder=call.folder,
        interrupted=interrupted, agrees=agrees, allows=allows,
    )  # fmt: skip
    call.ran = run_router(orders, following)
    _seen_private_paths = call.ran[0].private_paths or _seen_private_paths
    return [order["thread"] for order in orders]


def _order(call: Call, task: Mapping[str, Any], deadline: float) -> dict[str, Any]:
    """Return *task* as the router is given it: with a thread, what was said, and the time left at most."""
    left = deadline - time.monotonic()
    wanted = task.get("timeout", left)
    timeout = min(left, wanted) if isinstance(wanted, int | float) and not isinstance(wanted, bool) else wanted
    thread = task.get("thread") or secrets.token_hex(4)
    said = {"conversation": call.conversation or None, "sessions": call.sessions or None}
    return {**task, "thread": thread, "timeout": timeout, **said}


def refused(ran: Ran) -> bool:
    """Tell whether the router is in order and said no to what it was given. Exit code 2 and a line that says why tell
    so, and so does an interruption."""
    return (ran.code == 2 and REFUSAL in ran.errors) or ran.stopped == "interrupted"


def why_broken(ran: Ran) -> str:
    """Return why the router did not answer, in words."""
    if not ran.started:
        return f"{not_started(ran.errors)}; {FIX}"
    said = f": {ran.errors}" if ran.errors else ""
    return f"the router was ended, {ran.stopped}{said}" if ran.stopped else f"the router ended with {ran.code}{said}"


def _broken(call: Call | None, why: str, thread: str = "") -> Verdict:
    if call is None:
        return refused_to_hermes([{}], why, "what was asked for cannot be read")
    if forbidden := call.forbidden:
        return refused_to_hermes(call.tasks, why, forbidden, thread)
    tell_once(f"Hermes delegates by itself: {why}")
    return Verdict(note={"mode": "not used", "because": why})
