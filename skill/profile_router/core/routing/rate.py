"""What an endpoint charges: the price follows who is asked, never the name of the profile. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from profile_router.core.policy import Policy
from profile_router.core.profile import host_name
from profile_router.core.routing.candidate import Candidate, is_local

RateSource = Literal["free", "policy", "table", "unknown host", "unknown model", "tier", "dearest"]
PROVIDER = "provider"
# Servers that say in USD what an answer cost, in `usage.cost`, each by its host.
_SAY_USD = frozenset({"openrouter.ai"})
_NAMED: dict[RateSource, str] = {
    "unknown host": "host in no table, dearest price",
    "unknown model": "model in no table, dearest tier",
    "tier": "tier's price",
    "dearest": "dearest tier",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What one token costs at an endpoint, in USD: sent, sent and cached there, and answered.

    `source` says whose figure it is, `as_of` of which month a table's is. `says_usd`: the endpoint itself says what an
    answer cost, and that counts more.
    """

    usd_in: float
    usd_out: float
    usd_cached: float
    source: RateSource
    as_of: str = ""
    says_usd: bool = False

    @property
    def paid(self) -> bool:
        """Tell whether a call costs anything."""
        return self.usd_in > 0 or self.usd_out > 0

    @property
    def named(self) -> str:
        """Return the source as receipts and screens name it."""
        return f"{self.source}, {self.as_of}" if self.as_of else _NAMED.get(self.source, self.source)

    def cost(self, tokens_in: int, tokens_out: int, cached: int = 0) -> float:
        """Return what a call of *tokens_in*, *cached* of them from a cache, and *tokens_out* costs, in USD."""
        sent = (tokens_in - cached) * self.usd_in + cached * self.usd_cached
        return round(sent + tokens_out * self.usd_out, 6)


FREE = Rate(usd_in=0.0, usd_out=0.0, usd_cached=0.0, source="free")


def rate_at(candidate: Candidate | None, provider: int, policy: Policy, *, elsewhere: bool = False) -> Rate:
    """Return what the provider number *provider* of *candidate* charges; None: a profile that nobody described.

    Only an attested endpoint of this machine is free. The operator's own price of the model comes first, then what the
    table has for the model at the host. Where it has the model but not the host, the dearer of table and dearest tier
    holds; a model that it does not have costs as much as the dearest tier, so that no unknown endpoint is ever taken to
    be free. The price of its tier has a profile's first model only as long as nobody has looked into the table.
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
            return _per_million(
                own.usd_per_million_in, own.usd_per_million_out, own.usd_per_million_cached, source="policy"
            )
    if at.listed == "unknown":
        return _flat(dearest, "unknown model")
    if at.listed is not None:
        listed = at.listed
        rate = _per_million(listed.usd_per_million_in, listed.usd_per_million_out, listed.usd_per_million_cached)
        if listed.at_host:
            return replace(rate, as_of=listed.as_of)
        return Rate(
            usd_in=max(rate.usd_in, dearest),
            usd_out=max(rate.usd_out, dearest),
            usd_cached=max(rate.usd_cached, dearest),
            source="unknown host",
        )
    if at.model == candidate.model:
        tier = policy.tiers.tier_of(candidate.name)
        if tier is not None and tier != "local":
            return _flat(prices[tier].usd_per_token, "tier")
    return _flat(dearest, "dearest")


def _flat(usd: float, source: RateSource) -> Rate:
    return Rate(usd_in=usd, usd_out=usd, usd_cached=usd, source=source)


def _per_million(usd_in: float, usd_out: float, cached: float | None, *, source: RateSource = "table") -> Rate:
    """Return the rate of USD per million tokens; without a price of their own, *cached* ones cost as others do."""
    usd_cached = usd_in if cached is None else cached
    return Rate(usd_in=usd_in / 1e6, usd_out=usd_out / 1e6, usd_cached=usd_cached / 1e6, source=source)
