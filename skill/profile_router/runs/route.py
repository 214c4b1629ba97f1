"""Route a task: measure it, decide, and nothing else. Offline, without LangGraph, LangChain or a tokenizer's load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from profile_router.core.policy import Policy
from profile_router.core.routing.decide import decide, stays_here
from profile_router.core.routing.route import Decision
from profile_router.core.task import Task
from profile_router.evidence.conversation import share
from profile_router.evidence.measure import Surroundings, measure
from profile_router.runs.setup import Setup, prepare
from profile_router.threads.parent_sessions import ParentSessions


def route_task(task: Task, policy_file: str | None, environ: Mapping[str, str], cwd: Path) -> tuple[Decision, Policy]:
    """Return where *task* would go, and the policy that says so. Raises RouterError for bad input."""
    setup = prepare(task, policy_file, environ, cwd)
    around = Surroundings(workspace=setup.workspace, cwd=setup.cwd, windows=setup.windows())
    said = share(task, (), setup.policy, ParentSessions(state=setup.state))
    evidence = measure(task, setup.policy, around, conversation=said.turns).hearing(said)
    decision = decide(task, evidence, setup.policy, setup.candidates)
    return replace(decision, warnings=(*decision.warnings, *setup.warnings)), setup.policy


def measured_as_local(task: Task, setup: Setup) -> bool:
    """Tell whether *task* is meant for this machine. Raises RouterError for bad input."""
    around = Surroundings(workspace=setup.workspace, cwd=setup.cwd, windows=())
    return stays_here(task, measure(task, setup.policy, around), setup.candidates, setup.policy)
