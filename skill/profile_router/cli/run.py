"""`profile-router run`: route a task, run it under the profile, verify what it did."""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from profile_router.adapters.policy_file import find_policy, read_policy
from profile_router.cli import leash
from profile_router.cli.options import task_of
from profile_router.cli.progress import Progress, closing_lines
from profile_router.core.explain import decision_json
from profile_router.core.policy import Policy
from profile_router.core.receipt import Status
from profile_router.core.task import Task
from profile_router.errors import UsageError
from profile_router.ports import Emit
from profile_router.wiring.route import route_task

EXITS: Mapping[Status, int] = {"ok": 0, "failed": 1, "refused": 3}


def run(arguments: argparse.Namespace) -> int:
    """Run the task, show it as it goes, print the answer, and return the exit code of its status."""
    streams = arguments.stream or arguments.from_hermes
    if arguments.json and streams:
        raise UsageError("--json and --stream exclude each other: --stream ends with the same object as its last line")
    if arguments.exit_with_stdin and not arguments.task_json:
        raise UsageError("--exit-with-stdin needs --task-json -: the task comes first, then stdin stays open")
    task = task_of(arguments)
    if arguments.exit_with_stdin:
        leash.hold()
    if arguments.from_hermes:
        policy = read_policy(find_policy(arguments.policy, os.environ))
        if not _switched_on(policy, task, arguments.policy):
            return EXITS["ok"]
        task = replace(task, timeout_s=min(task.timeout_s or math.inf, policy.limits.run_seconds))
    from profile_router.wiring.run import run_task  # LangChain and LangGraph take most of a second

    emit: Emit = _stream if streams else Progress()
    result = run_task(task, arguments.policy, os.environ, Path.cwd(), emit)
    if streams:
        _stream({"event": "result", **result.json})
    elif arguments.json:
        print(json.dumps(result.json, ensure_ascii=False, indent=2))
    else:
        print("\n".join(closing_lines(result.json)))
    return EXITS[result.status]


def _switched_on(policy: Policy, task: Task, policy_file: str | None) -> bool:
    """Tell the Hermes plugin how *policy* has it switched; where it only explains, tell it the route as well."""
    _stream({"event": "plugin", "mode": policy.hermes_plugin, "private_paths": list(policy.private_paths)})
    if policy.hermes_plugin == "explain":
        decision, _ = route_task(task, policy_file, dict(os.environ), Path.cwd())
        _stream({"event": "result", "status": "explained", "route": decision_json(decision)})
    return policy.hermes_plugin == "on"


def _stream(event: Mapping[str, object]) -> None:
    print(json.dumps(event, ensure_ascii=False), flush=True)
