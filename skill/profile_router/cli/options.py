"""The options that describe a task, and the task that they make."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from profile_router.cli.task_json import task_from_json
from profile_router.core.task import Facts, Task
from profile_router.errors import UsageError

_LARGEST_CONTEXT = 50_000_000
_REPLACED = (
    *("task", "context", "file", "image", "workspace", "files_to_read", "files_to_edit", "lines_to_edit"),
    *("local_only", "profile", "toolsets", "max_turns", "thread", "check", "timeout"),
)


def add_task_options(parser: argparse.ArgumentParser) -> None:
    """Add what `route` and `run` share."""
    add = parser.add_argument
    add("task", nargs="?", metavar="TASK", help="what to do; - reads it from stdin")
    add("--context", metavar="T|@FILE", help="text that belongs into the prompt")
    add("--file", action="append", default=[], metavar="P", help="a file the task is about")
    add("--image", action="append", default=[], metavar="P", help="an image the task is about")
    add("--workspace", metavar="D", help="the folder to work in")
    add("--files-to-read", type=_count, metavar="N", help="files you know will be read")
    add("--files-to-edit", type=_count, metavar="N", help="files you know will be edited")
    add("--lines-to-edit", type=_count, metavar="N", help="lines you know will be edited")
    add("--local-only", action="store_true", help="never leave this machine")
    add("--profile", metavar="NAME", help="use this profile (private still wins)")
    add("--task-json", choices=["-"], help="read the whole task from stdin, one JSON object; replaces the above")
    add("--policy", metavar="FILE", help="the policy to decide by")
    add("--json", action="store_true", help="print JSON")


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add what only `run` knows."""
    add = parser.add_argument
    add("--toolsets", metavar="A,B", help="toolsets the subagent may use")
    add("--max-turns", type=_positive, metavar="N", help="model calls of one attempt, at most")
    add("--thread", metavar="ID", help="go on with this shared conversation")
    add("--check", metavar="CMD", help="shell command that must succeed afterwards")
    add("--timeout", type=_seconds, metavar="S", help="seconds for the whole run")
    add("--max-cost", type=_usd, metavar="USD", help="what the task may cost at most; 0: no paid model")
    add_stream_options(parser)


def add_stream_options(parser: argparse.ArgumentParser) -> None:
    """Add how a program follows a run, and ends it."""
    add = parser.add_argument
    add("--yes", action="store_true", help="agree beforehand to paid hops that would be asked for")
    add("--stream", action="store_true", help="print one JSON event a line; a run goes on when its reader leaves")
    add("--exit-with-stdin", action="store_true", help="with --task-json, in one line: end when stdin closes")
    add("--from-hermes", action="store_true", help="stream, and obey the policy's hermes_plugin (on, explain, off)")


def task_of(arguments: argparse.Namespace) -> Task:
    """Return the task that the options describe. Raises UsageError for an empty one or unreadable context."""
    if arguments.task_json:
        return _task_on_stdin(arguments)
    goal = _goal(arguments.task)
    toolsets = getattr(arguments, "toolsets", None)
    return Task(
        goal=goal,
        context=_context(arguments.context),
        context_from=arguments.context[1:] if (arguments.context or "").startswith("@") else "",
        files=tuple(arguments.file),
        images=tuple(arguments.image),
        workspace=arguments.workspace,
        toolsets=None if toolsets is None else tuple(name.strip() for name in toolsets.split(",") if name.strip()),
        max_turns=getattr(arguments, "max_turns", None),
        thread=getattr(arguments, "thread", None),
        facts=Facts(
            files_to_read=arguments.files_to_read,
            files_to_edit=arguments.files_to_edit,
            lines_to_edit=arguments.lines_to_edit,
        ),
        profile=arguments.profile,
        local_only=arguments.local_only,
        check=getattr(arguments, "check", None),
        timeout_s=getattr(arguments, "timeout", None),
        max_cost_usd=getattr(arguments, "max_cost", None),
    )


def _task_on_stdin(arguments: argparse.Namespace) -> Task:
    beside = next((name for name in _REPLACED if getattr(arguments, name, None)), None)
    if beside is not None:
        name = "TASK" if beside == "task" else f"--{beside.replace('_', '-')}"
        raise UsageError(f"--task-json reads the whole task, {name} included; leave {name} out")
    line = getattr(arguments, "exit_with_stdin", False)
    stdin = sys.stdin.buffer
    return task_from_json(stdin.readline(_LARGEST_CONTEXT) if line else stdin.read(_LARGEST_CONTEXT))


def _goal(given: str | None) -> str:
    if given is None:
        raise UsageError("no task was given; say what to do in quotes, or give - to read it from stdin")
    text = sys.stdin.buffer.read(_LARGEST_CONTEXT).decode("utf-8", "replace") if given == "-" else given
    if not text.strip():
        raise UsageError("the task is empty; say what to do in quotes, or give - to read it from stdin")
    return _utf8(text)


def _context(given: str | None) -> str:
    if given is None or not given.startswith("@"):
        return _utf8(given or "")
    path = Path(given[1:])
    try:
        if not path.is_file():
            raise UsageError(f"--context @{path}: no such file; give the text itself, or @ and the path of a text file")
        if path.stat().st_size > _LARGEST_CONTEXT:
            raise UsageError(
                f"--context @{path} is larger than {_LARGEST_CONTEXT // 1_000_000} MB; name it with --file instead"
            )
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(f"--context @{path} cannot be read ({error})") from None
    if b"\0" in raw[:8_192]:
        raise UsageError(f"--context @{path} is binary; context is prompt text: name the file with --file instead")
    return raw.decode("utf-8", "replace")


def _utf8(text: str) -> str:
    """Return *text* without the surrogates that stand for undecodable bytes: no server takes them."""
    return text.encode("utf-8", "replace").decode()


def _count(text: str) -> int:
    return _whole(text, 0)


def _positive(text: str) -> int:
    return _whole(text, 1)


def _whole(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number") from None
    if not least <= number <= 10**9:
        raise argparse.ArgumentTypeError(f"{number} is out of range (allowed: {least} or more)")
    return number


def _usd(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not an amount in USD") from None
    if not 0 <= amount <= 10**6:
        raise argparse.ArgumentTypeError(f"{text} is out of range (allowed: 0 or more)")
    return amount


def on_stdin(text: str) -> str:
    """Return *text* where it is `-`. Raises ArgumentTypeError for a file's name, with what reads that file."""
    if text != "-":
        raise argparse.ArgumentTypeError(f"'{text[:80]}' is not -; the tasks come on stdin: `--tasks-json - < FILE`")
    return text


def days(text: str) -> float:
    """Return the days that *text* is. Raises ArgumentTypeError for anything but a number, 0 or more."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of days") from None
    if not 0 <= number <= 10**6:
        raise argparse.ArgumentTypeError(f"{text} is out of range (allowed: 0 or more days)")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds") from None
    if not 0 < seconds <= 10**7:
        raise argparse.ArgumentTypeError(f"{text} is out of range (allowed: more than 0 seconds)")
    return seconds
