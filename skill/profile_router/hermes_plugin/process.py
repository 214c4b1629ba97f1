"""One run of the router as a process: give it a task, follow its events, and end it with all that it started.

Its stdin is the parent pipe: when it closes, however Hermes ends, the router ends its own children and itself.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .ending import ended_in
from .hermes import agrees
from .line import FLOODED, OVER, Line
from .settings import Settings, environment, folder_of_parent

_RUN = ("run", "--task-json", "-", "--exit-with-stdin", "--from-hermes")
_LAST_LINES = 20


@dataclass(slots=True, kw_only=True)
class Ran:
    """How far the router came with one task.

    `mode` is the policy's hermes_plugin, `rule` the one it decided by (empty: it never came to decide, so nothing can
    have been dispatched), `result` its last word. `stopped` says why it was ended from here, `errors` its stderr's end.
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
            if event.get("status") not in ("ok", "explained"):  # that it is done, Hermes shows by itself
                self.lines.append(f"result: {ended_in(event)}")
        if "line" in event:
            self.lines.append(f"{kind}: {event['line']}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """How a run is followed: to its end, to `deadline` (of time.monotonic), or until `interrupted` says so.

    `alive` is called about ten times a second with the last line that it said. `folder` is where the parent works.
    """

    settings: Settings
    deadline: float
    interrupted: Callable[[], bool]
    alive: Callable[[str], None]
    folder: str = ""


def run_router(task: Mapping[str, Any], following: Following) -> Ran:
    """Run *task*, and return how far the router came. Never raises an Exception."""
    ran = Ran()
    run_process(ran, _RUN, stated(task), following, task.get("workspace"))
    return ran


def stated(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return *task* without what it leaves open."""
    return {name: value for name, value in task.items() if value is not None}


def run_process(ran: Ran, arguments: Sequence[str], order: Any, following: Following, workspace: object) -> None:
    """Run the router with *arguments* and the JSON value *order* on its stdin, in *workspace* where that is a folder;
    *ran* hears what it says.
    """
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
    line = Line(process, json.dumps(order))
    try:
        _follow(ran, line, following)
    finally:
        line.end(done=ran.result is not None)
        ran.code, ran.errors = process.returncode, line.errors()
        seen = len(ran.lines)
        for event in line.rest():  # it may have decided just before it was ended, and says where it keeps its work
            ran.hear(event)
        for said in ran.lines[seen:][-_LAST_LINES:]:
            following.alive(said)


def _follow(ran: Ran, line: Line, following: Following) -> None:
    start_s = following.settings.start_s
    decided_by = time.monotonic() + start_s
    while ran.result is None:
        event = line.next()
        if event is OVER:
            ran.stopped = FLOODED if line.flooded else ""
            return
        if event is not None:
            ran.hear(event)
            if event["event"] == "ask":
                line.say({"answer": agrees(str(event.get("line")))})
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
