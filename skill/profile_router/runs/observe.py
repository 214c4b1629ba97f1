"""Price what a child of Hermes' own was asked of, by the policy's figures, and note it in the ledger."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from profile_router.core.ladder.observed import ObservedCalls, ObservedChild
from profile_router.core.policy import Policy
from profile_router.core.profile import same_endpoint
from profile_router.core.routing.candidate import Candidate, Candidates
from profile_router.core.routing.rate import Rate, rate_at
from profile_router.core.task import Task
from profile_router.ledger.observed import note_ended
from profile_router.runs.setup import prepare


def note_child(child: ObservedChild, policy_file: str | None, environ: Mapping[str, str], cwd: Path) -> None:
    """Note how *child* ended and what it cost. Raises RouterError for bad input, or where the ledger cannot have it."""
    setup = prepare(Task(goal="observed"), policy_file, environ, cwd)
    priced = [(calls, _rate(calls, setup.policy, setup.candidates)) for calls in child.calls]
    note_ended(setup.state, child, priced, now=time.time())


def _rate(calls: ObservedCalls, policy: Policy, candidates: Candidates) -> Rate:
    """Return what the endpoint of *calls* charges: the price follows who is asked, with or without a profile."""
    ours = (one for one in candidates.values() if one.base_url and same_endpoint(one.base_url, calls.base_url))
    unknown = Candidate(name="", base_url=calls.base_url)
    asked = next(ours, unknown)
    return rate_at(replace(asked, model=calls.model, provider=calls.provider, others=()), 0, policy)
