"""Curves of a score: ROC, and quality and cost as more tasks go to the strong model. A higher score asks for it more.

Ties count in expectation, so the order of the rows never shows. APGR and CPT are RouteLLM's (arXiv 2406.18665). APGR is
the mean share of the gap that is recovered, over all shares of strong calls. CPT is the least share of strong calls
that recovers a given part of the gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from statistics import fmean

from profile_router.values import frozen

NAN = float("nan")


def auroc(truth: Sequence[bool], scores: Sequence[float]) -> float:
    """Return the chance that a true row scores above a false one; a tie counts half. NaN with one kind of row only."""
    return auroc_of(ordered(truth, scores), [1] * len(truth))


def ordered(truth: Sequence[bool], scores: Sequence[float]) -> list[list[tuple[int, bool]]]:
    """Return the rows' indexes with their truth, grouped by equal score, the lowest first."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    return [[(row, bool(truth[row])) for row in group] for _, group in groupby(order, key=scores.__getitem__)]


def auroc_of(groups: Sequence[Sequence[tuple[int, bool]]], times: Sequence[int]) -> float:
    """Return the area of rows that are *ordered*, where row i counts `times[i]` times."""
    below = wins = trues = 0.0
    for group in groups:
        true = false = 0
        for row, is_true in group:
            if is_true:
                true += times[row]
            else:
                false += times[row]
        wins += true * (below + false / 2)
        below += false
        trues += true
    return wins / (trues * below) if trues and below else NAN


def roc_points(truth: Sequence[bool], scores: Sequence[float]) -> list[tuple[float, float]]:
    """Return false and true positive rate as the limit falls, from (0, 0) to (1, 1)."""
    trues = sum(map(bool, truth))
    falses = len(truth) - trues
    points, true, false = [(0.0, 0.0)], 0, 0
    for group in reversed(ordered(truth, scores)):
        hits = sum(is_true for _, is_true in group)
        true, false = true + hits, false + len(group) - hits
        points.append((false / falses if falses else 0.0, true / trues if trues else 0.0))
    return points


@frozen(kw_only=False)
class Mix:
    """With the `share` of tasks that score highest at the strong model: the solved share, and USD a task."""

    share: float
    solved: float
    cost: float


@frozen
class Pair:
    """What the weak and the strong model did with the same tasks, in order: solved (0 to 1), USD."""

    weak: Sequence[float]
    strong: Sequence[float]
    weak_cost: Sequence[float]
    strong_cost: Sequence[float]

    def at(self, rows: Sequence[int]) -> Pair:
        """Return the pair of *rows*, which may name one several times."""
        parts = (self.weak, self.strong, self.weak_cost, self.strong_cost)
        weak, strong, weak_cost, strong_cost = ([part[row] for row in rows] for part in parts)
        return Pair(weak=weak, strong=strong, weak_cost=weak_cost, strong_cost=strong_cost)

    @property
    def gains(self) -> list[float]:
        """Return what the strong model solves more, task by task: the score of an oracle."""
        return [strong - weak for weak, strong in zip(self.weak, self.strong, strict=True)]


def mixes(scores: Sequence[float], pair: Pair) -> list[Mix]:
    """Return the mix after each task, from none at the strong model to all."""
    count = len(scores)
    solved, cost = fmean(pair.weak), fmean(pair.weak_cost)
    found = [Mix(0.0, solved, cost)]
    for better, more in _steps(scores, pair):
        solved, cost = solved + better / count, cost + more / count
        found.append(Mix(len(found) / count, solved, cost))
    return found


def _steps(scores: Sequence[float], pair: Pair) -> Iterator[tuple[float, float]]:
    """Yield gain and extra cost of each task, the highest score first; equal scores share theirs."""
    gains = pair.gains
    extra = [strong - weak for weak, strong in zip(pair.weak_cost, pair.strong_cost, strict=True)]
    order = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
    for _, group in groupby(order, key=scores.__getitem__):
        rows = list(group)
        yield from [(fmean(gains[row] for row in rows), fmean(extra[row] for row in rows))] * len(rows)


def apgr(scores: Sequence[float], pair: Pair) -> float:
    """Return the area under the recovered gap; 0.5 is random. NaN where the strong model is not better."""
    curve = mixes(scores, pair)
    low, gap = curve[0].solved, curve[-1].solved - curve[0].solved
    if gap <= 0:
        return NAN
    return sum((b.share - a.share) * ((a.solved + b.solved) / 2 - low) / gap for a, b in pairwise(curve))


def cpt(scores: Sequence[float], pair: Pair, recovered: float) -> float:
    """Return the least share of strong calls that recovers so much of the gap. NaN without one."""
    curve = mixes(scores, pair)
    low, gap = curve[0].solved, curve[-1].solved - curve[0].solved
    if gap <= 0:
        return NAN
    return next((mix.share for mix in curve if (mix.solved - low) / gap >= recovered - 1e-12), NAN)
