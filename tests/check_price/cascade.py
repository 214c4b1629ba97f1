"""What a cascade solves and costs by how often its check errs: between the measured rows of a table. Pure.

The rows are of 500 issues of SWE-bench Verified with other people's runs of the models. A weak model works first; where
its check says no, the strong one works (74.4 % for $0.721 a task). Errors of the check are independent of the task. So
what is solved and what is paid are planes over the two rates. Three rows of each model tell its planes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BURST_SOLVED, BURST_COST = 74.4, 0.721  # per cent, USD a task
WANTED_SOLVED, WANTED_SHARE = 73.0, 0.55  # per cent; of what always-burst costs


@dataclass(frozen=True, slots=True)
class Row:
    """A cascade whose check lets `accepts` of the wrong work pass and refuses `rejects` of the right (0 to 1)."""

    accepts: float
    rejects: float
    solved: float
    cost: float


ROWS: Mapping[str, Sequence[Row]] = {
    "GPT-5 mini": (Row(0.0, 0.0, 77.2, 0.429), Row(0.2, 0.1, 73.4, 0.383), Row(0.4, 0.1, 70.0, 0.303)),
    "Devstral (free)": (Row(0.0, 0.0, 77.8, 0.397), Row(0.2, 0.1, 73.2, 0.350), Row(0.4, 0.1, 68.9, 0.269)),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a cascade comes to: per cent solved, and USD a task."""

    solved: float
    cost: float

    @property
    def share(self) -> float:
        """Return its cost as a share of always-burst's."""
        return self.cost / BURST_COST

    @property
    def wanted(self) -> bool:
        """Tell whether it solves as much as is wanted, for no more."""
        return self.solved >= WANTED_SOLVED and self.share <= WANTED_SHARE


def outcome(rows: Sequence[Row], accepts: float, rejects: float) -> Outcome:
    """Return what a cascade comes to whose check errs so, on the planes through the three *rows*."""
    solved = _plane([(row.accepts, row.rejects, row.solved) for row in rows], accepts, rejects)
    cost = _plane([(row.accepts, row.rejects, row.cost) for row in rows], accepts, rejects)
    return Outcome(solved, cost)


def _plane(points: Sequence[tuple[float, float, float]], x: float, y: float) -> float:
    (x1, y1, z1), (x2, y2, z2), (x3, y3, z3) = points
    whole = (y2 - y3) * (x1 - x3) + (x3 - x2) * (y1 - y3)
    first = ((y2 - y3) * (x - x3) + (x3 - x2) * (y - y3)) / whole
    second = ((y3 - y1) * (x - x3) + (x1 - x3) * (y - y3)) / whole
    return first * z1 + second * z2 + (1 - first - second) * z3


def window(rows: Sequence[Row], rejects: float) -> tuple[float, float] | None:
    """Return between which false accepts, in hundredths, all that is wanted is had; None where nowhere."""
    fit = [step / 100 for step in range(101) if outcome(rows, step / 100, rejects).wanted]
    return (fit[0], fit[-1]) if fit else None


# The same with the early promotion by turns: the strong model takes over at once after too many. Too many are more
# turns than nine of ten that ended well took. By `profile-router evaluate --outcomes FILE --check-errors 0,0
# --check-errors 0.1,0` and so on: no right work refused, and 0, 10, 20 … 60 % of wrong work accepted. Each is per cent
# solved and USD a task.
EARLY: Mapping[str, Sequence[tuple[float, float]]] = {
    "GPT-5 mini": (
        (76.60, 0.4620), (75.24, 0.4352), (73.88, 0.4084), (72.46, 0.3770), (70.84, 0.3404), (69.40, 0.3117), (67.96, 0.2829),
    ),
    "Devstral (free)": (
        (76.60, 0.4616), (75.54, 0.4252), (74.64, 0.3871), (73.50, 0.3532), (72.40, 0.3180), (71.00, 0.2852), (69.52, 0.2522),
    ),
}  # fmt: skip


# The same where nothing proves the work that passed, with `unproved: long`. What took too many turns is promoted after
# it passed. So the weak model is paid in full, and nothing else differs from the rows above.
LONG: Mapping[str, Sequence[tuple[float, float]]] = {
    "GPT-5 mini": (
        (76.60, 0.4665), (75.24, 0.4397), (73.88, 0.4129), (72.46, 0.3810), (70.84, 0.3441), (69.40, 0.3154), (67.96, 0.2866),
    ),
    "Devstral (free)": EARLY["Devstral (free)"],
}  # fmt: skip


def early(model: str, accepts: float) -> Outcome:
    """Return what the cascade of *model* with the early promotion comes to: between two rows in a line."""
    return _between(EARLY[model], accepts)


def long(model: str, covered: float, accepts: tuple[float, float], flagged: float) -> Outcome:
    """Return what the cascade of *model* with `unproved: long` comes to, where a share *covered* of the tasks has a test.

    *accepts* are the shares of wrong work that pass with and without one. Of the work without one, the share *flagged*
    is told to be unproved.
    """
    with_test, without = (outcome(ROWS[model], share, 0.0) for share in accepts)
    promoted = _between(LONG[model], accepts[1])
    parts = ((covered, with_test), ((1 - covered) * (1 - flagged), without), ((1 - covered) * flagged, promoted))
    return Outcome(sum(part * one.solved for part, one in parts), sum(part * one.cost for part, one in parts))


def _between(rows: Sequence[tuple[float, float]], accepts: float) -> Outcome:
    at = min(int(accepts * 10 + 1e-9), len(rows) - 2)
    part = accepts * 10 - at
    solved, cost = (low + part * (high - low) for low, high in zip(rows[at], rows[at + 1], strict=True))
    return Outcome(solved, cost)
