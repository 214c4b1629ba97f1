"""What a route is expected to cost. Figures come from the policy and are only as good as they are."""

from __future__ import annotations

from profile_router.core.evidence import Evidence
from profile_router.core.policy import Policy, Tier
from profile_router.core.routing.candidate import Candidates, role_of
from profile_router.core.routing.rate import Rate, rate_at
from profile_router.core.routing.route import Estimate


def estimate(evidence: Evidence, profile: str, policy: Policy, candidates: Candidates) -> Estimate:
    """Return USD and seconds at the first endpoint of *profile*, and for the burst tier beside it.

    Tokens = prompt + named files + the output the policy expects; seconds = first token + tokens / speed, the way the
    author of the profile scheme computes them.
    """
    burst = policy.tiers.burst
    return Estimate(
        usd=expected_cost(evidence, rate_at(candidates.get(profile), 0, policy), policy),
        seconds=_seconds(evidence, role_of(profile, policy, candidates), policy),
        usd_if_burst=expected_cost(evidence, rate_at(candidates.get(burst), 0, policy), policy),
        seconds_if_burst=_seconds(evidence, "burst", policy),
    )


def ladder_cost(evidence: Evidence, profile: str, policy: Policy, candidates: Candidates) -> float:
    """Return what the ladder from *profile* up is expected to cost at most, in USD: its pass and one at the burst tier.

    What is private goes no further up.
    """
    first = expected_cost(evidence, rate_at(candidates.get(profile), 0, policy), policy)
    if evidence.private or profile == policy.tiers.burst:
        return first
    return first + expected_cost(evidence, rate_at(candidates.get(policy.tiers.burst), 0, policy), policy)


def expected_cost(evidence: Evidence, rate: Rate, policy: Policy) -> float:
    """Return what one pass over the task is expected to cost at *rate*, in USD."""
    tokens_in, tokens_out = expected_tokens(evidence, policy)
    usd = tokens_in * rate.usd_in + tokens_out * rate.usd_out
    return round(usd, 4) or round(usd, 9)


def expected_tokens(evidence: Evidence, policy: Policy) -> tuple[int, int]:
    """Return the tokens that the task is expected to send, and to get back."""
    volume = policy.prices.volume
    edited = evidence.lines_to_edit.top if evidence.lines_to_edit.known else 0
    output = max(volume.output_tokens, edited * volume.tokens_per_edited_line)
    return evidence.tokens.high + file_tokens(evidence, policy), output


def file_tokens(evidence: Evidence, policy: Policy) -> int:
    """Return the tokens that the named files are expected to take: the prompt has their names, not their content."""
    return round(evidence.named_bytes / policy.prices.volume.bytes_per_token)


def _seconds(evidence: Evidence, tier: Tier, policy: Policy) -> float:
    speed = policy.prices_by_tier()[tier]
    return round(speed.first_token_seconds + sum(expected_tokens(evidence, policy)) / speed.tokens_per_second, 1)
