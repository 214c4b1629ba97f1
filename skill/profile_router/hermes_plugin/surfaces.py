"""What a user or a model can call by name: the tool route_task, `/profile-router`, `hermes profile-router …`."""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from .middleware import Call, run_task, tasks_of
from .results import entry_of
from .settings import environment, folder_of_parent, read_settings

_DECIDING_S = 60.0
_LONGEST_ANSWER = 6_000
# In a chat only what reads: anybody who may write there may ask this.
_IN_CHAT = ("profiles", "doctor", "route")

_TEXTS = {"type": "array", "items": {"type": "string"}}
ROUTE_TASK: Mapping[str, Any] = {
    "name": "route_task",
    "description": "Say which profile and model a subagent task should run under and why, without running it; with "
    "run=true also run it there and return its verified summary with receipts.",
    "parameters": {
        "type": "object",
        "properties": {
            "goal": {"type": "string", "description": "What to do, whole in itself."},
            "context": {"type": "string", "description": "Text that belongs into the subagent's prompt."},
            "files": {**_TEXTS, "description": "Paths the task is about; named, not pasted."},
            "images": {**_TEXTS, "description": "Paths of images the task is about."},
            "workspace": {"type": "string", "description": "Absolute path of the folder to work in."},
            "profile": {"type": "string", "description": "Use this profile; a private task stays local all the same."},
            "toolsets": {**_TEXTS, "description": "Toolsets the subagent may use, such as file."},
            "max_turns": {"type": "integer", "description": "Model calls, at most."},
            "local_only": {"type": "boolean", "description": "Never leave this machine."},
            "run": {"type": "boolean", "description": "Run it as well. Default: decide only."},
        },
        "required": ["goal"],
    },
}


def route_task(args: Any, **_: Any) -> str:
    """Handle a call of the tool route_task; the answer is JSON text. Never raises, never delegates to Hermes."""
    try:
        tasks = tasks_of({**args, "tasks": None}) if isinstance(args, Mapping) else None
        if tasks is None:
            return _error("goal is missing; say there what to do")
        settings = read_settings()
        if settings.problem:
            return _error(settings.problem)
        if not args.get("run"):
            ended = _call(["route", "--task-json", "-", "--json"], stdin=json.dumps(tasks[0]))
            return ended.stdout.strip() or _error(ended.stderr.strip())
        call, started = Call(tasks, settings), time.monotonic()
        ran, thread = run_task(call, tasks[0], started + settings.limit_s)
        return json.dumps(entry_of(0, ran, thread, seconds=time.monotonic() - started), ensure_ascii=False)
    except Exception as error:
        return _error(f"{type(error).__name__}: {error}")


def in_chat(text: str) -> str:
    """Answer `/profile-router …` in a chat: where a task would go; `profiles` and `doctor` as on the command line."""
    try:
        first = (text.split() or [""])[0]
        words = shlex.split(text) if first in _IN_CHAT else ["route", "--", text]
        if not text.strip():
            return "say what to do: /profile-router fix the typo in README.md"
        ended = _call(words)
        return (ended.stdout.strip() or ended.stderr.strip())[:_LONGEST_ANSWER]
    except Exception as error:
        return f"profile-router: {error}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take everything behind `hermes profile-router` as it is, options too: they are the router's."""
    parser.prefix_chars = "\0"
    parser.add_argument("arguments", nargs=argparse.REMAINDER)


def command_line(arguments: argparse.Namespace) -> None:
    """Run `hermes profile-router …` as `profile-router …` and end with its exit code."""
    settings = read_settings()
    if settings.problem:
        sys.exit(f"profile-router: {settings.problem}")
    try:
        sys.exit(subprocess.call([*settings.command, *arguments.arguments], env=environment()))
    except OSError as error:
        sys.exit(f"profile-router: {settings.command[0]} cannot be started ({error})")


def _call(words: Sequence[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    settings = read_settings()
    if settings.problem:
        raise ValueError(settings.problem)
    return subprocess.run(
        [*settings.command, *words],
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_DECIDING_S,
        cwd=folder_of_parent(),
        env=environment(),
        check=False,
    )


def _error(message: str) -> str:
    return json.dumps({"error": message}, ensure_ascii=False)
