"""Route a task: measure it, decide, and nothing else. Offline, without LangGraph, LangChain or a tokenizer's load."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from profile_router.core.policy import Policy
from profile_router.core.routing.decide import decide, stays_here
from profile_router.core.routing.route import Decision
from profile_router.core.task import Task
from profile_router.errors import StateError
from profile_router.evidence.conversation import share
from profile_router.evidence.measure import Surroundings, measure
from profile_router.ledger.routes import note_route
from profile_router.runs.setup import Setup, prepare
from profile_router.threads.parent_sessions import ParentSessions


def route_task(
    task: Task, policy_file: str | None, environ: Mapping[str, str], cwd: Path
) -> tuple[Decision, Policy, str]:
    """Return where *task* would go, the policy that says so, and why the ledger lacks it; empty: it has it.

    Raises RouterError for bad input.
    """
    setup = prepare(task, policy_file, environ, cwd)
    task = setup.task
    around = Surroundings(workspace=setup.workspace, cwd=setup.cwd, windows=setup.windows())
    said = share(task, (), setup.policy, ParentSessions(state=setup.state))
    evidence = measure(task, setup.policy, around, conversation=said.turns).hearing(said)
    decision = decide(task, evidence, setup.policy, setup.candidates)
    decision = replace(decision, warnings=(*decision.warnings, *setup.warnings))
    return decision, setup.policy, _noted(task, decision, setup)


def _noted(task: Task, decision: Decision, setup: Setup) -> str:
    """Write *decision* into the ledger; return why that cannot be, empty where it is done: the answer stands."""
    place = str(setup.workspace.root) if setup.workspace else ""
    try:
        note_route(setup.state, task, decision, place, now=time.time(), keep_days=setup.policy.ledger.keep_days)
    except StateError as error:
        return f"this route is not in the ledger: {error}"
    return ""


def measured_as_local(setup: Setup) -> bool:
    """Tell whether the task of *setup* is meant for this machine. Raises RouterError for bad input."""
    around = Surroundings(workspace=setup.workspace, cwd=setup.cwd, windows=())
    return stays_here(setup.task, measure(setup.task, setup.policy, around), setup.candidates, setup.policy)
