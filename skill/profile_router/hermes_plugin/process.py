"""One run of the router as a process: give it a task, follow its events, and end it with all that it started.

Its stdin is its leash: the router ends its own children and itself when that closes, whichever way Hermes ends.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from . import worker
from .ending import ended_in
from .hermes import agrees
from .settings import Settings, environment, folder_of_parent

_RUN = ("run", "--task-json", "-", "--exit-with-stdin", "--from-hermes")
_LONGEST_LINE = 16_000_000
_BETWEEN_LOOKS_S = 0.1
_CLOSING_S = 8.0
_LEFTOVERS_S = 2.0


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


def run_router(
    settings: Settings,
    task: Mapping[str, Any],
    deadline: float,
    interrupted: Callable[[], bool],
    alive: Callable[[str], None],
    folder: str = "",
) -> Ran:
    """Run *task* until it ends, *interrupted* says so, or *deadline* (of time.monotonic). Never raises an Exception.

    *alive* is called about ten times a second with the last line that it said. *folder* is where the parent works.
    """
    order = {name: value for name, value in task.items() if value is not None}
    ran = Ran()
    run_process(ran, settings, _RUN, order, deadline, interrupted, alive, folders=(task.get("workspace"), folder))
    return ran


def run_process(
    ran: Ran,
    settings: Settings,
    arguments: Sequence[str],
    order: Any,
    deadline: float,
    interrupted: Callable[[], bool],
    alive: Callable[[str], None],
    *,
    folders: Sequence[object],
) -> None:
    """Run the router with *arguments* and the JSON value *order* on its stdin, in the first of *folders* that is one;
    *ran* hears what it says.
    """
    try:
        process = _begun(settings, arguments, folder_of_parent(*folders))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        ran.errors = str(error)
        return
    ran.started = True
    line = _Line(process, json.dumps(order))
    try:
        _follow(ran, line, settings, deadline, interrupted, alive)
    finally:
        line.end(done=ran.result is not None)
        ran.code, ran.errors = process.returncode, line.errors()
        seen = len(ran.lines)
        for event in line.rest():  # it may have decided just before it was ended, and says where it keeps its work
            ran.hear(event)
        for said in ran.lines[seen:]:
            alive(said)
    if settings.worker and ran.result is not None and not isinstance(process, worker.Taken):
        worker.start(settings.command, environment())  # not before: it would take the time of this run


def _begun(settings: Settings, arguments: Sequence[str], folder: str) -> subprocess.Popen[bytes] | worker.Taken:
    """Return the router's process, from the worker where there is one, else started anew. Raises OSError."""
    environ = environment()
    taken = worker.ask(settings.command, arguments, folder, environ) if settings.worker else None
    return taken or subprocess.Popen(
        [*settings.command, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environ,
        start_new_session=True,
        bufsize=0,
    )


def _follow(
    ran: Ran,
    line: _Line,
    settings: Settings,
    deadline: float,
    interrupted: Callable[[], bool],
    alive: Callable[[str], None],
) -> None:
    decided_by = time.monotonic() + settings.start_s
    while ran.result is None:
        event = line.next()
        if event is _OVER:
            return
        if event is not None:
            ran.hear(event)
            if event["event"] == "ask":
                line.say({"answer": agrees(str(event.get("line")))})
        now = time.monotonic()
        if interrupted():
            ran.stopped = "interrupted"
        elif now >= deadline:
            ran.stopped = "it took longer than the limit"
        elif not ran.rule and now >= decided_by:
            ran.stopped = f"it did not decide within {settings.start_s:g} s"
        if ran.stopped:
            return
        alive(ran.lines[-1] if ran.lines else "")


_OVER: dict[str, Any] = {"event": "over"}


class _Line:
    """The pipes to one process, each with a thread of its own, so that none can block the one that watches."""

    def __init__(self, process: subprocess.Popen[bytes] | worker.Taken, order: str) -> None:
        self._process = process
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._errors = bytearray()
        self._writer = threading.Thread(target=self._write, args=(order.encode() + b"\n",), daemon=True)
        self._readers = [threading.Thread(target=target, daemon=True) for target in (self._read, self._read_errors)]
        for thread in (self._writer, *self._readers):
            thread.start()

    def next(self) -> dict[str, Any] | None:
        """Return the next event, None if there is none yet, _OVER if none can come any more."""
        with suppress(queue.Empty):
            return self._events.get(timeout=_BETWEEN_LOOKS_S)
        if self._process.poll() is None:
            return None
        self._readers[0].join(_LEFTOVERS_S)  # not for ever: what it started may hold its stdout open
        with suppress(queue.Empty):
            return self._events.get_nowait()
        return _OVER

    def rest(self) -> Iterator[dict[str, Any]]:
        """Yield the events that came and were not asked for."""
        with suppress(queue.Empty):
            while True:
                event = self._events.get_nowait()
                if event is not _OVER:
                    yield event

    def end(self, *, done: bool) -> None:
        """End the router: when *done* by itself; else, or if it does not, by its leash; else with its whole group."""
        process = self._process
        if done:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_CLOSING_S)
        if process.stdin and not self._writer.is_alive():
            process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_CLOSING_S)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for thread in (self._writer, *self._readers):
            thread.join(1.0)
        for pipe in (process.stdin, process.stdout, process.stderr):
            # one that a thread still waits on stays open: its number must not come to mean something else
            if pipe and not any(thread.is_alive() for thread in (self._writer, *self._readers)):
                pipe.close()

    def say(self, value: Any) -> None:
        """Put one more line on its stdin, after the order."""
        self._writer.join()
        self._write(json.dumps(value).encode() + b"\n")

    def errors(self) -> str:
        """Return the end of its stderr, in one line."""
        return " ".join(self._errors.decode("utf-8", "replace").split())[-1000:]

    def _write(self, order: bytes) -> None:
        pipe, rest = self._process.stdin, memoryview(order)
        with suppress(OSError):
            while pipe and rest:
                rest = rest[pipe.write(rest) or 0 :]

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        with suppress(OSError, ValueError), os.fdopen(os.dup(self._process.stdout.fileno()), "rb") as out:
            while line := out.readline(_LONGEST_LINE):
                event = _event(line)
                if event is not None:
                    self._events.put(event)
        self._events.put(_OVER)

    def _read_errors(self) -> None:
        pipe = self._process.stderr
        with suppress(OSError, ValueError):
            while pipe and (read := pipe.read(4096)):
                self._errors += read
                del self._errors[:-4096]


def _event(line: bytes) -> dict[str, Any] | None:
    """Return the event in *line*, None for anything else."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("event"), str) else None
