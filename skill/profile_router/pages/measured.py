"""A figure with its interval. How it is drawn from rows is said by whoever measures."""

from __future__ import annotations

import math

from profile_router.values import frozen


@frozen(kw_only=False)
class Measured:
    """A figure with its 95 % interval, of so many rows, so many of them true. NaN: it is not defined."""

    value: float
    low: float
    high: float
    rows: int
    trues: int = 0

    @property
    def known(self) -> bool:
        """Tell whether there is a figure."""
        return not math.isnan(self.value)
