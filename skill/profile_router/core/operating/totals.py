"""Totals over the runs of a span of time, as the ledger adds them up. Amounts are USD, times seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from profile_router.core.telling.verdict import WELL
from profile_router.core.text import USD_DIGITS
from profile_router.values import frozen

MisrouteKind = Literal["local-large", "burst-small"]
SMALL_EDIT_LINES = 3  # a burst run that edited no more could likely have stayed here
# Rules that leave no choice: neither a smaller nor a larger profile might have had the task.
NO_CHOICE = frozenset({"private", "vision", "long-context", "explicit", "fallback"})


@frozen
class RunPart:
    """The runs of one tier, rule and verdict. `exact`: all of the cost is what providers say that they charged."""

    tier: str
    rule: str
    verdict: str
    runs: int
    cost_usd: float
    exact: bool = True


@frozen
class DaySum:
    """One day (UTC, `YYYY-MM-DD`): all runs, what they cost, and what always-burst would have, as far as known."""

    day: str
    runs: int
    cost_usd: float
    if_burst_usd: float


@frozen
class Compared:
    """The spend against always-burst and always-local on the same tasks.

    `known` runs have a price at the burst tier: they cost `spent_usd`, and would have cost `if_burst_usd` there.
    `unknown` says of the others why, and how many. Always-local costs nothing: `by_local` tasks ended well where the
    local tier did them alone; `local_failed` are those that it tried and that ended elsewhere or not well; the rest it
    was never asked.
    """

    known: int = 0
    spent_usd: float = 0.0
    if_burst_usd: float = 0.0
    unknown: Mapping[str, int]
    by_local: int = 0
    local_failed: int = 0


@frozen
class Latency:
    """How long the runs of one tier took: their middle, and what nine of ten stayed within."""

    tier: str
    runs: int
    middle_s: float
    ninth_s: float


@frozen
class StepSum:
    """One row of the ladder and its cause: how often it was taken, in how many runs, how many well."""

    step: str
    cause: str
    times: int
    runs: int
    well: int


@frozen
class Notable:
    """One run that is worth a look. `lines` were changed by it; 0: nobody looked."""

    id: str
    profile: str
    rule: str
    verdict: str
    seconds: float | None
    cost_usd: float
    exact: bool
    lines: int = 0


@frozen
class Misroutes:
    """Runs that went elsewhere than their size asks for, as it turned out: how many by rule, and the newest."""

    kind: MisrouteKind
    by_rule: Mapping[str, int]
    newest: Sequence[Notable]

    @property
    def runs(self) -> int:
        """Return how many they are."""
        return sum(self.by_rule.values())


@frozen
class Totals:
    """All of the runs that began at the moment `since` or later; moments are seconds since 1970.

    `causes` are why runs did not end well. `undone` were taken back by somebody, `unchecked` ended well with no check.
    """

    since: float
    parts: Sequence[RunPart] = ()
    days: Sequence[DaySum] = ()
    compared: Compared
    latencies: Sequence[Latency] = ()
    steps: Sequence[StepSum] = ()
    causes: Mapping[str, int]
    misroutes: Sequence[Misroutes] = ()
    slowest: Sequence[Notable] = ()
    most_expensive: Sequence[Notable] = ()
    undone: int = 0
    unchecked: int = 0

    @property
    def runs(self) -> int:
        """Return how many runs there were."""
        return sum(part.runs for part in self.parts)

    @property
    def cost_usd(self) -> float:
        """Return what all of them cost."""
        return round(sum(part.cost_usd for part in self.parts), USD_DIGITS)

    @property
    def exact(self) -> bool:
        """Tell whether all of that is what the providers say that they charged."""
        return all(part.exact for part in self.parts)

    def ended(self, *verdicts: str) -> int:
        """Return how many runs ended with one of *verdicts*."""
        return sum(part.runs for part in self.parts if part.verdict in verdicts)

    @property
    def not_well(self) -> int:
        """Return how many runs came to an end that was not well."""
        return self.runs - self.ended(*WELL, "unfinished")

    def by(self, name: Literal["tier", "rule"]) -> Mapping[str, Sequence[RunPart]]:
        """Return the parts by tier or rule, that of the most runs first."""
        found: dict[str, list[RunPart]] = {}
        for part in self.parts:
            found.setdefault(getattr(part, name) or "none", []).append(part)
        return dict(sorted(found.items(), key=lambda one: (-sum(part.runs for part in one[1]), one[0])))
