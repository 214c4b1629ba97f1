"""What an endpoint charges: the price follows who is asked, never the name of the profile. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from profile_router.core.policy import ModelPrice, Policy, Price
from profile_router.core.profile import host_name
from profile_router.core.routing.candidate import Candidate, is_local
from profile_router.core.routing.listed import ListedPrice
from profile_router.core.text import USD_DIGITS
from profile_router.values import frozen

RateSource = Literal["free", "policy", "table", "tier", "highest"]
FROM_PROVIDER = "provider"
# Servers that say in USD what an answer cost, in `usage.cost`, each by its host.
_SAY_USD = frozenset({"openrouter.ai"})
_NAMED: dict[RateSource, str] = {
    "tier": "tier's price",
    "highest": "unknown model, most expensive tier",
}
_MILLION = 1_000_000


@frozen
class Rate:
    """What one token costs at an endpoint, in USD: sent, sent and cached there, and answered.

    `source` says whose figure it is, `dated` the year and month of a table. `says_usd`: the endpoint itself says what
    an answer cost, and that counts more. An answer to more than `long_above` tokens costs `long` (sent, answered,
    cached) a token instead; None: never.
    """

    usd_in: float
    usd_out: float
    usd_cached: float
    source: RateSource
    says_usd: bool = False
    dated: str = ""
    long_above: int | None = None
    long: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def paid(self) -> bool:
        """Tell whether a call costs anything."""
        return self.usd_in > 0 or self.usd_out > 0

    @property
    def named(self) -> str:
        """Return the source as receipts and screens name it."""
        return f"{self.source}, {self.dated}" if self.dated else _NAMED.get(self.source, self.source)

    def is_long(self, tokens_in: int) -> bool:
        """Tell whether an answer to *tokens_in* has the price of long prompts."""
        return self.long_above is not None and tokens_in > self.long_above

    def cost(self, tokens_in: int, tokens_out: int, cached: int = 0) -> float:
        """Return what one call of *tokens_in*, *cached* of them from a cache, and *tokens_out* costs, in USD."""
        if not self.is_long(tokens_in):
            return self.cost_of_short(tokens_in, tokens_out, cached)
        usd_in, usd_out, usd_cached = self.long
        return round((tokens_in - cached) * usd_in + cached * usd_cached + tokens_out * usd_out, USD_DIGITS)

    def cost_of_short(self, tokens_in: int, tokens_out: int, cached: int = 0) -> float:
        """Return what calls of so many tokens together cost, none of which is long."""
        sent = (tokens_in - cached) * self.usd_in + cached * self.usd_cached
        return round(sent + tokens_out * self.usd_out, USD_DIGITS)


FREE = Rate(usd_in=0.0, usd_out=0.0, usd_cached=0.0, source="free")


def rate_at(candidate: Candidate | None, provider: int, policy: Policy, *, elsewhere: bool = False) -> Rate:
    """Return what the provider number *provider* of *candidate* charges; None: a profile that nobody described.

    Only an attested endpoint of this machine is free. The operator's own price of the model comes first. Then comes the
    tier's price, if measured, for the model that its profile names first. The table's price of that model at that
    host comes next. Until the table was asked, what the tier is said to cost stands in. Anything else costs as much as
    the most expensive tier. No unknown model is free, nor cheap because somebody named it in a cheap profile.
    *elsewhere*: the endpoint said that it passes the work on to another machine.
    """
    at = candidate.at(provider) if candidate is not None else None
    if is_local(at, policy) and not elsewhere:
        return FREE
    says_usd = at is not None and host_name(at.base_url) in _SAY_USD
    return replace(_charged(candidate, at, policy), says_usd=says_usd)


def _charged(candidate: Candidate | None, at: Candidate | None, policy: Policy) -> Rate:
    highest = max(price.usd_per_token for price in policy.prices_by_tier().values())
    if candidate is None or at is None:
        return _flat(highest, "highest")
    if stated := next((one for one in policy.prices.models if one.model == at.model), None):
        return _of_policy(stated)
    tier = _tier_price(candidate, at, policy)
    if tier is not None and tier.measured:
        return _flat(tier.usd_per_token, "tier")
    if at.listed is not None:
        return _of_table(at.listed)
    return _flat(highest, "highest") if tier is None or at.unlisted else _flat(tier.usd_per_token, "tier")


def _tier_price(candidate: Candidate, at: Candidate, policy: Policy) -> Price | None:
    """Return the price of the tier whose profile names the model of *at* first. None: there is none, or it is local."""
    tier = policy.tiers.tier_of(candidate.name) if at.model == candidate.model else None
    return None if tier is None or tier == "local" else policy.prices_by_tier()[tier]


def _of_policy(stated: ModelPrice) -> Rate:
    sent, cached = stated.usd_per_million_in, stated.usd_per_million_cached
    return Rate(
        usd_in=sent / _MILLION,
        usd_out=stated.usd_per_million_out / _MILLION,
        usd_cached=(sent if cached is None else cached) / _MILLION,
        source="policy",
    )


def _of_table(listed: ListedPrice) -> Rate:
    long_in, long_out, long_cached = (usd / _MILLION for usd in listed.long)
    return Rate(
        usd_in=listed.usd_per_million_in / _MILLION,
        usd_out=listed.usd_per_million_out / _MILLION,
        usd_cached=listed.usd_per_million_cached / _MILLION,
        source="table",
        dated=listed.dated,
        long_above=listed.long_above,
        long=(long_in, long_out, long_cached),
    )


def _flat(usd: float, source: RateSource) -> Rate:
    return Rate(usd_in=usd, usd_out=usd, usd_cached=usd, source=source)
