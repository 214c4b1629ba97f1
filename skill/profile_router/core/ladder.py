"""The ladder: after a failed attempt, one visible step or a stop. The steps are the policy's table; this walks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from profile_router.core.policy import Policy, Step, Tier

Cause = Literal[
    "refused",
    "bad-gateway",
    "unavailable",
    "wrong-model",
    "no-network",
    "no-key",
    "key-exhausted",
    "asked-for-profile",
    "over-window",
    "server-error",
    "bad-request",
    "bad-answer",
    "turn-limit",
    "timeout",
    "interrupted",
]
CAUSES: frozenset[str] = frozenset(get_args(Cause))
_OF_STATUS: Mapping[int, Cause] = {
    401: "key-exhausted",
    402: "key-exhausted",
    403: "key-exhausted",
    408: "timeout",
    413: "over-window",
    429: "key-exhausted",
    502: "bad-gateway",
    503: "unavailable",
    504: "unavailable",
}
IN_WORDS: Mapping[Cause, str] = {
    "refused": "the server is down",
    "bad-gateway": "the server's gateway fails",
    "unavailable": "the server is not ready",
    "wrong-model": "another model is loaded",
    "no-network": "the network is down",
    "no-key": "there is no key",
    "key-exhausted": "the key is refused or used up",
    "asked-for-profile": "the subagent asks for another profile",
    "over-window": "the prompt is over the window",
    "server-error": "the server failed",
    "bad-request": "the server refused the request",
    "bad-answer": "the answer is no use",
    "turn-limit": "the turn limit is reached",
    "timeout": "the time is up",
    "interrupted": "it was interrupted",
}


def cause_of_status(status: int) -> Cause:
    """Return what an HTTP *status* that is no success means to the ladder, whichever runner got it."""
    return _OF_STATUS.get(status, "server-error" if status >= 500 else "bad-request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an attempt failed. `asked` is the profile a subagent asked for; `message` is shown and holds no secret."""

    cause: Cause
    message: str
    asked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A step of the ladder that was taken, or why none was: then `profile` is None."""

    step: str
    cause: Cause
    profile: str | None
    tier: Tier | None
    reason: str


def next_hop(
    failure: Failure,
    *,
    tier: Tier,
    tried: Sequence[str],
    taken: Sequence[str],
    policy: Policy,
    private: bool,
    local_profiles: frozenset[str],
    known_profiles: frozenset[str],
) -> Hop:
    """Return the one step that follows *failure* at *tier*, or a stop with its reason.

    *tried* are the profiles that had an attempt, *taken* the ids of the steps already gone; no step is taken twice and
    no profile tried twice, so a run has at most one hop per step of the policy. A private task only goes to
    *local_profiles*.
    """
    step = next((row for row in policy.ladder if failure.cause in row.causes and tier in row.from_tiers), None)
    if step is None:
        return _stop(failure, "no step of the ladder answers this")
    if taken.count(step.id) >= step.times:
        return _stop(failure, f"the step '{step.id}' is allowed {step.times} times and was taken")
    profile = _destination(step, failure, policy)
    if profile is None or profile not in known_profiles:
        return _stop(failure, f"there is no profile '{profile or failure.asked}' to go to")
    if profile in tried:
        return _stop(failure, f"{profile} was tried already")
    if private and profile not in local_profiles:
        return _stop(failure, f"the task is private and {profile} is not local")
    return Hop(
        step=step.id,
        cause=failure.cause,
        profile=profile,
        tier=policy.tiers.tier_of(profile),
        reason=f"{IN_WORDS[failure.cause]} → {profile}, once",
    )


def _destination(step: Step, failure: Failure, policy: Policy) -> str | None:
    return failure.asked if step.to == "asked" else policy.tiers.profile(step.to)


def _stop(failure: Failure, why: str) -> Hop:
    return Hop(step="stop", cause=failure.cause, profile=None, tier=None, reason=f"{IN_WORDS[failure.cause]}; {why}")
