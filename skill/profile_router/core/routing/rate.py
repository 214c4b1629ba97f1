"""What an endpoint charges: the price follows who is asked, never the name of the profile. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from profile_router.core.policy import Policy
from profile_router.core.routing.candidate import Candidate, is_local

RateSource = Literal["free", "tier", "dearest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What one token costs at an endpoint, in USD. `source` says whose figure it is."""

    usd_in: float
    usd_out: float
    source: RateSource

    @property
    def paid(self) -> bool:
        """Tell whether a call costs anything."""
        return self.usd_in > 0 or self.usd_out > 0

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Return what a call of *tokens_in* and *tokens_out* costs, in USD."""
        return round(tokens_in * self.usd_in + tokens_out * self.usd_out, 6)


FREE = Rate(usd_in=0.0, usd_out=0.0, source="free")


def rate_at(candidate: Candidate | None, provider: int, policy: Policy, *, elsewhere: bool = False) -> Rate:
    """Return what the provider number *provider* of *candidate* charges; None: a profile that nobody described.

    Only an attested endpoint of this machine is free. The price of a tier is that of the model which its profile names
    first; anything else costs as much as the dearest tier, so that no unknown endpoint is ever taken to be free.
    *elsewhere*: the endpoint said that it passes the work on to another machine.
    """
    at = candidate.at(provider) if candidate is not None else None
    if is_local(at, policy) and not elsewhere:
        return FREE
    prices = policy.prices_by_tier()
    if candidate is not None and at is not None and at.model == candidate.model:
        tier = policy.tiers.tier_of(candidate.name)
        if tier is not None and tier != "local":
            return _flat(prices[tier].usd_per_token, "tier")
    return _flat(max(price.usd_per_token for price in prices.values()), "dearest")


def _flat(usd: float, source: RateSource) -> Rate:
    return Rate(usd_in=usd, usd_out=usd, source=source)
