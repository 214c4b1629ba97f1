"""What a route is expected to cost. Figures come from attempts like it, from prices, and from the policy. Pure."""

from __future__ import annotations

from profile_router.core.evidence import Evidence
from profile_router.core.policy import Policy, Tier
from profile_router.core.routing.candidate import Candidates, role_of
from profile_router.core.routing.loop import Loop, Past, RunnerKind, expected_loop, hermes_takes
from profile_router.core.routing.rate import rate_at
from profile_router.core.routing.route import Estimate
from profile_router.core.routing.speed import Speed
from profile_router.core.routing.task_size import expected_tokens
from profile_router.core.task import Task

_UNKNOWN_WINDOW = 0


def estimate(
    task: Task, evidence: Evidence, profile: str, policy: Policy, candidates: Candidates, past: Past
) -> Estimate:
    """Return USD and seconds at the first endpoint of *profile*, and for the burst tier beside it.

    USD: turns times tokens. Seconds: the middle of attempts like it. Without them, those of one pass (first token +
    tokens / speed), as `bench` measured it. Without a bench, as the author of the profile scheme computes them.
    """
    burst = policy.tiers.burst
    here, there = (_loop(task, evidence, name, policy, candidates, past) for name in (profile, burst))
    speed, burst_speed = _speed(profile, candidates), _speed(burst, candidates)
    cost = here.cost(rate_at(candidates.get(profile), 0, policy))
    by_burst = there.cost(rate_at(candidates.get(burst), 0, policy))
    return Estimate(
        usd=cost.middle,
        usd_low=cost.low,
        usd_high=cost.high,
        usd_source=cost.source,
        turns=here.turns,
        attempts=here.attempts,
        seconds=_seconds(here, evidence, speed, role_of(profile, policy, candidates), policy),
        seconds_by="attempts" if here.seconds is not None else "bench" if speed else "policy",
        seconds_age_s=speed.age_s if speed and here.seconds is None else None,
        usd_if_burst=by_burst.middle,
        usd_if_burst_low=by_burst.low,
        usd_if_burst_high=by_burst.high,
        usd_if_burst_source=by_burst.source,
        seconds_if_burst=_seconds(there, evidence, burst_speed, "burst", policy),
        burst_age_s=burst_speed.age_s if burst_speed and there.seconds is None else None,
    )


def ladder_cost(guess: Estimate, profile: str, policy: Policy, *, private: bool) -> float:
    """Return the most that the ladder from *profile* up may cost by *guess*, in USD.

    That is an attempt there, and one at burst. What is *private* goes no further up.
    """
    if private or profile == policy.tiers.burst:
        return guess.usd_high
    return guess.usd_high + guess.usd_if_burst_high


def most_turns(task: Task, policy: Policy) -> int:
    """Return how many model calls an attempt at *task* may make, its profile's own limit aside."""
    return min(limit for limit in (task.max_turns, policy.limits.max_turns) if limit is not None)


def _loop(task: Task, evidence: Evidence, profile: str, policy: Policy, candidates: Candidates, past: Past) -> Loop:
    window = evidence.window(profile)
    takes = hermes_takes(policy.runner, window.tokens if window else _UNKNOWN_WINDOW)
    runner: RunnerKind = "hermes" if past.hermes and takes and not evidence.private else "embedded"
    tier = role_of(profile, policy, candidates)
    return expected_loop(evidence, policy, past, runner=runner, tier=tier, most_turns=most_turns(task, policy))


def _speed(profile: str, candidates: Candidates) -> Speed | None:
    return candidates[profile].speed if profile in candidates else None


def _seconds(loop: Loop, evidence: Evidence, measured: Speed | None, tier: Tier, policy: Policy) -> float:
    if loop.seconds is not None:
        return round(loop.seconds, 1)
    if measured is not None:
        return round(measured.seconds(*expected_tokens(evidence, policy)), 1)
    speed = policy.prices_by_tier()[tier]
    return round(speed.first_token_seconds + sum(expected_tokens(evidence, policy)) / speed.tokens_per_second, 1)
