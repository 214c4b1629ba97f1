"""`profile-router route`: say where a task would go, and why. Offline."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from profile_router.cli.options import add_task_options, task_of
from profile_router.cli.progress import folded
from profile_router.cli.spelling import as_called
from profile_router.core.routing.route import Refusal
from profile_router.core.telling.decision import LABEL_WIDTH, decision_json, decision_lines
from profile_router.runs.route import route_task

_EXAMPLE = 'example: hermes -p "$(profile-router route --json "fix the typo in README.md" | jq -r .profile)" chat'


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_task_options(parser)
    parser.epilog = _EXAMPLE


def run(arguments: argparse.Namespace) -> int:
    """Print the decision; return 0 for a route, 3 for a refusal."""
    decision, policy, unnoted = route_task(task_of(arguments), arguments.policy, dict(os.environ), Path.cwd())
    if unnoted:
        print(f"profile-router: {as_called(unnoted)}", file=sys.stderr)
    if arguments.json:
        print(json.dumps(decision_json(decision), ensure_ascii=False, indent=2))
    else:
        lines = decision_lines(decision, policy)
        print("\n".join(folded(line, sys.stdout, indent=LABEL_WIDTH) for line in lines))
    return 3 if isinstance(decision, Refusal) else 0
