"""Fit on rows of the dev split, strictly forward in time, and say whether the fitted form is worth taking."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from profile_router.core.text import shown
from profile_router.errors import UsageError
from profile_router.evaluation.answers import RowAnswers
from profile_router.evaluation.located import gold_of
from profile_router.evaluation.locators import Ranking
from profile_router.evaluation.metrics.curves import auroc
from profile_router.evaluation.metrics.fitting import OLDEST_SHARE, fit_weights, rank_sum, surest
from profile_router.evaluation.metrics.intervals import auroc_difference, auroc_with, mean_of
from profile_router.evaluation.metrics.ranking import any_at
from profile_router.evaluation.predicted import signal_of
from profile_router.evaluation.rows import read_rows
from profile_router.evaluation.signals import PLAIN
from profile_router.evaluation.study import Study, TellProgress, ask_study
from profile_router.evaluation.targets import TARGET_QUESTIONS, Question
from profile_router.pages.report import Cell, Report, ResultTable, Section

RATIO = "ratio"  # the signal of a ranking: its second score over its first
HIT_GOAL = 0.84  # of the first files that are called sure, so many are right
_NOTHING = Ranking()
_MOST_ROWS = 0.8  # of the rows have a signal that is fitted; the others are left out
_LEAST = 20  # rows of each kind, old and new
_WORTH, _NOT_WORTH = "take the fitted form", "prefer the unfitted form"


def refuse_other_splits(study: Study) -> None:
    """Raise UsageError for a row of *study* that is not of the dev split. A fit must not have seen the other rows."""
    for row in read_rows(study.data):
        if row.split != "dev":
            raise UsageError(f"{row.where}: the row {shown(row.id)} is of the split '{row.split}'; allowed: dev")
        if not row.when:
            raise UsageError(f"{row.where}: the row {shown(row.id)} has no date (truth.date, truth.created_at or ts)")


def run_fit(study: Study, environ: Mapping[str, str], told: TellProgress) -> Report:
    """Return what was fitted, and what it is worth on newer rows. Raises RouterError."""
    refuse_other_splits(study)
    asked = ask_study(study, environ, told, routes=False)
    sections = [_sized(asked.answers, asked.ours), _sure(asked.answers, asked.ours)]
    return asked.report([section for section in sections if section is not None])


def by_time(answers: Sequence[RowAnswers]) -> tuple[list[RowAnswers], list[RowAnswers]]:
    """Return the oldest and the newest rows of each set: no newer row of a set is ever fitted on."""
    old: list[RowAnswers] = []
    new: list[RowAnswers] = []
    for name in sorted({answer.row.set for answer in answers}):
        order = sorted((one for one in answers if one.row.set == name), key=lambda one: (one.row.when, one.row.id))
        cut = math.ceil(len(order) * OLDEST_SHARE)
        old += order[:cut]
        new += order[cut:]
    return old, new


def _sized(answers: Sequence[RowAnswers], ours: str) -> Section | None:
    rows: list[Sequence[Cell]] = []
    weights: list[Sequence[Cell]] = []
    for question in TARGET_QUESTIONS:
        for told, found in _fitted(answers, question, ours):
            rows.append(told)
            weights += found
    if not rows:
        return None
    return Section(
        title="Weights of signals, fitted on the oldest rows and tried on the newest",
        said="Logistic regression against the unfitted sum of ranks. A difference whose interval holds 0 is none.",
        tables=[
            ResultTable(
                name="fitted",
                columns=("question", "old rows", "new rows", "fitted AUROC", "unfitted AUROC", "more", "verdict"),
                rows=rows,
            ),
            ResultTable(name="weights", columns=("question", "signal", "weight", "mean", "spread"), rows=weights),
        ],
    )


def _fitted(
    answers: Sequence[RowAnswers], question: Question, ours: str
) -> Iterator[tuple[Sequence[Cell], list[Sequence[Cell]]]]:
    known = [answer for answer in answers if question.of(answer.row) is not None]
    names = _signals(known, ours)
    old, new = by_time([one for one in known if None not in [signal_of(one, name) for name in names]])
    old_truth, new_truth = ([bool(question.of(one.row)) for one in part] for part in (old, new))
    if not names or min(map(_fewest, (old_truth, new_truth))) < _LEAST:
        return
    old_rows, new_rows = ([[signal_of(one, name) or 0.0 for name in names] for one in part] for part in (old, new))
    found = fit_weights(old_rows, old_truth)
    signs = [1 if auroc(old_truth, column) >= 0.5 else -1 for column in zip(*old_rows, strict=True)]
    fitted, plain = [found.score(row) for row in new_rows], rank_sum(new_rows, signs)
    more = auroc_difference(new_truth, fitted, plain)
    areas = (auroc_with(new_truth, fitted), auroc_with(new_truth, plain))
    verdict = _WORTH if more.low > 0 else _NOT_WORTH
    yield (
        (question.name, len(old), len(new), *areas, more, verdict),
        [
            (question.name, name, weight, mean, spread)
            for name, weight, mean, spread in zip(names, found.weights, found.means, found.spreads, strict=True)
        ],
    )


def _fewest(truth: Sequence[bool]) -> int:
    return min(sum(truth), len(truth) - sum(truth))


def _signals(answers: Sequence[RowAnswers], ours: str) -> list[str]:
    """Return the plain signals, and those of our ranking that most rows have: the first commits have no history."""
    rankings = [answer.rankings[ours] for answer in answers if ours in answer.rankings]
    counted = Counter(name for ranking in rankings for name in ranking.signals)
    return [
        *PLAIN,
        *(f"{ours} {name}" for name, count in sorted(counted.items()) if count >= _MOST_ROWS * len(rankings)),
    ]


def _sure(answers: Sequence[RowAnswers], ours: str) -> Section | None:
    """Fit the ratio up to which the first file is called sure."""
    known = [one for one in answers if gold_of(one) and RATIO in one.rankings.get(ours, _NOTHING).signals]
    old, new = by_time(known)
    if min(len(old), len(new)) < _LEAST:
        return None
    limit = surest([_ratio(one, ours) for one in old], [_right(one, ours) for one in old], HIT_GOAL, _LEAST)
    table: Sequence[Sequence[Cell]] = [("none reaches it", "", "")]
    if limit is not None:
        sure = [one for one in new if _ratio(one, ours) <= limit]
        table = [(limit, len(sure) / len(new), mean_of([float(_right(one, ours)) for one in sure]))]
    return Section(
        title="From which ratio on the first file is sure",
        said=f"The largest ratio up to which {HIT_GOAL:.0%} of the old rows are right at rank 1, tried on the newest.",
        tables=[ResultTable(name="sure", columns=("ratio up to", "share of new rows", "any@1 there"), rows=table)],
    )


def _ratio(answer: RowAnswers, ours: str) -> float:
    return answer.rankings[ours].signals[RATIO]


def _right(answer: RowAnswers, ours: str) -> bool:
    return bool(any_at(answer.rankings[ours].paths, gold_of(answer), 1))
