"""Which step of the ladder follows a failed attempt. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from profile_router.core.evidence import Evidence
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.ladder.steps import FREE_TO_PAY, ProviderView, TakenStep, Terrain, WaysOn, step_for
from profile_router.core.policy import Policy
from profile_router.core.profile import without_label
from profile_router.core.routing.candidate import Candidate, Candidates, is_local, role_of
from profile_router.core.routing.rate import rate_at


def step_from(
    failure: Failure,
    evidence: Evidence,
    policy: Policy,
    candidates: Candidates,
    *,
    tried: Sequence[Place],
    steps: Sequence[TakenStep],
    ways: WaysOn = FREE_TO_PAY,
) -> TakenStep:
    """Return the step of the ladder that follows *failure* at the last of the places *tried*, or the stop."""
    at = tried[-1]
    terrain = Terrain(
        policy=policy,
        views=views(policy, candidates),
        windows={window.profile: window.tokens for window in evidence.windows},
        private=bool(evidence.private),
        may_pay=ways.may_pay,
        condensable=ways.condensable,
        repairable=ways.repairable,
    )
    return step_for(
        failure,
        at=at,
        tier=role_of(at.profile, policy, candidates),
        tried=tried,
        taken=tuple(taken.step for taken in steps),
        terrain=terrain,
    )


def views(policy: Policy, candidates: Candidates) -> Mapping[str, tuple[ProviderView, ...]]:
    """Return the providers of each profile as the ladder sees them."""
    return {
        name: tuple(_view(candidate, number, policy) for number in range(len(candidate.others) + 1))
        for name, candidate in candidates.items()
        if not candidate.problem
    }


def _view(candidate: Candidate, number: int, policy: Policy) -> ProviderView:
    at = candidate.at(number)
    server = f"{without_label(at.provider)} {at.base_url} {at.model}"
    paid = rate_at(candidate, number, policy).paid
    return ProviderView(label=at.provider, local=is_local(at, policy), paid=paid, server=server)
