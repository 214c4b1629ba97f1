"""`profile-router batch`: run several tasks at once; each is routed, run and verified as `run` does it."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Self

from profile_router.api.task_fields import ROUTED_FIELDS, RUN, TASKS_FORM, tasks_from_json
from profile_router.api.task_schema import tasks_schema
from profile_router.cli.caller import approver_for
from profile_router.cli.commands.run import EXITS, part_from_progress, print_event, say, switched_on
from profile_router.cli.ending import batch_lines
from profile_router.cli.json_answer import json_text
from profile_router.cli.options import MOST_OF_TASKS, PrintSchema, add_stream_options, json_of, source_of, streams
from profile_router.cli.progress import Progress
from profile_router.cli.usual_options import add_json, add_policy
from profile_router.core.task import Task
from profile_router.errors import UsageError
from profile_router.machine.imports import import_large
from profile_router.policies.file import found_policy
from profile_router.ports import Emit

if TYPE_CHECKING:
    from profile_router.api.run_values import BatchResult

_ANSWER_SECONDS = 120.0  # other tasks may wait for an answer: a merge, or one writer at a time
WRONG_CALL = 2  # no task was begun: what was wrong is in the call or a file


_EXAMPLE = (
    "from a file with such a list:\n  profile-router batch --tasks-json tasks.json\n"
    "--schema tells all that the list may hold\n"
    f"other keys of a task: {', '.join(one.key for one in (*ROUTED_FIELDS, *RUN) if one.key not in ('goal', 'files'))}"
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--tasks-json", metavar="FILE|-", help="read the tasks, one JSON list; - is stdin")
    parser.add_argument("--schema", action=PrintSchema, const=tasks_schema, help="print the JSON Schema of that list")
    add_policy(parser)
    add_json(parser, "the results")
    add_stream_options(parser)
    parser.epilog = _EXAMPLE


def run(arguments: argparse.Namespace) -> int:
    """Run the tasks on stdin and show them as they go.

    Print their results, and return the exit code of their status.
    """
    streamed = streams(arguments)
    given = arguments.tasks_json
    if given is None:
        raise UsageError(f"batch needs --tasks-json FILE, - for stdin; {TASKS_FORM}")
    raw = json_of("--tasks-json", given, line=arguments.exit_with_stdin, most=MOST_OF_TASKS)
    tasks = tasks_from_json(raw, source_of(given), plugins=arguments.from_hermes)
    wrong = [one for one in tasks if isinstance(one, UsageError)]
    if len(wrong) == len(tasks) and not arguments.from_hermes:
        raise wrong[0]  # nothing to run: the call is wrong, not a task
    if not arguments.from_hermes:
        tasks = allowed_told_once(tasks)
    numbered = _Numbered()
    approver = approver_for(arguments, print_event, numbered.away, _ANSWER_SECONDS)
    policy = found_policy(arguments.policy, os.environ)
    seconds = None
    if arguments.from_hermes:
        if not switched_on(policy, tasks, arguments.policy):
            return EXITS["ok"]
        # As long as Hermes waits for the whole batch: what one of its tasks may take at most.
        longest = max((task.timeout_s or math.inf for task in tasks if isinstance(task, Task)), default=math.inf)
        seconds = min(longest, policy.limits.run_seconds)
    emit: Emit = print_event if streamed else numbered
    with nullcontext() if streamed else numbered:
        import_large("profile_router.api.batching", "profile_router.runs.batch")  # with LangChain: half a second
        from profile_router.api.batching import batch

        end = batch(
            tasks,
            policy=arguments.policy,
            on_event=lambda event: emit(event.json),
            approver=approver,
            timeout=seconds,
        )
    _show(end, streamed=streamed, as_json=arguments.json)
    begun = any(one.route is not None for one in end.results)
    return EXITS[end.status] if begun or arguments.from_hermes else WRONG_CALL


def allowed_told_once(tasks: Sequence[Task | UsageError]) -> list[Task | UsageError]:
    """Return *tasks*, whose errors tell the same list of what is allowed once: the first that needs it does."""
    lists: dict[str, int] = {}

    def told(one: UsageError, number: int) -> UsageError:
        said, allowed, what = str(one).partition(" (allowed: ")
        first = lists.setdefault(what, number)
        return UsageError(f"{said}: allowed is what task {first} was told") if allowed and first != number else one

    return [told(one, number) if isinstance(one, UsageError) else one for number, one in enumerate(tasks, 1)]


def _show(end: BatchResult, *, streamed: bool, as_json: bool) -> None:
    """Print how the batch ended; on a stream the results have been told already."""
    if streamed:
        print_event({"event": "batch", **{name: one for name, one in end.json.items() if name != "results"}})
    elif as_json:
        say(json_text(end.json))
    else:
        part_from_progress()
        say("\n".join(batch_lines(end.results)))


class _Numbered:
    """Shows the events of all tasks, each line with the number of its task, and one live line for all."""

    def __init__(self) -> None:
        self._all = Progress()
        self._shown: dict[int, Emit] = {}
        self._held: list[Mapping[str, object]] | None = None

    def __enter__(self) -> Self:
        self._all.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._all.__exit__()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Take the live line away, and hold what is told meanwhile: the question stays the last line."""
        self._held = []
        try:
            with self._all.away():
                yield
        finally:
            held, self._held = self._held, None
            for event in held:
                self(event)

    def __call__(self, event: Mapping[str, object]) -> None:
        """Show one event, after the question that somebody is asked."""
        if self._held is not None:
            self._held.append(event)
            return
        index = int(str(event["task_index"]))
        if index not in self._shown:
            self._shown[index] = Progress(number=index + 1, live_line=self._all.live_line)
        self._shown[index](event)
