"""A child that Hermes delegated by itself while we only looked on: who was asked, and what it cost. Pure."""

from __future__ import annotations

from profile_router.values import frozen


@frozen
class ObservedCalls:
    """The model calls of one child to one model, tokens as its provider counted them; the cached are among those in."""

    provider: str
    model: str
    base_url: str
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    turns: int = 0


@frozen
class ObservedChild:
    """How a child of Hermes' own ended: `id` is that of the row that its start made, `seconds` its time."""

    id: str
    status: str = ""
    seconds: float = 0.0
    calls: tuple[ObservedCalls, ...] = ()


@frozen
class ObservedGroup:
    """The observed children that would have gone to one profile; without a name: those that would have been refused.

    Both costs are USD, of those that `ended` alone. `expected_usd` is what they would have cost there by the estimates,
    `paid_usd` what they did cost.
    """

    profile: str
    tier: str
    children: int
    ended: int
    expected_usd: float
    paid_usd: float
    tokens_in: int
    tokens_out: int
