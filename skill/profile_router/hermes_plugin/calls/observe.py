"""Look on while Hermes delegates by itself: where each task would have gone, and what it cost in the end.

The router is asked once before Hermes begins. It is told once for each child that ends, by a process that nobody waits
for. The router alone decides whether anything is noted: by `hermes_plugin` in its policy. Hermes' hooks tell which
child is whose. `subagent_start` gives the child of a goal, `post_api_request` what its calls took, `subagent_stop` how
it ended.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ..process import not_started, unanswered
from ..results import unroutable
from ..settings import Settings, environment, folder_of_parent

_MOST = 2_000  # children that are remembered; of more, the oldest are forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the router said of the tasks: its `mode`, its private paths, a route for each; `problem`: why it did not."""

    mode: str = ""
    private_paths: tuple[str, ...] = ()
    routes: Sequence[Mapping[str, Any]] = ()
    problem: str = ""


@dataclass(slots=True)
class _Child:
    """A child that runs: its row's id in the ledger, its beginning, and its calls by the model asked."""

    id: str
    settings: Settings
    started: float
    calls: dict[tuple[str, str, str], dict[str, int]] = field(default_factory=dict)


_lock = threading.Lock()
_expected: dict[tuple[str, str], list[tuple[str, Settings]]] = {}  # by session and goal, until the child starts
_children: dict[str, _Child] = {}
_telling: list[subprocess.Popen[bytes]] = []


def observed_route(tasks: Sequence[Mapping[str, Any]], session: object, settings: Settings, folder: str) -> Looked:
    """Ask the router about *tasks*, which Hermes is about to begin in *session*. Never raises an Exception."""
    try:
        ended = subprocess.run(
            [*settings.command, "observe", "--tasks-json", "-"],
            input=json.dumps(list(tasks)), capture_output=True, text=True, errors="replace", timeout=settings.start_s,
            cwd=folder_of_parent(folder), env=environment(), check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Looked(problem=f"the router did not decide within {settings.start_s:g} s")
    except (OSError, ValueError, TypeError) as error:
        return Looked(problem=not_started(error))
    events = [event for line in ended.stdout.splitlines() if (event := _event(line))]
    plugin = next((event for event in events if event.get("event") == "plugin"), None)
    if ended.returncode or plugin is None:
        return Looked(problem=unanswered(ended))
    found = [event for event in events if event.get("event") == "result"]
    for event in found:
        index, name = event.get("task_index"), event.get("observed")
        if isinstance(name, str) and isinstance(index, int) and 0 <= index < len(tasks):
            _expect(str(session), str(tasks[index].get("goal")), name, settings)
    return Looked(
        mode=str(plugin.get("mode")),
        private_paths=tuple(map(str, plugin.get("private_paths") or ())),
        routes=[event.get("route") or unroutable(event) for event in found],
    )


def _event(line: str) -> dict[str, Any] | None:
    with suppress(ValueError, RecursionError):
        found = json.loads(line)
        return found if isinstance(found, dict) else None
    return None


def _expect(session: str, goal: str, name: str, settings: Settings) -> None:
    with _lock:
        _expected.setdefault((session, goal.strip()), []).append((name, settings))
        while len(_expected) > _MOST:
            del _expected[next(iter(_expected))]


def on_start(**child: Any) -> None:
    """Take a child that starts for the observed task of its goal, where there is one."""
    key = (str(child.get("parent_session_id")), str(child.get("child_goal")).strip())
    with _lock:
        waiting = _expected.get(key)
        if not waiting:
            return
        name, settings = waiting.pop(0)
        if not waiting:
            del _expected[key]
        _children[str(child.get("child_session_id"))] = _Child(name, settings, time.monotonic())
        while len(_children) > _MOST:
            del _children[next(iter(_children))]


def on_model_call(**call: Any) -> None:
    """Add what a model call took to the child that made it."""
    with _lock:
        child = _children.get(str(call.get("session_id")))
        usage = call.get("usage")
        if child is None or not isinstance(usage, Mapping):
            return
        model = (str(call.get("provider") or ""), str(call.get("model") or ""), str(call.get("base_url") or ""))
        sums = child.calls.setdefault(model, dict.fromkeys(("tokens_in", "tokens_out", "tokens_cached", "turns"), 0))
        for name, value in _counted(usage).items():
            sums[name] += value


def _counted(usage: Mapping[str, Any]) -> dict[str, int]:
    """Return the tokens of *usage*, in which Hermes counts what came from a cache, or went into one, apart."""
    read, written = _count(usage, "cache_read_tokens"), _count(usage, "cache_write_tokens")
    sent, got = _count(usage, "input_tokens"), _count(usage, "output_tokens")
    return {"tokens_in": sent + read + written, "tokens_out": got, "tokens_cached": read, "turns": 1}


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def on_stop(**child: Any) -> None:
    """Tell the router how a child ended, by a process that nobody waits for: Hermes may end before it."""
    with _lock:
        found = _children.pop(str(child.get("child_session_id")), None)
    if found is None:
        return
    calls = [
        {"provider": provider, "model": model, "base_url": base_url, **sums}
        for (provider, model, base_url), sums in found.calls.items()
    ]
    seconds = round(time.monotonic() - found.started, 3)
    told = {"id": found.id, "status": str(child.get("child_status")), "seconds": seconds, "calls": calls}
    with suppress(OSError, ValueError):
        process = subprocess.Popen(
            [*found.settings.command, "observe", "--ended-json", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(),
            start_new_session=True,
        )  # fmt: skip
        with _lock:
            _telling[:] = [*(one for one in _telling if one.poll() is None), process]
        if process.stdin:
            process.stdin.write(json.dumps(told).encode())
            process.stdin.close()
