"""What a user or a model can call by name: the tool route_task, `/profile-router`, `hermes profile-router …`."""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .arguments import tasks_of
from .board import children_told
from .chat_lines import fitting
from .conversation import conversation_of, lineage_of
from .process import unanswered
from .settings import environment, folder_here, folder_of_parent, plugin_settings
from .setup import setup

_DECIDING_S = 60.0
_LONGEST_ANSWER = 6_000
# In a chat only what reads: anybody who may write there may ask this.
_IN_CHAT = ("profiles", "doctor", "history", "threads", "budget")
_HELP = """
Behind `hermes`, write --as NAME for --profile NAME. Hermes takes --profile for itself. For example:
  hermes profile-router route "fix the typo in README.md" --as coding-burst
"""
_TAKEN = "profile-router: Hermes took --profile for itself; to name the task's profile write --as NAME\n"

_TEXTS = {"type": "array", "items": {"type": "string"}}
ROUTE_TASK: Mapping[str, Any] = {
    "name": "route_task",
    "description": "Say which profile and model a subagent task should run under and why, without running it.",
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
        },
        "required": ["goal"],
    },
}


def handle_route_task(args: Any, **hermes: Any) -> str:
    """Handle a call of the tool route_task; the answer is JSON text. Never raises, runs nothing."""
    try:
        return route_answer(args, hermes.get("session_id"), folder_here(), ROUTE_TASK)
    except Exception as error:
        return refusal(f"{type(error).__name__}: {error}")


def route_answer(args: Any, session: object, folder: str, tool: Mapping[str, Any]) -> str:
    """Return the router's decision about the task in *args* of *tool*, or what is wrong with them, as JSON text."""
    if found := wrong(args, tool):
        return refusal(found)
    [task] = tasks_of({**args, "tasks": None}) or []
    settings = plugin_settings()
    if settings.problem:
        return refusal(settings.problem)
    said = {"conversation": conversation_of(session), "sessions": lineage_of(session)}
    return _decided({**task, **said}, folder)


def wrong(args: Any, tool: Mapping[str, Any]) -> str:
    """Return what is wrong with the arguments of *tool*, empty where nothing is; the router reads the values."""
    allowed = tool["parameters"]["properties"]
    if not isinstance(args, Mapping) or not str(args.get("goal") or "").strip():
        return "goal is missing; say there what to do"
    unknown = next((name for name in args if name not in allowed), None)
    return "" if unknown is None else f"unknown argument '{unknown}' (allowed: {', '.join(allowed)})"


def _decided(task: Mapping[str, Any], folder: str) -> str:
    """Return the router's decision about *task* as it says it, or an error."""
    ended = _call(["route", "--task-json", "-", "--json"], folder, stdin=json.dumps(task))
    try:
        decision = json.loads(ended.stdout)
    except (ValueError, RecursionError):
        return refusal(unanswered(ended))
    return json.dumps(decision, ensure_ascii=False)


async def answer_in_chat(text: str) -> str:
    """Answer as `in_chat` does, in a thread: Hermes' gateway calls this in the loop that serves all its chats."""
    return await asyncio.to_thread(in_chat, text)


def in_chat(text: str) -> str:
    """Answer `/profile-router …` in a chat: where a task would go; `profiles` and `doctor` as on the command line."""
    try:
        if not text.strip():
            return fitting(children_told()[:_LONGEST_ANSWER])
        ended = _call(_chat_words(text), folder_here())
        return fitting((ended.stdout.strip() or ended.stderr.strip())[:_LONGEST_ANSWER])
    except Exception as error:
        return f"profile-router: {error}"


def _chat_words(text: str) -> list[str]:
    """Return the command line that *text* stands for. What is not a command is a task, whatever word it begins with."""
    first, *rest = text.split()
    options = any(word.startswith("-") for word in rest)
    if first == "route" and options:
        return list(_named(shlex.split(text)))
    if first == "route" and rest:
        return ["route", "--", " ".join(shlex.split(text)[1:])]
    if first in _IN_CHAT and all(word.startswith("-") for word in rest):
        return [first, *rest]
    return ["route", "--", text]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take everything behind `hermes profile-router` as it is, options too: they are the router's."""
    parser.prefix_chars = "\0"
    parser.add_argument("arguments", nargs=argparse.REMAINDER)


def command_line(arguments: argparse.Namespace) -> None:
    """Run `hermes profile-router …` as `profile-router …` and end with its exit code; `setup` makes the program."""
    given = arguments.arguments
    words = given[1:] if given[:1] == ["--"] else list(_named(given))  # behind -- Hermes takes nothing for itself
    _say_what_hermes_took()
    if words[:1] == ["setup"]:
        sys.exit(setup(words[1:]))
    settings = plugin_settings()
    if settings.problem:
        sys.exit(f"profile-router: {settings.problem}")
    try:
        code = subprocess.call([*settings.command, *words], env=environment())
    except OSError as error:
        sys.exit(f"profile-router: {settings.command[0]} cannot be started ({error}); `hermes profile-router setup`")
    if any(word in ("-h", "--help") for word in words):
        sys.stdout.write(_HELP)
    sys.exit(code)


def _named(words: Sequence[str]) -> Iterator[str]:
    """Yield *words* with `--as NAME` for what the router calls `--profile NAME`; behind `--` is the task's text."""
    end = list(words).index("--") if "--" in words else len(words)
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        yield f"--profile{equals}{value}" if name == "--as" and place < end else word


def _say_what_hermes_took() -> None:
    """Say so where Hermes has eaten a --profile that stood behind `profile-router`: it may have been meant for us."""
    words = sys.orig_argv
    behind = words[words.index("profile-router") :] if "profile-router" in words else []
    behind = behind[: behind.index("--")] if "--" in behind else behind
    if any(word in ("-p", "--profile") or word.startswith("--profile=") for word in behind):
        sys.stderr.write(_TAKEN)


def _call(words: Sequence[str], folder: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    settings = plugin_settings()
    if settings.problem:
        raise ValueError(settings.problem)
    try:
        return subprocess.run(
            [*settings.command, *words],
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_DECIDING_S,
            cwd=folder_of_parent(folder),
            env=environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"the router did not answer within {_DECIDING_S:g} s") from None


def refusal(message: str) -> str:
    """Return *message* as a tool's result that says what went wrong."""
    return json.dumps({"error": message}, ensure_ascii=False)
