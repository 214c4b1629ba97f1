"""The pipes to one run of the router: its order, its events, and the parent pipe by which it ends."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

_LONGEST_LINE = 16_000_000
_MOST_BYTES = 64_000_000  # of events, in one run: what is heard stands in Hermes' memory
_MOST_EVENTS = 50_000
_BETWEEN_LOOKS_S = 0.1
_CLOSING_S = 8.0
_LEFTOVERS_S = 2.0
FLOODED = f"it did not stop talking: more than {_MOST_EVENTS:,} events, or {_MOST_BYTES // 1_000_000} MB of them"

OVER: dict[str, Any] = {"event": "over"}


class Pipes:
    """The pipes to one process. Each has a thread of its own, so that none can block the one that watches.

    `flooded`: it said more than any router does, and is not heard any more.
    """

    def __init__(self, process: subprocess.Popen[bytes], order: str) -> None:
        self._process = process
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._errors = bytearray()
        self.flooded = False
        self._writer = threading.Thread(target=self._write, args=(order.encode() + b"\n",), daemon=True)
        self._readers = [threading.Thread(target=target, daemon=True) for target in (self._read, self._read_errors)]
        for thread in (self._writer, *self._readers):
            thread.start()

    def next(self) -> dict[str, Any] | None:
        """Return the next event, None if there is none yet, OVER if none can come any more."""
        if self.flooded:
            return OVER
        with suppress(queue.Empty):
            return self._events.get(timeout=_BETWEEN_LOOKS_S)
        if self._process.poll() is None:
            return None
        self._readers[0].join(_LEFTOVERS_S)  # not for ever: what it started may hold its stdout open
        with suppress(queue.Empty):
            return self._events.get_nowait()
        return OVER

    def rest(self) -> Iterator[dict[str, Any]]:
        """Yield the events that came and were not asked for."""
        with suppress(queue.Empty):
            while True:
                event = self._events.get_nowait()
                if event is not OVER:
                    yield event

    def end(self, *, done: bool, seconds: float | None = None) -> None:
        """End the router: by itself when *done*; else, or if it does not, by its parent pipe; else with its group.

        Each of the first two ways has *seconds*; None: as long as a run needs to end well.
        """
        process, seconds = self._process, _CLOSING_S if seconds is None else seconds
        if done:
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
        if process.stdin and not self._writer.is_alive():
            process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
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
            heard = count = 0
            while not self.flooded and (line := out.readline(_LONGEST_LINE)):
                event = _event(line)
                if event is not None:
                    heard, count = heard + len(line), count + 1
                    self.flooded = heard > _MOST_BYTES or count > _MOST_EVENTS
                    self._events.put(event)
        self._events.put(OVER)

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
