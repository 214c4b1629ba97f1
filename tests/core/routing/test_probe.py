"""What the probe's estimate means for a borderline route."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes import BORDERLINE, BURST, LOCAL, a_policy, a_task, candidates, evidence

from profile_router.core.evidence import Evidence, Window
from profile_router.core.policy import Policy
from profile_router.core.policy.rules import BorderlineRule
from profile_router.core.routing.decide import decide
from profile_router.core.routing.probe import Complexity, ProbeOutcome, decide_after_probe
from profile_router.core.routing.route import Route


def a_route(policy: Policy, found: Evidence | None = None) -> Route:
    route = decide(a_task(), found or evidence(**BORDERLINE), policy, candidates())
    assert isinstance(route, Route)
    return route


def estimated(score: int) -> ProbeOutcome:
    found = Complexity(score=score, files_to_edit=9, lines_to_edit=120, reason="many callers")
    return ProbeOutcome(complexity=found)


def test_a_borderline_route_waits_for_the_probe() -> None:
    route = a_route(a_policy())
    assert (route.rule, route.profile, route.needs_probe) == ("borderline", LOCAL, True)


@pytest.mark.parametrize(
    ("score", "profile", "tier"), [(1, LOCAL, "local"), (5, LOCAL, "local"), (6, BURST, "burst"), (10, BURST, "burst")]
)
def test_the_score_decides_at_the_policys_limit(score: int, profile: str, tier: str) -> None:
    policy = a_policy()
    decided = decide_after_probe(a_task(), a_route(policy), estimated(score), policy, candidates())
    assert (decided.profile, decided.tier, decided.needs_probe) == (profile, tier, False)
    assert decided.reasons[-1] == f"the probe estimates {score} of 10, 9 files, 120 lines: many callers"
    assert decided.rule == "borderline"


def test_going_to_burst_costs_what_burst_costs() -> None:
    policy = a_policy()
    route = a_route(policy)
    assert route.estimate.usd == 0.0
    decided = decide_after_probe(a_task(), route, estimated(9), policy, candidates())
    assert decided.estimate.usd == decided.estimate.usd_if_burst > 0
    assert decided.flips == ()


def test_no_estimate_is_local_and_says_why() -> None:
    policy = a_policy()
    decided = decide_after_probe(
        a_task(),
        a_route(policy),
        ProbeOutcome(complexity=None, problem="review-cheap has no key"),
        policy,
        candidates(),
    )
    assert (decided.profile, decided.needs_probe) == (LOCAL, False)
    assert decided.reasons[-1] == "no estimate (review-cheap has no key): decided local"


def test_a_complex_task_that_does_not_fit_burst_stays() -> None:
    policy = a_policy()
    windows = (
        Window(profile=LOCAL, tokens=32_768, source="config"),
        Window(profile=BURST, tokens=1_024, source="config"),
    )
    route = a_route(policy, evidence(**BORDERLINE, windows=windows))
    decided = decide_after_probe(a_task(), route, estimated(9), policy, candidates())
    assert decided.profile == LOCAL
    assert "does not fit coding-burst" in decided.reasons[-1]


def test_the_policy_may_send_complex_work_elsewhere() -> None:
    shipped = a_policy()
    rules = tuple(
        replace(rule, if_complex="local") if isinstance(rule, BorderlineRule) else rule for rule in shipped.rules
    )
    policy = a_policy(rules=rules)
    assert decide_after_probe(a_task(), a_route(policy), estimated(10), policy, candidates()).profile == LOCAL
