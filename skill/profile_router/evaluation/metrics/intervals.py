"""Intervals by the bootstrap over rows: the same seed gives the same interval, and both scores meet the same rows."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from statistics import fmean

from profile_router.evaluation.metrics.curves import auroc_of, ordered
from profile_router.pages.measured import Measured

TIMES = 1_000
SEED = 13
_TAIL = 0.025


def bounds(values: Sequence[float]) -> tuple[float, float]:
    """Return the 2.5 % and the 97.5 % quantile of what of *values* is defined, linearly between two of them."""
    known = sorted(value for value in values if not math.isnan(value))
    if not known:
        return math.nan, math.nan
    return _quantile(known, _TAIL), _quantile(known, 1 - _TAIL)


def _quantile(known: Sequence[float], share: float) -> float:
    place = share * (len(known) - 1)
    low = math.floor(place)
    return known[low] + (known[min(low + 1, len(known) - 1)] - known[low]) * (place - low)


@lru_cache(maxsize=4)
def draws(rows: int, *, times: int = TIMES) -> Sequence[Sequence[int]]:
    """Return *times* samples of so many *rows*, with repeats, each as the rows' indexes."""
    picker = random.Random(SEED)  # noqa: S311 - an interval, no secret
    return [picker.choices(range(rows), k=rows) for _ in range(times)] if rows else []


def mean_of(values: Sequence[float], *, times: int = TIMES) -> Measured:
    """Return the mean of *values*."""
    if not values:
        return Measured(math.nan, math.nan, math.nan, 0)
    means = [fmean(values[row] for row in drawn) for drawn in draws(len(values), times=times)]
    return Measured(fmean(values), *bounds(means), rows=len(values), trues=sum(value > 0 for value in values))


def auroc_with(truth: Sequence[bool], scores: Sequence[float]) -> Measured:
    """Return the AUROC of *scores*."""
    groups = ordered(truth, scores)
    found = [auroc_of(groups, counted) for counted in _counted(len(truth), TIMES)]
    value = auroc_of(groups, [1] * len(truth))
    return Measured(value, *bounds(found), rows=len(truth), trues=sum(map(bool, truth)))


def auroc_difference(
    truth: Sequence[bool], ours: Sequence[float], theirs: Sequence[float], *, times: int = TIMES
) -> Measured:
    """Return by how much the AUROC of *ours* is above that of *theirs*. Each sample takes the same rows for both."""
    here, there = ordered(truth, ours), ordered(truth, theirs)
    found = [auroc_of(here, counted) - auroc_of(there, counted) for counted in _counted(len(truth), times)]
    ones = [1] * len(truth)
    value = auroc_of(here, ones) - auroc_of(there, ones)
    return Measured(value, *bounds(found), rows=len(truth), trues=sum(map(bool, truth)))


def interval_of(figure: Callable[[Sequence[int]], float], rows: int, *, times: int = TIMES) -> Measured:
    """Return *figure* of all rows, which it takes by index, with its interval."""
    found = [figure(drawn) for drawn in draws(rows, times=times)]
    return Measured(figure(range(rows)) if rows else math.nan, *bounds(found), rows=rows)


@lru_cache(maxsize=4)
def _counted(rows: int, times: int) -> Sequence[Sequence[int]]:
    """Return the same samples as how often each row is in them."""
    counts = (Counter(drawn) for drawn in draws(rows, times=times))
    return [[counted[row] for row in range(rows)] for counted in counts]
