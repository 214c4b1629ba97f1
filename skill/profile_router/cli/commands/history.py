"""`profile-router history`: the runs that the ledger knows, the newest first, or by what they have in common."""

from __future__ import annotations

import argparse
import os
import sys
from typing import get_args

from profile_router.api.task_fields import AT_LEAST_ONE, number_in
from profile_router.cli.json_answer import print_json
from profile_router.cli.progress import folded
from profile_router.cli.screens import printable
from profile_router.cli.spelling import as_called
from profile_router.cli.stories import group_json, group_line, run_json, run_line
from profile_router.cli.usual_options import add_json
from profile_router.core.ladder.account import Grouping
from profile_router.core.telling.ways_out import A_RUN_IS_TOLD
from profile_router.ledger.history import SqliteHistory
from profile_router.state.database import damage_lines
from profile_router.state.folder import state_dir

_NEWEST = 50
_NOTHING = 'no run yet; begin one: `profile-router run "TASK"`'


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("--limit", type=number_in, default=_NEWEST, metavar="N", help=f"list at most N (default: {_NEWEST})")
    add("--by", choices=get_args(Grouping), help="count the runs by this instead")
    add("--routes", action="store_true", help="list also what `route` answered")
    add_json(parser, "them")
    parser.epilog = A_RUN_IS_TOLD


def run(arguments: argparse.Namespace) -> int:
    """Print the runs; return 0."""
    history, limit = SqliteHistory(state=state_dir(os.environ)), int(AT_LEAST_ONE(arguments.limit, "--limit"))
    if arguments.by:
        groups = history.grouped(arguments.by, limit)
        answer: dict[str, object] = {"by": arguments.by, "groups": [group_json(group) for group in groups]}
        lines = [group_line(group) for group in groups]
    else:
        runs = history.runs(limit, routes=arguments.routes)
        answer, lines = {"runs": [run_json(one) for one in runs]}, [printable(run_line(one)) for one in runs]
    print_told()
    if arguments.json:
        print_json(answer)
    else:
        print("\n".join(lines) or folded(as_called(_NOTHING), sys.stdout, indent=2))
    return 0


def print_told() -> None:
    """Say on stderr which files were set aside, and so what is missing in the answer."""
    for line in damage_lines():
        print(f"profile-router: {line}", file=sys.stderr)
