"""Propose numbers of the policy from outcomes: limits of size, turns until an attempt is judged, weights. Pure.

An outcome is a task that the local tier tried. It is won where a check says that the tier did it. It is lost where its
work or its answer failed. The rule is one for all limits. From there on the local tier loses more often than it wins,
below it wins more often. Both are beyond chance (Wilson, 95 %). Weights are taken where they part newer outcomes
better, beyond chance too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from profile_router.core.operating.replay import PastTask
from profile_router.core.operating.share import share_of
from profile_router.core.policy import Policy
from profile_router.core.policy.rules import SmallChangeRule
from profile_router.core.telling.figures import evidence_of
from profile_router.evaluation.metrics.fitting import OLDEST_SHARE, fit_weights
from profile_router.evaluation.metrics.intervals import auroc_difference
from profile_router.values import frozen

LEAST = 20  # outcomes on each side of a limit
LEAST_FITTED = 60  # won, and so many lost, for weights
_WORTH = 0.5  # the local tier is free: it is worth asking first as long as it wins more often than it loses
_MOST_WEIGHT = 4.0
_DRAWS = 200  # samples of an interval
_STEP = 0.05  # weights are rounded to that
_SURE = math.log(4)  # from odds of 4 to 1 on an attempt is told to get nowhere: that is a score of `early.score`

_Place = tuple[str, ...]
_Outcome = tuple[float, bool]


@frozen
class Side:
    """The outcomes on one side of a limit."""

    won: int
    of: int

    @property
    def said(self) -> str:
        """Return the share that was won, with its interval and counts."""
        if not self.of:
            return "none"
        low, high = (round(100 * one) for one in share_of(self.won, self.of))
        return f"{self.won} of {self.of} won, {round(100 * self.won / self.of)} % [{low}, {high}]"


@frozen
class JudgedNumber:
    """What outcomes say of one number of the policy, or of all weights. `to` is None where it stays.

    `now` is the number, or each weight by its name. So many outcomes are `missing` to tell more.

    `said` has counts and intervals.
    """

    place: _Place
    now: float | Mapping[str, float]
    to: float | None = None
    said: str = ""
    missing: int = 0

    @property
    def name(self) -> str:
        """Return the place as people write it."""
        return ".".join(self.place)


@frozen
class _MovableLimit:
    """One limit that outcomes may move. `measure` returns what of a task is compared with it; None: nobody knows."""

    place: _Place
    now: float
    measure: Callable[[PastTask], float | None]
    unit: str
    before: int = 0  # so much below the point from which on the local tier loses


def calibrate(
    tasks: Sequence[PastTask], policy: Policy, signs: Mapping[str, Mapping[str, float]]
) -> tuple[JudgedNumber, ...]:
    """Return what *tasks*, the newest first, say of the numbers of *policy*.

    *signs* are the points of the early signs of attempts, by the id of their run.
    """
    known = [(task, won) for task in tasks if (won := task.local_won) is not None]
    limits = tuple(_limit(asked, known) for asked in _asked(policy))
    return (*limits, *_weights(known, policy, signs))


def _asked(policy: Policy) -> Sequence[_MovableLimit]:
    rule = policy.rule("small-change")
    found = []
    if isinstance(rule, SmallChangeRule):
        where: _Place = ("rules", "small-change")
        found = [
            _MovableLimit(place=(*where, "below_lines"), now=rule.below_lines, measure=_lines, unit="lines"),
            _MovableLimit(place=(*where, "below_files"), now=rule.below_files, measure=_files, unit="files"),
        ]
    if policy.early.turns:
        turns = _MovableLimit(place=("early", "turns"), now=policy.early.turns, measure=_turns, unit="turns", before=1)
        found.append(turns)
    return found


def _lines(task: PastTask) -> float | None:
    size = evidence_of(task.evidence).lines_to_edit
    return size.top if size.known else None


def _files(task: PastTask) -> float | None:
    found = evidence_of(task.evidence)
    sizes = [size.top for size in (found.files_to_read, found.files_to_edit) if size.known]
    return max(sizes) if sizes else None


def _turns(task: PastTask) -> float | None:
    return task.local_turns or None


def _sign(asked: _MovableLimit, task: PastTask) -> float | None:
    try:
        return asked.measure(task)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):  # figures of an older version
        return None


def _limit(asked: _MovableLimit, known: Sequence[tuple[PastTask, bool]]) -> JudgedNumber:
    outcomes = sorted((sign, won) for task, won in known if (sign := _sign(asked, task)) is not None)
    if len(outcomes) < 2 * LEAST:
        said = f"{len(outcomes)} outcomes of known {asked.unit}"
        return JudgedNumber(place=asked.place, now=asked.now, said=said, missing=2 * LEAST - len(outcomes))
    cuts = sorted({sign for sign, _ in outcomes})
    sides = {cut: _sides(outcomes, cut) for cut in cuts}
    parting = [cut for cut, (below, above) in sides.items() if _wins(below) and _loses(above)]
    if not parting:
        below, above = _sides(outcomes, asked.now + asked.before)
        said = f"no limit parts them beyond chance; below {asked.now:g}: {below.said}; from there on: {above.said}"
        return JudgedNumber(place=asked.place, now=asked.now, said=said)
    cut = min(parting, key=lambda one: (_misplaced(*sides[one]), abs(one - asked.before - asked.now)))
    below, above = sides[cut]
    to = max(1.0, cut - asked.before)
    said = f"below {cut:g} {asked.unit}: {below.said}; from there on: {above.said}"
    return JudgedNumber(place=asked.place, now=asked.now, to=None if to == asked.now else to, said=said)


def _sides(outcomes: Sequence[_Outcome], cut: float) -> tuple[Side, Side]:
    below, above = ([won for sign, won in outcomes if (sign < cut) == less] for less in (True, False))
    return Side(won=sum(below), of=len(below)), Side(won=sum(above), of=len(above))


def _wins(side: Side) -> bool:
    return side.of >= LEAST and share_of(side.won, side.of)[0] > _WORTH


def _loses(side: Side) -> bool:
    return side.of >= LEAST and share_of(side.won, side.of)[1] < _WORTH


def _misplaced(below: Side, above: Side) -> int:
    return (below.of - below.won) + above.won


def _weights(
    known: Sequence[tuple[PastTask, bool]], policy: Policy, signs: Mapping[str, Mapping[str, float]]
) -> tuple[JudgedNumber, ...]:
    """Return what attempts that were scored say of `early.weights`: a logistic regression, tried on the newest."""
    now = {name: getattr(policy.early.weights, name) for name in policy.early.weights.__dataclass_fields__}
    # An attempt that was ended for its score says nothing: it was not let on.
    rows = [(task.id, won) for task, won in known if task.id in signs and "no-progress" not in task.local_ends]
    fewest = min(sum(won for _, won in rows), sum(not won for _, won in rows))
    if fewest < LEAST_FITTED:
        said = f"{len(rows)} scored attempts, {fewest} of them with the rarer end"
        return (_unfitted(now, said, missing=2 * (LEAST_FITTED - fewest)),)
    rows.reverse()  # the oldest are fitted on
    values = [[_times(signs[name].get(sign, 0.0), weight) for sign, weight in now.items()] for name, _ in rows]
    lost = [not won for _, won in rows]
    old = math.ceil(len(rows) * OLDEST_SHARE)
    if len(set(lost[:old])) < 2 or len(set(lost[old:])) < 2:
        return (_unfitted(now, f"{len(rows)} scored attempts, of one end alone in a part of them", missing=LEAST),)
    fitted = fit_weights(values[:old], lost[:old])
    slopes = [weight / spread for weight, spread in zip(fitted.weights, fitted.spreads, strict=True)]
    constant = fitted.constant - sum(slope * mean for slope, mean in zip(slopes, fitted.means, strict=True))
    per_point = max(0.1, _SURE - constant) / policy.early.score  # log-odds that a point stands for
    fresh = [_rounded(slope / per_point) for slope in slopes]
    tried = ([_score(row, weights) for row in values[old:]] for weights in (fresh, list(now.values())))
    more = auroc_difference(lost[old:], *tried, times=_DRAWS)
    known_by = f"AUROC {more.value:+.2f} [{more.low:+.2f}, {more.high:+.2f}]"
    said = f"fitted on {old}, tried on the {len(rows) - old} newest: {known_by}"
    if not more.low > 0 or not any(fresh):
        return (_unfitted(now, f"{said}; they stay"),)
    return tuple(
        JudgedNumber(place=("early", "weights", name), now=weight, to=None if value == weight else value, said=said)
        for (name, weight), value in zip(now.items(), fresh, strict=True)
    )


def _unfitted(now: Mapping[str, float], said: str, *, missing: int = 0) -> JudgedNumber:
    return JudgedNumber(place=("early", "weights"), now=now, said=said, missing=missing)


def _times(points: float, weight: float) -> float:
    """Return how often a sign was seen: its points by the weight in force; a sign is seen at least once."""
    if not points:
        return 0.0
    return max(1.0, round(points / weight)) if weight else 1.0


def _score(row: Sequence[float], weights: Sequence[float]) -> float:
    return sum(times * weight for times, weight in zip(row, weights, strict=True))


def _rounded(weight: float) -> float:
    return round(min(_MOST_WEIGHT, max(0.0, round(weight / _STEP) * _STEP)), 2)
