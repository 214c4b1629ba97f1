"""What something is expected to cost, as a range, and as a screen has it. Light: `route` needs no more. Pure."""

from __future__ import annotations

from profile_router.core.text import price, priced
from profile_router.values import frozen


@frozen
class CostRange:
    """What something is expected to cost, in USD: a low end, what is likely, and an upper end.

    `source` says whose price that is. For less than `least` it is not worth beginning: that is its first request.
    """

    low: float
    middle: float
    high: float
    source: str
    least: float = 0.0

    @property
    def said(self) -> str:
        """Return it as a screen has it: `≈ $0.12–0.57, likely $0.27 (table, 2026-11)`."""
        if price(self.low) == price(self.high):
            return priced(self.middle, self.source)
        return f"≈ {price(self.low)}–{price(self.high)[1:]}, likely {price(self.middle)} ({self.source})"


def exact_cost(usd: float, source: str) -> CostRange:
    """Return the range of what costs *usd*, no less and no more, by the price of *source*."""
    return CostRange(low=usd, middle=usd, high=usd, source=source, least=usd)
