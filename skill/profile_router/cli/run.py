"""`profile-router run`: route a task, run it under the profile, verify what it did."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path

from profile_router.cli.options import task_of
from profile_router.cli.progress import Progress, closing_lines
from profile_router.core.receipt import Status
from profile_router.errors import UsageError
from profile_router.ports import Emit

EXITS: Mapping[Status, int] = {"ok": 0, "failed": 1, "refused": 3}


def run(arguments: argparse.Namespace) -> int:
    """Run the task, show it as it goes, print the answer, and return the exit code of its status."""
    from profile_router.wiring.run import run_task  # LangChain and LangGraph take most of a second

    if arguments.json and arguments.stream:
        raise UsageError("--json and --stream exclude each other: --stream ends with the same object as its last line")
    emit: Emit = _stream if arguments.stream else Progress()
    result = run_task(task_of(arguments), arguments.policy, os.environ, Path.cwd(), emit)
    if arguments.stream:
        _stream({"event": "result", **result.json})
    elif arguments.json:
        print(json.dumps(result.json, ensure_ascii=False, indent=2))
    else:
        print("\n".join(closing_lines(result.json)))
    return EXITS[result.status]


def _stream(event: Mapping[str, object]) -> None:
    print(json.dumps(event, ensure_ascii=False), flush=True)
