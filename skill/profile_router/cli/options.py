"""The options that describe a task, and the task that they make."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from profile_router.api.task_bounds import MOST_OF_A_CONTEXT, MOST_OF_A_GOAL, context_too_long, goal_too_long
from profile_router.api.task_fields import (
    FACTS,
    ROUTED_FIELDS,
    RUN,
    TaskField,
    task_from_json,
    with_known_toolsets,
)
from profile_router.cli.usual_options import add_policy, add_yes
from profile_router.core.task import Facts, Task
from profile_router.core.text import shown, utf8
from profile_router.errors import UsageError
from profile_router.outside.plain_file import read_plain

MOST_OF_TASKS = 100_000_000  # bytes of all tasks together, or of what is told of them
_MOST_OF_A_TASK = 50_000_000  # bytes of JSON, which may spell one letter with six


def add_task_options(parser: argparse.ArgumentParser) -> None:
    """Add what `route` and `run` share."""
    _add(parser, (*ROUTED_FIELDS, *FACTS))
    add = parser.add_argument
    add("--task-json", metavar="FILE|-", help="read the whole task, one JSON object; replaces the above; - is stdin")
    add("--schema", action=PrintSchema, const=_task_schema, help="print the JSON Schema of that object")
    add_policy(parser)
    add("--json", action="store_true", help="print JSON")


def _task_schema() -> dict[str, Any]:
    from profile_router.api.task_schema import task_schema  # its types take 2 ms to import

    return task_schema()


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add what only `run` knows."""
    _add(parser, RUN)
    add_stream_options(parser)


def _add(parser: argparse.ArgumentParser, fields: Sequence[TaskField]) -> None:
    for one in fields:
        parser.add_argument(one.option, **one.settings)


def add_stream_options(parser: argparse.ArgumentParser) -> None:
    """Add how a program follows a run, and ends it."""
    add = parser.add_argument
    add_yes(parser)
    add("--stream", action="store_true", help="print one JSON event a line; a run goes on when its reader leaves")
    add("--exit-with-stdin", action="store_true", help="end when stdin closes; the JSON comes first, in one line")
    add(
        "--from-hermes",
        action="store_true",
        help="stream, and obey the policy's hermes_plugin (on, observe, explain, off)",
    )


def streams(arguments: argparse.Namespace) -> bool:
    """Tell whether each event is printed as a line of JSON. Raises UsageError where one JSON text is asked for too."""
    asked = bool(arguments.stream or arguments.from_hermes)
    if arguments.json and asked:
        raise UsageError("--json and --stream exclude each other: --stream prints each result as its own line")
    return asked


def task_of(arguments: argparse.Namespace) -> Task:
    """Return the task that the options describe. Raises UsageError for an empty one or unreadable context."""
    if arguments.task_json:
        task = _whole_task(arguments)
        # A Hermes may have toolsets of its plugins: what it lacks is a note of its attempt.
        known = getattr(arguments, "from_hermes", False)
        return task if known else with_known_toolsets(task, "--task-json: toolsets")
    values = _given(arguments, (*ROUTED_FIELDS, *RUN))
    context = values.get("context", "")
    values |= {"goal": _goal(values.get("goal")), "context": _context(context)}
    from_file = context[1:] if context.startswith("@") else ""
    task = Task(**values, context_from=from_file, facts=Facts(**_given(arguments, FACTS)))
    return with_known_toolsets(task, "--toolsets")


def _given(arguments: argparse.Namespace, fields: Sequence[TaskField]) -> dict[str, Any]:
    """Return the values of the options that were given, by their names in Task. Raises UsageError for wrong ones."""
    said = ((one, getattr(arguments, one.attribute, None)) for one in fields)
    return {one.name: one.read(value, one.option) for one, value in said if value is not None}


def _whole_task(arguments: argparse.Namespace) -> Task:
    beside = next((one for one in (*ROUTED_FIELDS, *RUN, *FACTS) if getattr(arguments, one.attribute, None)), None)
    if beside is not None:
        name = beside.settings["metavar"] if beside.option == "task" else beside.option
        raise UsageError(f"--task-json reads the whole task, {name} included; leave {name} out")
    line = getattr(arguments, "exit_with_stdin", False)
    given = arguments.task_json
    return task_from_json(json_of("--task-json", given, line=line, most=_MOST_OF_A_TASK), source_of(given))


def _goal(given: str | None) -> str:
    if given is None:
        raise UsageError("no task was given; say what to do in quotes, or give - to read it from stdin")
    raw = sys.stdin.buffer.read(MOST_OF_A_GOAL + 1) if given == "-" else b""
    if len(raw) > MOST_OF_A_GOAL:
        raise UsageError(goal_too_long("stdin"))
    text = raw.decode("utf-8", "replace") if given == "-" else given
    if not text.strip():
        raise UsageError("the task is empty; say what to do in quotes, or give - to read it from stdin")
    return utf8(text)


def _context(given: str) -> str:
    if not given.startswith("@"):
        return utf8(given)
    path = Path(given[1:])
    try:
        if not path.is_file():
            raise UsageError(f"--context @{path}: no such file; give the text itself, or @ and the path of a text file")
        if (size := path.stat().st_size) > MOST_OF_A_CONTEXT:
            raise UsageError(context_too_long(f"--context @{path}", size))
        raw = read_plain(path, MOST_OF_A_CONTEXT) or b""
    except (OSError, ValueError) as error:
        raise UsageError(f"--context @{path} cannot be read ({error})") from None
    if b"\0" in raw[:8_192]:
        raise UsageError(f"--context @{path} is binary; context is prompt text: name the file with --file instead")
    return raw.decode("utf-8", "replace")


def json_of(option: str, given: str, *, line: bool, most: int) -> bytes:
    """Return what the file *given* to *option* holds; `-` is stdin, or one *line* of it.

    At most *most* bytes are read. Raises UsageError for a file that holds more, or cannot be read.
    """
    if line and given != "-":
        raise UsageError(f"--exit-with-stdin needs {option} -: what is to be done comes first, then stdin stays open")
    raw = _read_at_most(option, given, line=line, most=most)
    if len(raw) > most:
        raise UsageError(_too_large(option, given, most))
    return raw


def _too_large(option: str, given: str, most: int) -> str:
    return (
        f"{option} {source_of(given)} is larger than {most // 1_000_000} MB, the most that is read; give less at once"
    )


def _read_at_most(option: str, given: str, *, line: bool, most: int) -> bytes:
    """Return at most one byte more than *most*; of a file that is larger from the start, nothing is read."""
    if given == "-":
        return sys.stdin.buffer.readline(most + 1) if line else sys.stdin.buffer.read(most + 1)
    try:
        with Path(given).open("rb") as file:
            if os.fstat(file.fileno()).st_size > most:
                raise UsageError(_too_large(option, given, most))
            return file.read(most + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{option} {shown(given)} cannot be read ({why}); give a file, or - for stdin") from None


def source_of(given: str) -> str:
    """Return what *given* is called in an error."""
    return "stdin" if given == "-" else shown(given)


class PrintSchema(argparse.Action):
    """The option `--schema`: print the schema and stop. `const` makes it."""

    def __init__(self, option_strings: Sequence[str], dest: str, **settings: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **settings)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it."""
        print(json.dumps(self.const(), indent=2))
        parser.exit()
