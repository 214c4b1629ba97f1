"""What earlier runs tell the estimate: attempts at tasks of its size, and whether Hermes is here."""

from __future__ import annotations

from pathlib import Path

from profile_router.core.routing.loop import Past, PastRuns, UsualTurns, usual_turns
from profile_router.core.routing.task_size import TaskSize
from profile_router.errors import UsageError
from profile_router.ledger.loops import past_loops, turns_in
from profile_router.runs.setup import Setup


def past_runs(state: Path, *, hermes: bool) -> PastRuns:
    """Return what reads the ledger in *state* once for each size. *hermes*: there is a Hermes."""
    found: dict[TaskSize, Past] = {}

    def past(task_size: TaskSize) -> Past:
        if task_size not in found:
            found[task_size] = Past(loops=past_loops(state, task_size), hermes=hermes)
        return found[task_size]

    return past


def usual_here(state: Path, workspace: str) -> UsualTurns:
    """Return what reads the ledger in *state* for how many turns attempts usually take in *workspace*."""
    return lambda tier: usual_turns(turns_in(state, workspace, tier))


def has_hermes(setup: Setup) -> bool:
    """Tell whether a run of *setup* would find a Hermes. One that is named and is not there is `run`'s to refuse."""
    if setup.policy.runner == "embedded" or setup.home.root is None:
        return False
    from profile_router.machine.hermes_program import find_hermes

    try:
        return find_hermes(setup.environ, setup.policy.hermes.python) is not None
    except UsageError:
        return False
