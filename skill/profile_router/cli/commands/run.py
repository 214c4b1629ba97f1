"""`profile-router run`: route a task, run it under the profile, verify what it did."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace

from profile_router.cli.caller import approver_for
from profile_router.cli.ending import RunEnd, closing_lines
from profile_router.cli.json_answer import json_text, of_now
from profile_router.cli.options import add_run_options, add_task_options, streams, task_of
from profile_router.cli.progress import Progress
from profile_router.core.ladder.receipt import Status
from profile_router.core.option_names import in_fields
from profile_router.core.policy import Policy
from profile_router.core.task import Task
from profile_router.errors import UsageError, WorkspaceError
from profile_router.machine.imports import import_large
from profile_router.policies.file import found_policy
from profile_router.ports import Emit

EXITS: Mapping[Status, int] = {"ok": 0, "failed": 1, "refused": 3, "unapproved": 4}


_EXAMPLE = (
    "the same as JSON:\n"
    """  echo '{"goal": "make the retry delay configurable", "files": ["src/http.py"], "check": "pytest -q"}' """
    "| profile-router run --task-json -"
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_task_options(parser)
    add_run_options(parser)
    parser.epilog = _EXAMPLE


def run(arguments: argparse.Namespace) -> int:
    """Run the task, show it as it goes, print the answer, and return the exit code of its status."""
    streamed = streams(arguments)
    if arguments.exit_with_stdin and not arguments.task_json:
        raise UsageError("--exit-with-stdin needs --task-json -: the task comes first, then stdin stays open")
    task = task_of(arguments)
    progress = Progress()
    approver = approver_for(arguments, print_event, progress.away)
    if arguments.from_hermes:
        policy = found_policy(arguments.policy, os.environ)
        if not switched_on(policy, [task], arguments.policy):
            return EXITS["ok"]
        task = replace(task, timeout_s=min(task.timeout_s or math.inf, policy.limits.run_seconds))
    emit: Emit = print_event if streamed else progress
    with nullcontext() if streamed else progress:
        import_large("profile_router.api.running", "profile_router.runs.run")  # with LangChain: half a second
        from profile_router.api.running import run as run_to_end

        try:
            result = run_to_end(
                task, policy=arguments.policy, on_event=lambda event: emit(event.json), approver=approver
            )
        except (UsageError, WorkspaceError) as error:
            if arguments.task_json:
                raise type(error)(in_fields(str(error))) from None
            raise
    show_end(result, streamed=streamed, as_json=arguments.json)
    return EXITS[result.status]


def show_end(result: RunEnd, *, streamed: bool, as_json: bool) -> None:
    """Print the end of a run: as the last event of a stream, as JSON, or for a person."""
    if streamed:
        print_event({"event": "result", **result.json})
    elif as_json:
        say(json_text(result.json))
    else:
        part_from_progress()
        say("\n".join(closing_lines(result)))


def part_from_progress() -> None:
    """Where a person sees both streams, leave a line between what went by and the answer."""
    if sys.stdout.isatty() and sys.stderr.isatty():
        print(file=sys.stderr, flush=True)


def switched_on(policy: Policy, tasks: Sequence[Task | UsageError], policy_file: str | None) -> bool:
    """Tell the Hermes plugin how *policy* has it switched; where it only explains, where each of *tasks* would go too.

    *policy_file* is the policy that the caller names, None without one.
    """
    tell_switch(policy)
    if policy.hermes_plugin == "explain":
        tell_explained(tasks, policy_file)
    return policy.hermes_plugin == "on"


def tell_switch(policy: Policy) -> None:
    """Tell the Hermes plugin how *policy* has it switched, and which files are private."""
    print_event({"event": "plugin", "mode": policy.hermes_plugin, "private_paths": list(policy.private_paths)})


def tell_explained(tasks: Sequence[Task | UsageError], policy_file: str | None, *, observes: bool = False) -> None:
    """Tell the Hermes plugin where each of *tasks* would go; *observes*: the ledger has them as begun by Hermes."""
    from profile_router.api.explaining import explained  # only the plugin asks

    for event in explained(tasks, policy_file, observes=observes):
        print_event(event.json)


def print_event(event: Mapping[str, object]) -> None:
    """Print one event as a line of JSON."""
    say(json.dumps(of_now(event), ensure_ascii=False))


def say(text: str) -> None:
    """Print *text*. A reader that left does not end the run: work that is begun, or paid, is worth its end."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
