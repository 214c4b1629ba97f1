"""Fit what may be fitted: weights of a few signals, and the limit above which a guess is sure. Pure, no randomness.

Rows are split by time: the oldest part is fitted on, the newest is only looked at. A fitted form is worth taking only
where it is better on rows that it has not seen. It must be better than the unfitted form by more than chance gives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, pstdev

from profile_router.values import frozen

OLDEST_SHARE = 0.6  # the share of rows that is fitted on
_ROUNDS = 30
_RIDGE = 1.0  # on standardized signals: holds weights of signals that say the same together
_FLAT = 1e-9


@frozen
class Weights:
    """A logistic regression: one weight for each signal, standardized by its `means` and `spreads`."""

    constant: float
    weights: Sequence[float]
    means: Sequence[float]
    spreads: Sequence[float]

    def score(self, signals: Sequence[float]) -> float:
        """Return the log-odds of *signals*."""
        parts = zip(self.weights, signals, self.means, self.spreads, strict=True)
        return self.constant + sum(weight * (value - mean) / spread for weight, value, mean, spread in parts)


def fit_weights(rows: Sequence[Sequence[float]], truth: Sequence[bool]) -> Weights:
    """Return the weights that fit *rows* of signals to their *truth*, by Newton's steps with a ridge."""
    columns = list(zip(*rows, strict=True))
    means = [fmean(column) for column in columns]
    spreads = [spread if (spread := pstdev(column)) > _FLAT else 1.0 for column in columns]
    plain = [
        [1.0, *((value - mean) / spread for value, mean, spread in zip(row, means, spreads, strict=True))]
        for row in rows
    ]
    found = [0.0] * (len(means) + 1)
    for _ in range(_ROUNDS):
        step = _step(plain, truth, found)
        found = [value + change for value, change in zip(found, step, strict=True)]
        if max(map(abs, step)) < 1e-8:
            break
    return Weights(constant=found[0], weights=found[1:], means=means, spreads=spreads)


def _step(rows: Sequence[Sequence[float]], truth: Sequence[bool], at: Sequence[float]) -> list[float]:
    """Return Newton's step of the penalized likelihood; the constant is not penalized."""
    size = len(at)
    slope = [0.0, *(-_RIDGE * value for value in at[1:])]
    curve = [[_RIDGE if row == column and row else 0.0 for column in range(size)] for row in range(size)]
    for row, is_true in zip(rows, truth, strict=True):
        chance = _chance(sum(value * weight for value, weight in zip(row, at, strict=True)))
        weight = max(chance * (1 - chance), _FLAT)
        for one in range(size):
            slope[one] += (is_true - chance) * row[one]
            for other in range(one + 1):
                curve[one][other] += weight * row[one] * row[other]
    for one in range(size):
        for other in range(one):
            curve[other][one] = curve[one][other]
    return _solved(curve, slope)


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-max(-35.0, min(35.0, odds))))


def _solved(matrix: Sequence[Sequence[float]], wanted: Sequence[float]) -> list[float]:
    """Return x of `matrix · x = wanted`, by elimination: the matrix is positive, and small."""
    rows = [[*row, value] for row, value in zip(matrix, wanted, strict=True)]
    for at in range(len(rows)):
        pivot = max(range(at, len(rows)), key=lambda row: abs(rows[row][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        for row in range(at + 1, len(rows)):
            share = rows[row][at] / rows[at][at]
            rows[row] = [value - share * above for value, above in zip(rows[row], rows[at], strict=True)]
    found = [0.0] * len(rows)
    for at in reversed(range(len(rows))):
        rest = sum(rows[at][column] * found[column] for column in range(at + 1, len(rows)))
        found[at] = (rows[at][-1] - rest) / rows[at][at]
    return found


def rank_sum(rows: Sequence[Sequence[float]], signs: Sequence[int]) -> list[float]:
    """Return the unfitted form: the mean of the ranks of each signal among *rows*, turned by its sign."""
    totals = [0.0] * len(rows)
    for column, sign in zip(zip(*rows, strict=True), signs, strict=True):
        for row, rank in enumerate(_ranks([sign * value for value in column])):
            totals[row] += rank
    return totals


def _ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value, 0 to 1; equal values share theirs."""
    order = sorted(values)
    first = {value: place for place, value in reversed(list(enumerate(order)))}
    last = {value: place for place, value in enumerate(order)}
    most = max(1, len(values) - 1)
    return [(first[value] + last[value]) / 2 / most for value in values]


def surest(ratios: Sequence[float], right: Sequence[bool], goal: float, least: int) -> float | None:
    """Return the largest ratio up to which the share that is *right* reaches *goal*, with at least so many rows."""
    found, hits = None, 0
    pairs = sorted(zip(ratios, right, strict=True))
    for count, (ratio, is_right) in enumerate(pairs, 1):
        hits += is_right
        is_last = count == len(pairs) or pairs[count][0] != ratio
        if is_last and count >= least and hits / count >= goal:
            found = ratio
    return found
