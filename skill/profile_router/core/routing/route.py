"""The answer of `decide`: a route, or a typed refusal."""

from __future__ import annotations

from dataclasses import dataclass

from profile_router.core.evidence import Evidence
from profile_router.core.policy import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the route is expected to cost: USD, seconds, and USD had the task gone to the burst tier."""

    usd: float
    seconds: float
    usd_if_burst: float
    seconds_if_burst: float


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """No profile may or can take the task. `unblock` says what would change that."""

    rule: str
    reasons: tuple[str, ...]
    unblock: tuple[str, ...]
    evidence: Evidence
    policy: str
    warnings: tuple[str, ...] = ()


Decision = Route | Refusal
