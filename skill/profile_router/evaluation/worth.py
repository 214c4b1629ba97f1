"""The section on money: what whole policies solve and cost, on what named models did with the same tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from statistics import fmean

from profile_router.errors import UsageError
from profile_router.evaluation.answers import RowAnswers
from profile_router.evaluation.metrics.cascades import (
    GIVEN,
    Played,
    always,
    at_random,
    cascade,
    cascade_as_checked,
    cascade_early,
    check_errors,
    oracle,
    routed,
)
from profile_router.evaluation.metrics.curves import Pair, apgr, cpt, mixes
from profile_router.evaluation.metrics.intervals import bounds, draws, interval_of
from profile_router.evaluation.predicted import signal_names, signal_of
from profile_router.evaluation.rows import Outcome
from profile_router.pages.measured import Measured
from profile_router.pages.report import Cell, LinesFigure, ResultTable, Section
from profile_router.values import frozen

_TIMES = 300  # a curve costs more time than a mean
_FEW = 20
_SOLVED, _COST = attrgetter("solved"), attrgetter("cost")


@frozen
class Market:
    """Which two models are compared, and how a check errs: pairs of false accepts and rejects, each 0 to 1."""

    local: str
    burst: str
    errors: Sequence[tuple[float, float]] = GIVEN
    free_local: bool = False


def market_of(
    outcomes: Mapping[str, Mapping[str, Outcome]],
    local: str | None,
    burst: str | None,
    errors: Sequence[tuple[float, float]] = (),
    *,
    free_local: bool = False,
) -> Market:
    """Return the models that are named, else the best solver as burst and the cheapest as local. *errors*: of a check.

    Raises UsageError for a name that no outcome has.
    """
    names = sorted({name for models in outcomes.values() for name in models})
    for name in filter(None, (local, burst)):
        if name not in names:
            raise UsageError(f"the outcomes have no model '{name}'; they have: {', '.join(names)}")

    def mean(name: str, read: str) -> float:
        return fmean(getattr(models[name], read) for models in outcomes.values() if name in models)

    burst = burst or max(names, key=lambda name: mean(name, "solved"))
    rest = [name for name in names if name != burst] or [burst]
    local = local or min(rest, key=lambda name: mean(name, "cost"))
    return Market(local=local, burst=burst, errors=errors or GIVEN, free_local=free_local)


def worth(
    answers: Sequence[RowAnswers], outcomes: Mapping[str, Mapping[str, Outcome]], market: Market
) -> Section | None:
    """Return what routing and checking are worth on the rows that both models did; None with too few of them."""
    rows = [
        answer
        for answer in answers
        if {market.local, market.burst} <= {*(models := _outcomes(answer, outcomes))} and models
    ]
    if len(rows) < _FEW:
        return None
    pair = _pair(rows, outcomes, market)
    played = _played(rows, pair, outcomes, market)
    names = [name for name in signal_names(rows) if all(signal_of(row, name) is not None for row in rows)]
    scores = {name: [signal_of(row, name) or 0.0 for row in rows] for name in names}
    turns = _turns(rows, outcomes, market)
    tables = [_policies(played)]
    if turns:
        scores["local run's calls (a probe)"] = list(map(float, turns))
        tables.append(_promoted_early(turns, pair, market))
    scores["oracle"] = pair.gains
    return Section(
        title=f"What it solves and costs: {market.local} → {market.burst}",
        said=f"{len(rows)} rows that both models did, one sample each. APGR: the mean share of the gap that is "
        "recovered over the share of strong calls; .5 is random. "
        "The errors of a check do not depend on the task, unless it is as checked.",
        tables=[*tables, _areas(scores, pair)],
        figures=[_figure(scores, pair, played)],
    )


def _outcomes(answer: RowAnswers, outcomes: Mapping[str, Mapping[str, Outcome]]) -> Mapping[str, Outcome]:
    return outcomes.get(answer.row.id) or answer.row.models


def _pair(rows: Sequence[RowAnswers], outcomes: Mapping[str, Mapping[str, Outcome]], market: Market) -> Pair:
    weak = [_outcomes(row, outcomes)[market.local] for row in rows]
    strong = [_outcomes(row, outcomes)[market.burst] for row in rows]
    return Pair(
        weak=[one.solved for one in weak],
        strong=[one.solved for one in strong],
        weak_cost=[0.0 if market.free_local else one.cost for one in weak],
        strong_cost=[one.cost for one in strong],
    )


def _played(
    rows: Sequence[RowAnswers], pair: Pair, outcomes: Mapping[str, Mapping[str, Outcome]], market: Market
) -> list[Played]:
    local, burst = always(pair)
    to_burst = [row.route.tier == "burst" for row in rows]
    found = [local, routed("our route, no check", to_burst, pair), at_random(fmean(map(float, to_burst)), pair)]
    found += [cascade(accepts, rejects, pair) for accepts, rejects in market.errors]
    verdicts = [_outcomes(row, outcomes)[market.local].check for row in rows]
    known = [verdict for verdict in verdicts if verdict is not None]
    if len(known) == len(rows):
        found += [cascade_as_checked(known, pair), cascade(*check_errors(known, pair.weak), pair)]
    return [*found, oracle(pair), burst]


def _policies(played: Sequence[Played]) -> ResultTable:
    rows: list[Sequence[Cell]] = [(one.name, one.solved, f"${one.cost:.3f}", one.strong) for one in played]
    columns = ("policy", "solved", "USD a task", "share at burst")
    return ResultTable(name="policies", columns=columns, rows=rows)


def _turns(rows: Sequence[RowAnswers], outcomes: Mapping[str, Mapping[str, Outcome]], market: Market) -> Sequence[int]:
    """Return how many calls each local run made; empty where that is not known of all."""
    calls = [_outcomes(row, outcomes)[market.local].api_calls for row in rows]
    return [call for call in calls if call is not None] if None not in calls else []


def _promoted_early(turns: Sequence[int], pair: Pair, market: Market) -> ResultTable:
    """Return for each check a row with the early promotion by turns, and how it differs from the cascade without."""
    samples: list[Sequence[int]] = [range(len(turns)), *draws(len(turns), times=_TIMES)]

    def row(errors: tuple[float, float]) -> Sequence[Cell]:
        early: list[Played] = []
        plain: list[Played] = []
        for drawn in samples:
            there = pair.at(drawn)
            early.append(cascade_early(*errors, there, [turns[at] for at in drawn]))
            plain.append(cascade(*errors, there))
        cells: list[Cell] = [early[0].name]
        for read in (_SOLVED, _COST):
            found = [read(one) for one in early]
            more = [read(one) - read(other) for one, other in zip(early, plain, strict=True)]
            cells += [Measured(of[0], *bounds(of[1:]), rows=len(turns)) for of in (found, more)]
        return cells

    rows = [row(errors) for errors in market.errors]
    said = (
        "A local run is promoted at once when it takes more turns than nine of ten that ended well. The policy's "
        "`over_usual_turns` does so where its weight alone makes the score. More: than the same cascade without."
    )
    columns = ("early promotion", "solved", "more solved", "USD a task", "more USD")
    return ResultTable(name="early", said=said, columns=columns, rows=rows)


def _areas(scores: Mapping[str, Sequence[float]], pair: Pair) -> ResultTable:
    def area(score: Sequence[float]) -> Measured:
        return interval_of(lambda drawn: apgr([score[row] for row in drawn], pair.at(drawn)), len(score), times=_TIMES)

    rows: list[Sequence[Cell]] = [
        (name, area(score), cpt(score, pair, 0.5), cpt(score, pair, 0.8)) for name, score in scores.items()
    ]
    said = "CPT50, CPT80: the least share of strong calls that recovers so much of the gap."
    return ResultTable(name="apgr", said=said, columns=("signal", "APGR", "CPT50", "CPT80"), rows=rows)


def _figure(scores: Mapping[str, Sequence[float]], pair: Pair, played: Sequence[Played]) -> LinesFigure:
    lines = [(name, [(mix.cost, mix.solved) for mix in mixes(score, pair)]) for name, score in scores.items()]
    points = [(one.name, one.cost, one.solved) for one in played]
    return LinesFigure(name="Cost against solved", x="USD a task", y="solved", lines=lines, points=points)
