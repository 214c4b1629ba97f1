"""What whole policies solve and cost: one model always, a random or perfect choice, and a cascade with a check.

A cascade asks the local model, then checks. What the check refuses goes to the strong model, and both are paid. The
check errs: it accepts wrong work (false accepts) and refuses right work (false rejects). Unless its answers are known,
it errs independently of the task. With the early promotion, a long local run goes to the strong model before its end.
A run is long when it takes more turns than nine of ten runs that ended well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from profile_router.evaluation.metrics.curves import Pair
from profile_router.values import frozen

GIVEN = ((0.4, 0.1), (0.2, 0.1), (0.0, 0.0))  # what a poor, a usual and a perfect check are wrong in


@frozen(kw_only=False)
class Played:
    """A policy played over all rows: the share it solved, USD a task, and the share of the strong model."""

    name: str
    solved: float
    cost: float
    strong: float


def always(pair: Pair) -> tuple[Played, Played]:
    """Return what the local and the strong model do alone."""
    local = Played("always local", fmean(pair.weak), fmean(pair.weak_cost), 0.0)
    return local, Played("always burst", fmean(pair.strong), fmean(pair.strong_cost), 1.0)


def oracle(pair: Pair) -> Played:
    """Return a choice that knows: the strong model only where it alone is right."""
    wanted = [gain > 0 for gain in pair.gains]
    return _chosen("oracle", wanted, pair)


def routed(name: str, to_strong: Sequence[bool], pair: Pair) -> Played:
    """Return a route that sends some tasks to the strong model at once."""
    return _chosen(name, to_strong, pair)


def at_random(share: float, pair: Pair) -> Played:
    """Return what a random choice of such a *share* is expected to do."""
    (local, burst) = always(pair)
    solved = local.solved + share * (burst.solved - local.solved)
    return Played(f"random {share:.0%} burst", solved, local.cost + share * (burst.cost - local.cost), share)


def cascade(accepts: float, rejects: float, pair: Pair) -> Played:
    """Return a cascade whose check *accepts* such a share of wrong work, and *rejects* such a share of right work."""
    return _cascaded(_named(accepts, rejects), *_judged(accepts, rejects, pair), pair)


def _named(accepts: float, rejects: float) -> str:
    return f"cascade, check errs {accepts:.0%} / {rejects:.0%}"


def _judged(accepts: float, rejects: float, pair: Pair) -> tuple[list[float], list[float]]:
    """Return the chance of each task that its local work passes, and that it passes and is right."""
    solved_there = [(1 - rejects) * weak for weak in pair.weak]
    return [right + accepts * (1 - weak) for right, weak in zip(solved_there, pair.weak, strict=True)], solved_there


def cascade_early(accepts: float, rejects: float, pair: Pair, turns: Sequence[int]) -> Played:
    """Return `cascade` where a local run of too many *turns* is promoted at its limit, whatever a check would say.

    The turns up to the limit cost their share of all, or less: later turns read more.
    """
    passed, solved_there = _judged(accepts, rejects, pair)
    limit = _nine_of_ten(turns, passed)
    early = [count > limit for count in turns]
    paid = [
        cost * limit / count if late else cost for cost, count, late in zip(pair.weak_cost, turns, early, strict=True)
    ]
    passed = [0.0 if late else share for share, late in zip(passed, early, strict=True)]
    solved_there = [0.0 if late else share for share, late in zip(solved_there, early, strict=True)]
    name = f"{_named(accepts, rejects)}, over {limit} turns at once"
    return _cascaded(name, passed, solved_there, replace(pair, weak_cost=paid))


def _nine_of_ten(turns: Sequence[int], passed: Sequence[float]) -> int:
    """Return the *turns* that nine of ten good runs stayed within. Each run counts by its chance to end well."""
    left = 0.9 * sum(passed)
    for count, share in sorted(zip(turns, passed, strict=True)):
        left -= share
        if left <= 1e-9:
            return count
    return max(turns)


def cascade_as_checked(verdicts: Sequence[bool], pair: Pair) -> Played:
    """Return a cascade with the *verdicts* that a check gave on the local model's work."""
    passed = [float(said) for said in verdicts]
    solved_there = [weak * said for weak, said in zip(pair.weak, passed, strict=True)]
    return _cascaded("cascade, as checked", passed, solved_there, pair)


def check_errors(verdicts: Sequence[bool], weak: Sequence[float]) -> tuple[float, float]:
    """Return the measured shares of false accepts, among the wrong, and false rejects, among the right."""
    wrong = [said for said, solved in zip(verdicts, weak, strict=True) if solved < 0.5]
    right = [not said for said, solved in zip(verdicts, weak, strict=True) if solved >= 0.5]
    return (fmean(wrong) if wrong else 0.0), (fmean(right) if right else 0.0)


def _chosen(name: str, to_strong: Sequence[bool], pair: Pair) -> Played:
    rows = range(len(to_strong))
    solved = fmean(pair.strong[row] if to_strong[row] else pair.weak[row] for row in rows)
    cost = fmean(pair.strong_cost[row] if to_strong[row] else pair.weak_cost[row] for row in rows)
    return Played(name, solved, cost, fmean(map(float, to_strong)))


def _cascaded(name: str, passed: Sequence[float], solved_there: Sequence[float], pair: Pair) -> Played:
    """*passed*: the chance that a task ends at the local model; *solved_there*: that it ends there and is right."""
    rows = range(len(passed))
    solved = fmean(solved_there[row] + (1 - passed[row]) * pair.strong[row] for row in rows)
    cost = fmean(pair.weak_cost[row] + (1 - passed[row]) * pair.strong_cost[row] for row in rows)
    return Played(name, solved, cost, fmean(1 - share for share in passed))
