"""Where the route sent tasks whose size is known: against each limit, and with what error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from profile_router.evaluation.metrics.curves import NAN
from profile_router.values import frozen

OUTCOMES = ("local", "cheap", "probe", "burst", "refused")  # where a task goes; a probe asks a model first
ASKS_MORE = frozenset({"probe", "burst"})  # of these the route says that the task may be large


@frozen
class Confusion:
    """Rows by tier, at or above a limit and below it."""

    limit: str
    above: Counter[str]
    below: Counter[str]

    @property
    def recall(self) -> float:
        """Return the share of large tasks that the route holds for large."""
        return _share(self.above)

    @property
    def precision(self) -> float:
        """Return the share of large ones among those that it holds for large."""
        hits, all_hits = _hits(self.above), _hits(self.above) + _hits(self.below)
        return hits / all_hits if all_hits else NAN

    @property
    def balanced(self) -> float:
        """Return balanced accuracy: half of both recalls. Always-local has one half."""
        return (self.recall + 1 - _share(self.below)) / 2


def confusion(limit: str, truth: Sequence[bool], tiers: Sequence[str]) -> Confusion:
    """Return how *tiers* meet the *truth* of being at or above a *limit*."""
    pairs = list(zip(truth, tiers, strict=True))
    above, below = Counter(tier for large, tier in pairs if large), Counter(tier for large, tier in pairs if not large)
    return Confusion(limit=limit, above=above, below=below)


def _hits(counted: Counter[str]) -> int:
    return sum(count for tier, count in counted.items() if tier in ASKS_MORE)


def _share(counted: Counter[str]) -> float:
    return _hits(counted) / counted.total() if counted else NAN
