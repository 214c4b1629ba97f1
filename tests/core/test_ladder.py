"""The ladder: which step follows which failure, and what stops it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes import BURST, CHEAP, LOCAL, a_policy

from profile_router.core.ladder import CAUSES, IN_WORDS, Failure, Hop, next_hop
from profile_router.core.policy import TIERS, Tier, Tiers

DOWN = ["refused", "bad-gateway", "unavailable", "wrong-model"]
KEYS = ["no-network", "no-key", "key-exhausted"]
TIER_PROFILES: dict[str, Tier] = {LOCAL: "local", BURST: "burst", CHEAP: "cheap"}


def hop(cause: Any, at: str = LOCAL, *, asked: str | None = None, **changes: Any) -> Hop:
    given: dict[str, Any] = {
        "tier": TIER_PROFILES[at],
        "tried": (at,),
        "taken": (),
        "policy": a_policy(),
        "private": False,
        "local_profiles": frozenset({LOCAL}),
        "known_profiles": frozenset({LOCAL, BURST, CHEAP}),
    }
    return next_hop(Failure(cause=cause, message="it broke", asked=asked), **{**given, **changes})


STEPS = [
    *((cause, LOCAL, "local-down", BURST) for cause in DOWN),
    *((cause, at, "fallback", LOCAL) for cause in KEYS for at in (BURST, CHEAP)),
]


@pytest.mark.parametrize(("cause", "at", "step", "to"), STEPS)
def test_each_failure_has_its_step(cause: str, at: str, step: str, to: str) -> None:
    taken = hop(cause, at)
    assert (taken.step, taken.profile, taken.tier, taken.cause) == (step, to, TIER_PROFILES[to], cause)
    assert taken.reason == f"{IN_WORDS[taken.cause]} → {to}, once"


@pytest.mark.parametrize("at", [LOCAL, BURST, CHEAP])
@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_what_has_no_step_stops(cause: str, at: str) -> None:
    answered = {(cause, at) for cause, at, _, _ in STEPS}
    stopped = hop(cause, at)
    assert (stopped.profile is None) is ((cause, at) not in answered)
    if stopped.profile is None:
        assert stopped.step == "stop"
        assert stopped.reason.startswith(IN_WORDS[stopped.cause])


@pytest.mark.parametrize("at", [LOCAL, BURST, CHEAP])
def test_an_asked_for_profile_is_gone_to_from_every_tier(at: str) -> None:
    to = BURST if at != BURST else CHEAP
    assert (hop("asked-for-profile", at, asked=to).step, hop("asked-for-profile", at, asked=to).profile) == (
        "asked",
        to,
    )


STOPS: list[tuple[dict[str, Any], str]] = [
    ({"cause": "refused", "taken": ("local-down",)}, "the step 'local-down' is allowed 1 times and was taken"),
    ({"cause": "refused", "tried": (LOCAL, BURST)}, "coding-burst was tried already"),
    ({"cause": "refused", "private": True}, "the task is private and coding-burst is not local"),
    ({"cause": "refused", "known_profiles": frozenset({LOCAL})}, "there is no profile 'coding-burst' to go to"),
    ({"cause": "asked-for-profile", "asked": "nobody"}, "there is no profile 'nobody' to go to"),
    ({"cause": "asked-for-profile", "asked": LOCAL}, "coding-local was tried already"),
    ({"cause": "asked-for-profile", "asked": BURST, "private": True}, "the task is private and coding-burst"),
    ({"cause": "asked-for-profile", "asked": CHEAP, "taken": ("asked",)}, "the step 'asked' is allowed 1 times"),
    ({"cause": "asked-for-profile"}, "there is no profile 'None' to go to"),
    ({"cause": "refused", "policy": a_policy(ladder=())}, "no step of the ladder answers this"),
]


@pytest.mark.parametrize(("changes", "why"), STOPS)
def test_what_forbids_a_step_is_said(changes: dict[str, Any], why: str) -> None:
    stopped = hop(**changes)
    assert (stopped.step, stopped.profile) == ("stop", None)
    assert why in stopped.reason


def test_a_private_task_may_go_to_another_local_profile() -> None:
    local = frozenset({LOCAL, "my-other-box"})
    known = local | {BURST}
    taken = hop("asked-for-profile", asked="my-other-box", private=True, local_profiles=local, known_profiles=known)
    assert taken.profile == "my-other-box"


def test_a_step_that_the_policy_allows_no_time_is_never_taken() -> None:
    policy = a_policy()
    never = a_policy(ladder=tuple(replace(step, times=0) for step in policy.ladder))
    assert hop("refused", policy=never).profile is None


def test_a_tier_without_a_profile_is_no_destination() -> None:
    policy = a_policy(tiers=Tiers(local="default", burst="burst"))
    assert hop("refused", policy=policy, known_profiles=frozenset({"default"})).profile is None


def test_the_causes_of_the_shipped_ladder_exist_and_its_tiers_too() -> None:
    for step in a_policy().ladder:
        assert set(step.causes) <= CAUSES
        assert set(step.from_tiers) <= set(TIERS)


def test_every_cause_has_words() -> None:
    assert set(IN_WORDS) == CAUSES
