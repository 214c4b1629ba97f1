"""Note an answer of `route` in the ledger. Light, as `route` must answer at once."""

from __future__ import annotations

import json
import os
from pathlib import Path

from profile_router import __version__
from profile_router.core.ladder.run_kinds import UNFINISHED, RunKind
from profile_router.core.routing.route import Decision, Refusal
from profile_router.core.task import Task
from profile_router.core.telling.figures import evidence_figures, task_figures
from profile_router.ledger.retention import expire
from profile_router.ledger.schema import LEDGER_FILE, day_of, make_ready
from profile_router.state.database import transaction
from profile_router.values import frozen

ROUTED_TABLE = "routed"


@frozen
class Decided:
    """A decision as the ledger has it: names, and figures as JSON. The names are empty where there are none."""

    profile: str
    tier: str
    rule: str
    evidence: str
    estimate: str


def decided_row(decision: Decision) -> Decided:
    """Return *decision* as the ledger has it."""
    evidence = json.dumps(evidence_figures(decision.evidence))
    if isinstance(decision, Refusal):
        return Decided(profile="", tier="", rule=decision.rule, evidence=evidence, estimate="{}")
    guess = decision.estimate
    estimate = {name: getattr(guess, name) for name in guess.__dataclass_fields__}
    said = estimate | {name: getattr(decision, name) for name in ("profile", "tier", "needs_probe", "condense")}
    return Decided(
        profile=decision.profile,
        tier=decision.tier or "",
        rule=decision.rule,
        evidence=evidence,
        estimate=json.dumps(said),
    )


def note_route(
    state: Path, task: Task, decision: Decision, workspace: str, *, now: float, keep_days: float, observed: bool = False
) -> str:
    """Write down what `route` is about to answer at the moment *now*; take out what began *keep_days* before.

    *observed*: Hermes begins the task by itself, and how it ends is noted in the row later. Return the row's id. Raises
    StateError.
    """
    said, name = decided_row(decision), os.urandom(8).hex()
    verdict = UNFINISHED if observed else "refused" if isinstance(decision, Refusal) else ROUTED_TABLE
    kind: RunKind = "observed" if observed else "route"
    ended = None if observed else now
    row = (
        name,
        kind,
        now,
        ended,
        day_of(now),
        verdict,
        said.profile,
        said.tier,
        said.rule,
        task.thread or "",
        workspace,
    )
    details = (name, decision.policy, __version__, json.dumps(task_figures(task)), said.evidence, said.estimate)
    with transaction(state / LEDGER_FILE, make_ready) as database:
        expire(database, now, keep_days)
        database.execute(
            "INSERT INTO runs (id, kind, started, ended, day, verdict, profile, tier, rule, thread, workspace) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        database.execute("INSERT INTO details VALUES (?, ?, ?, ?, ?, ?, NULL)", details)
    return name
