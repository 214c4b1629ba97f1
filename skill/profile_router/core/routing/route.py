"""The answer of `decide`: a route, or a typed refusal."""

from __future__ import annotations

from profile_router.core.evidence import Evidence
from profile_router.core.ladder.cost_range import CostRange
from profile_router.core.policy import Tier
from profile_router.core.routing.speed import SecondsBy
from profile_router.values import frozen


@frozen
class Estimate:
    """What the route is expected to cost: USD, seconds, and the same had the task gone to the burst tier.

    USD are the middle of a range from a low to a high end, by the prices of the source. `turns` are the model
    calls of the three; they are by so many `attempts` like it, 0: as published.
    `seconds_by` says what the seconds are by: such attempts, what `bench` measured `seconds_age_s` ago, or the policy.
    `burst_age_s` is the age of the bench that those of burst are by, None: by none.
    """

    usd: float
    seconds: float
    usd_if_burst: float
    seconds_if_burst: float
    usd_low: float = 0.0
    usd_high: float = 0.0
    usd_source: str = ""
    usd_if_burst_low: float = 0.0
    usd_if_burst_high: float = 0.0
    usd_if_burst_source: str = ""
    turns: tuple[int, int, int] = (1, 1, 1)
    attempts: int = 0
    seconds_by: SecondsBy = "policy"
    seconds_age_s: float | None = None
    burst_age_s: float | None = None

    @property
    def cost(self) -> CostRange:
        """Return what the attempt is expected to cost."""
        return CostRange(low=self.usd_low, middle=self.usd, high=self.usd_high, source=self.usd_source)

    @property
    def cost_if_burst(self) -> CostRange:
        """Return what it is expected to cost at the burst tier."""
        low, high = self.usd_if_burst_low, self.usd_if_burst_high
        return CostRange(low=low, middle=self.usd_if_burst, high=high, source=self.usd_if_burst_source)


@frozen
class Route:
    """Where the task goes and why. `rule` is the id of the rule that fired, or `explicit`.

    `host` is the server that the profile names first, with its port.

    `condense`: the prompt is over the profile's window, and its context is condensed before the attempt.
    """

    profile: str
    host: str
    tier: Tier | None
    rule: str
    reasons: tuple[str, ...]
    needs_probe: bool
    flips: tuple[str, ...]
    estimate: Estimate
    evidence: Evidence
    policy: str
    warnings: tuple[str, ...] = ()
    condense: bool = False


@frozen
class Refusal:
    """No profile may or can take the task. `unblock` says what would change that."""

    rule: str
    reasons: tuple[str, ...]
    unblock: tuple[str, ...]
    evidence: Evidence
    policy: str
    warnings: tuple[str, ...] = ()


Decision = Route | Refusal
