"""Route a task: measure it, decide, and nothing else. Offline, without LangGraph, LangChain or a tokenizer's load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from profile_router.adapters.measure import Surroundings, measure
from profile_router.core.decide import decide
from profile_router.core.policy import Policy
from profile_router.core.route import Decision
from profile_router.core.task import Task
from profile_router.wiring.setup import prepare


def route_task(task: Task, policy_file: str | None, environ: Mapping[str, str], cwd: Path) -> tuple[Decision, Policy]:
    """Return where *task* would go, and the policy that says so. Raises RouterError for bad input."""
    setup = prepare(task, policy_file, environ, cwd)
    around = Surroundings(workspace=setup.workspace, cwd=cwd, windows=setup.windows())
    decision = decide(task, measure(task, setup.policy, around), setup.policy, setup.candidates)
    return replace(decision, warnings=(*decision.warnings, *setup.warnings)), setup.policy
