"""What a route is expected to cost. Figures come from the policy and are only as good as they are."""

from __future__ import annotations

from profile_router.core.evidence import Evidence
from profile_router.core.policy import Policy, Price, Tier
from profile_router.core.routing.route import Estimate


def estimate(evidence: Evidence, tier: Tier, policy: Policy) -> Estimate:
    """Return USD and seconds for *tier*, and for the burst tier beside it.

    Tokens = prompt + named files + the output the policy expects; seconds = first token + tokens / speed, the way the
    author of the profile scheme computes them.
    """
    prices = policy.prices_by_tier()
    tokens = expected_tokens(evidence, policy)
    usd, seconds = _cost(tokens, prices[tier])
    usd_if_burst, seconds_if_burst = _cost(tokens, prices["burst"])
    return Estimate(usd=usd, seconds=seconds, usd_if_burst=usd_if_burst, seconds_if_burst=seconds_if_burst)


def expected_tokens(evidence: Evidence, policy: Policy) -> int:
    """Return the tokens, input and output together, that the task is expected to take."""
    volume = policy.prices.volume
    edited = evidence.lines_to_edit.top if evidence.lines_to_edit.known else 0
    output = max(volume.output_tokens, edited * volume.tokens_per_edited_line)
    return evidence.tokens.high + round(evidence.named_bytes / volume.bytes_per_token) + output


def _cost(tokens: int, price: Price) -> tuple[float, float]:
    seconds = price.first_token_seconds + tokens / price.tokens_per_second
    usd = tokens * price.usd_per_token
    return round(usd, 4) or round(usd, 9), round(seconds, 1)
