"""One run of the router as a process. It gets its tasks, is followed by its events, and ends with all its children.

Its stdin is the parent pipe. When it closes, however Hermes ends, the router ends its own children and itself.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .pipes import FLOODED, OVER, Pipes
from .settings import Settings, environment, folder_of_parent

_RUN = ("run", "--task-json", "-", "--exit-with-stdin", "--from-hermes")
_BATCH = ("batch", "--tasks-json", "-", "--exit-with-stdin", "--from-hermes")
_LAST_LINES = 20
_MOST_SAID = 1_000  # characters


@dataclass(slots=True, kw_only=True)
class Ran:
    """How far the router came with one task.

    `mode` is the policy's hermes_plugin. `rule` is the one it decided by. Empty: it never came to decide, so nothing
    can have been dispatched. `result` is its last word. `stopped` says why it was ended from here. `errors` is its
    stderr's end.
    """

    mode: str = ""
    rule: str = ""
    result: Mapping[str, Any] | None = None
    stopped: str = ""
    code: int | None = None
    errors: str = ""
    started: bool = False
    private_paths: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take one event of the router's stream."""
        kind = event["event"]
        if kind == "plugin":
            self.mode = str(event.get("mode"))
            self.private_paths = tuple(map(str, event.get("private_paths") or ()))
        elif kind == "classify":
            self.rule = str(event.get("rule") or "unknown")
        elif kind == "result":
            self.result = event
            if event.get("status") not in ("ok", "explained"):  # Hermes itself shows that it is done
                self.lines.append(f"result: {ended_in(event)}")
        if "line" in event:
            self.lines.append(f"{kind}: {event['line']}")


@dataclass(slots=True, kw_only=True)
class _Together(Ran):
    """How far the router came with a batch, each line of which names its task. `rule` is the first it decided by."""

    tasks: list[Ran] = field(default_factory=list)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take one event of the router's stream: one about a task goes to that task."""
        kind, index = event["event"], event.get("task_index")
        if kind == "batch":
            self.result = event
        elif isinstance(index, int) and 0 <= index < len(self.tasks):
            one = self.tasks[index]
            one.hear(event)
            self.rule = self.rule or one.rule
            line = ended_in(event) if kind == "result" and event.get("status") != "explained" else event.get("line")
            if line and (line != "ok" or len(self.tasks) > 1):  # Hermes itself shows that a lone one is done
                place = f"{index + 1}/{len(self.tasks)} " if len(self.tasks) > 1 else ""
                self.lines.append(f"{place}{kind}: {line}")
        elif kind == "plugin":
            Ran.hear(self, event)


def not_started(error: object) -> str:
    """Return that the router's program did not start, and with which *error*."""
    return f"the router cannot be started ({error})"


def unanswered(ended: subprocess.CompletedProcess[str]) -> str:
    """Return that a router which *ended* printed no answer, with the end of what it said instead."""
    said = " ".join(ended.stderr.split())[-_MOST_SAID:] or "nothing that can be read"
    return f"the router ended with {ended.returncode} and said: {said}"


def never() -> bool:
    """Tell that nothing interrupts a run."""
    return False


