"""Wilson's interval of a share: it stays within 0 and 1, and tells something of few rows too. Pure."""

from __future__ import annotations

import math

_Z = 1.959964  # of 95 %


def share_of(count: int, of: int) -> tuple[float, float]:
    """Return Wilson's interval of 95 % for the share of *count* in *of*; all of it where nothing was counted."""
    if not of:
        return 0.0, 1.0
    share, z2 = count / of, _Z * _Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)
