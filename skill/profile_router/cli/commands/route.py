"""`profile-router route`: say where a task would go, and why. Offline."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from profile_router.api.routing import route
from profile_router.api.task_fields import tasks_from_json
from profile_router.cli.json_answer import print_json
from profile_router.cli.options import MOST_OF_TASKS, add_task_options, json_of, source_of, task_of
from profile_router.cli.progress import folded
from profile_router.cli.spelling import as_called
from profile_router.core.task import Task
from profile_router.core.telling.decision import LABEL_WIDTH, Json
from profile_router.errors import RouterError, UsageError
from profile_router.policies.file import found_policy
from profile_router.runs.route import quote

_SCRIPT = 'in a script:\n  hermes -p "$(profile-router route --json "fix the typo in README.md" | jq -r .profile)" chat'


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_task_options(parser)
    parser.add_argument(
        "--tasks-json", metavar="FILE|-", help="say what each task of a JSON list would cost at most, as JSON"
    )
    parser.add_argument("--explain", action="store_true", help="show which files it probably is about, and why")
    parser.add_argument(
        "--wait", action="store_true", help="look into the whole repository first, however long that takes"
    )
    parser.epilog = _SCRIPT


def run(arguments: argparse.Namespace) -> int:
    """Print the decision; return 0 for a route, 3 for a refusal."""
    if arguments.tasks_json:
        print_json(_quotes(arguments.tasks_json, arguments.policy))
        return 0
    found = route(task_of(arguments), policy=arguments.policy, wait=arguments.wait)
    if found.unnoted:
        print(f"profile-router: {as_called(found.unnoted)}", file=sys.stderr)
    if arguments.json:
        print_json(found.json)
    else:
        lines = found.lines(explain=arguments.explain)
        print("\n".join(folded(as_called(line), sys.stdout, indent=LABEL_WIDTH) for line in lines))
    return 3 if found.status == "refused" else 0


def _quotes(given: str, policy_file: str | None) -> Json:
    """Return what each task of *given* would cost at most, and above which figure somebody is asked: both in USD."""
    tasks = tasks_from_json(json_of("--tasks-json", given, line=False, most=MOST_OF_TASKS), source_of(given))
    policy = found_policy(policy_file, os.environ)
    told = [_quoted(task, policy_file, number) for number, task in enumerate(tasks, 1)]
    return {"mode": policy.hermes_plugin, "ask_above_usd": policy.budget.ask_above_usd, "tasks": told}


def _quoted(task: Task | UsageError, policy_file: str | None, number: int) -> Json:
    try:
        if isinstance(task, UsageError):
            raise task
        found = quote(task, policy_file, dict(os.environ), Path.cwd())
    except RouterError as error:
        from profile_router.core.option_names import in_row  # for a mistake alone

        return {"profile": None, "rule": "", "usd": 0.0, "asks": "", "error": in_row(error, number)}
    return {"profile": found.profile, "rule": found.rule, "usd": found.usd, "asks": found.asks}