def nobody(question: str) -> None:
    """Answer *question* where no person is there to ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """How a run is followed: to its end, to `deadline` (of time.monotonic), or until the user interrupts the turn.

    `alive` is called about ten times a second with the last line that it said. `folder` is where the parent works.
    `interrupted` tells whether to end it. `agrees` asks a person about a price, `allows` about running code of the
    repository; None where nobody can answer. A run that is ended from here has `stop_s` seconds to end what it started.
    """

    settings: Settings
    deadline: float
    alive: Callable[[str], None]
    folder: str = ""
    interrupted: Callable[[], bool] = never
    agrees: Callable[[str], bool | None] = nobody
    allows: Callable[[str], bool | None] = nobody
    stop_s: float | None = None


def run_router(tasks: Sequence[Mapping[str, Any]], following: Following, *, in_copy: bool = False) -> list[Ran]:
    """Run *tasks*, several at the same time, and return how far the router came with each. Never raises an Exception.

    They run in their folder where they name the same one. *in_copy*: a task that writes works in a copy even
    where it is the only one. Others that this run does not know work beside it.
    """
    orders = [{name: value for name, value in task.items() if value is not None} for task in tasks]
    named = {str(order["workspace"]) for order in orders if order.get("workspace")}
    workspace = named.pop() if len(named) == 1 else None
    if len(orders) == 1 and not in_copy:
        ran = Ran()
        _run_process(ran, _RUN, orders[0], following, workspace)
        return [ran]
    together = _Together(tasks=[Ran() for _ in orders])
    _run_process(together, _BATCH, orders, following, workspace)
    for one in together.tasks:
        one.mode, one.private_paths = together.mode, together.private_paths
        one.started, one.code, one.errors = together.started, together.code, together.errors
        one.stopped = "" if one.result else together.stopped
    return together.tasks


def _run_process(ran: Ran, arguments: Sequence[str], order: Any, following: Following, workspace: object) -> None:
    """Run the router with *arguments* and the JSON value *order* on its stdin, in *workspace* where that is a folder.
    *ran* hears what it says."""
    settings = following.settings
    try:
        process = subprocess.Popen(
            [*settings.command, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder_of_parent(workspace, following.folder),
            env=environment(),
            start_new_session=True,
            bufsize=0,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        ran.errors = str(error)
        return
    ran.started = True
    pipes = Pipes(process, json.dumps(order))
    try:
        _follow(ran, pipes, following)
    finally:
        pipes.end(done=ran.result is not None, seconds=following.stop_s if ran.stopped else None)
        ran.code, ran.errors = process.returncode, pipes.errors()
        seen = len(ran.lines)
        for event in pipes.rest():  # it may have decided just before it was ended, and says where it keeps its work
            ran.hear(event)
        for said in ran.lines[seen:][-_LAST_LINES:]:
            following.alive(said)


def _follow(ran: Ran, pipes: Pipes, following: Following) -> None:
    start_s = following.settings.start_s
    decided_by = time.monotonic() + start_s
    while ran.result is None:
        event = pipes.next()
        if event is OVER:
            ran.stopped = FLOODED if pipes.flooded else ""
            return
        if event is not None:
            ran.hear(event)
            if event["event"] == "ask":
                agreed = following.agrees if event.get("about") == "price" else following.allows
                pipes.say({"answer": agreed(str(event.get("line")))})
        now = time.monotonic()
        if following.interrupted():
            ran.stopped = "interrupted"
        elif now >= following.deadline:
            ran.stopped = "it took longer than the limit"
        elif not ran.rule and now >= decided_by:
            ran.stopped = f"it did not decide within {start_s:g} s"
        if ran.stopped:
            return
        following.alive(ran.lines[-1] if ran.lines else "")


def ended_in(result: Mapping[str, Any]) -> str:
    """Return how the task of *result* ended; where its work is kept comes first: a long line is cut."""
    status, merge = str(result.get("status")), mapping(result.get("merge"))
    if status == "ok":
        number = len(merge.get("changed") or ())
        return f"ok, {number} file{'s' * (number != 1)} merged" if merge.get("merged") else "ok"
    if merge.get("diff"):
        return f"{status}, its work is kept in {merge['diff']}: {merge.get('why') or why_not(result)}"
    return f"{status}: {why_not(result)}"


def why_not(result: Mapping[str, Any]) -> str:
    """Return why a task did not succeed."""
    reasons = mapping(result.get("route")).get("reasons") or ()
    return str(result.get("error") or "; ".join(map(str, reasons)) or "it failed")


def mapping(found: Any) -> Mapping[str, Any]:
    """Return *found*, empty where it is not a mapping."""
    return found if isinstance(found, Mapping) else {}
