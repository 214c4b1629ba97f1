"""The three tiers and the profile that serves each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["cheap", "local", "burst"]
TIERS: tuple[Tier, ...] = ("cheap", "local", "burst")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """Which profile serves each tier. `cheap` may be absent."""

    local: str
    burst: str
    cheap: str | None = None

    def profile(self, tier: Tier) -> str | None:
        """Return the profile of *tier*, None where the policy has none."""
        return {"cheap": self.cheap, "local": self.local, "burst": self.burst}[tier]

    def tier_of(self, profile: str) -> Tier | None:
        """Return the tier that *profile* serves, None for a profile outside the tiers."""
        order: tuple[Tier, ...] = ("local", "burst", "cheap")
        return next((tier for tier in order if self.profile(tier) == profile), None)
