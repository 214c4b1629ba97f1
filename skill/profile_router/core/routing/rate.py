"""What an endpoint charges: the price follows who is asked, never the name of the profile. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from profile_router.core.policy import Policy
from profile_router.core.profile import host_name
from profile_router.core.routing.candidate import Candidate, is_local

RateSource = Literal["free", "policy", "tier", "dearest"]
PROVIDER = "provider"
# Servers that say in USD what an answer cost, in `usage.cost`, each by its host.
_SAY_USD = frozenset({"openrouter.ai"})
_NAMED: dict[RateSource, str] = {
    "tier": "tier's price",
    "dearest": "dearest tier",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What one token costs at an endpoint, in USD: sent, sent and cached there, and answered.

    `source` says whose figure it is. `says_usd`: the endpoint itself says what an answer cost, and that counts more.
    """

    usd_in: float
    usd_out: float
    usd_cached: float
    source: RateSource
    says_usd: bool = False

    @property
    def paid(self) -> bool:
        """Tell whether a call costs anything."""
        return self.usd_in > 0 or self.usd_out > 0

    @property
    def named(self) -> str:
        """Return the source as receipts and screens name it."""
        return _NAMED.get(self.source, self.source)

    def cost(self, tokens_in: int, tokens_out: int, cached: int = 0) -> float:
        """Return what a call of *tokens_in*, *cached* of them from a cache, and *tokens_out* costs, in USD."""
        sent = (tokens_in - cached) * self.usd_in + cached * self.usd_cached
        return round(sent + tokens_out * self.usd_out, 6)


FREE = Rate(usd_in=0.0, usd_out=0.0, usd_cached=0.0, source="free")


def rate_at(candidate: Candidate | None, provider: int, policy: Policy, *, elsewhere: bool = False) -> Rate:
    """Return what the provider number *provider* of *candidate* charges; None: a profile that nobody described.

    Only an attested endpoint of this machine is free. The operator's own price of the model comes first, then its
    tier's for the model that the tier's profile names first. Anything else costs as much as the dearest tier, so that
    no unknown endpoint is ever taken to be free.
    *elsewhere*: the endpoint said that it passes the work on to another machine.
    """
    at = candidate.at(provider) if candidate is not None else None
    if is_local(at, policy) and not elsewhere:
        return FREE
    says_usd = at is not None and host_name(at.base_url) in _SAY_USD
    return replace(_charged(candidate, at, policy), says_usd=says_usd)


def _charged(candidate: Candidate | None, at: Candidate | None, policy: Policy) -> Rate:
    prices = policy.prices_by_tier()
    dearest = max(price.usd_per_token for price in prices.values())
    if candidate is None or at is None:
        return _flat(dearest, "dearest")
    for own in policy.prices.models:
        if own.model == at.model:
            sent, cached = own.usd_per_million_in, own.usd_per_million_cached
            return Rate(
                usd_in=sent / 1e6,
                usd_out=own.usd_per_million_out / 1e6,
                usd_cached=(sent if cached is None else cached) / 1e6,
                source="policy",
            )
    if at.model == candidate.model:
        tier = policy.tiers.tier_of(candidate.name)
        if tier is not None and tier != "local":
            return _flat(prices[tier].usd_per_token, "tier")
    return _flat(dearest, "dearest")


def _flat(usd: float, source: RateSource) -> Rate:
    return Rate(usd_in=usd, usd_out=usd, usd_cached=usd, source=source)
