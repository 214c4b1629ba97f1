"""The sections on size, difficulty and the route: what each signal tells of a task before any work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from profile_router.evaluation.answers import RowAnswers
from profile_router.evaluation.metrics.confusion import OUTCOMES, confusion
from profile_router.evaluation.metrics.curves import roc_points
from profile_router.evaluation.metrics.intervals import auroc_difference, auroc_with
from profile_router.evaluation.signals import PLAIN, TIER_RANKS
from profile_router.evaluation.targets import LIMITS, TARGET_QUESTIONS, Question
from profile_router.pages.report import Cell, LinesFigure, ResultTable, Section

ROUTE = "route"
_LEAST = 5  # of each kind of row: with fewer an area means nothing
_TOLD_AGAINST = ("length", "keywords")


def signal_names(answers: Sequence[RowAnswers]) -> list[str]:
    """Return the signals that there are: plain ones, our route, those of our ranking, those of peers."""
    found: dict[str, None] = {**dict.fromkeys(PLAIN), ROUTE: None}
    for answer in answers:
        for name, ranking in (*answer.rankings.items(), *answer.scores.items()):
            found.update(dict.fromkeys(f"{name} {signal}".strip() for signal in ranking.signals))
    return list(found)


def signal_of(answer: RowAnswers, name: str) -> float | None:
    """Return the signal *name* of *answer*; None where it was not measured."""
    if name in PLAIN:
        return PLAIN[name](answer.row.text)
    if name == ROUTE:
        return TIER_RANKS.get(answer.route.tier)
    for who, ranking in (*answer.rankings.items(), *answer.scores.items()):
        for signal, value in ranking.signals.items():
            if f"{who} {signal}".strip() == name:
                return value
    return None


def asked(answers: Sequence[RowAnswers]) -> Iterator[tuple[str, Question, Sequence[tuple[RowAnswers, bool]]]]:
    """Yield each set with each question that enough of its rows answer either way. All sets together count as one."""
    for question in TARGET_QUESTIONS:
        pooled: dict[str, list[tuple[RowAnswers, bool]]] = {}
        for answer in answers:
            if (truth := question.of(answer.row)) is not None:
                pooled.setdefault(answer.row.set, []).append((answer, truth))
        known = {name: rows for name, rows in sorted(pooled.items()) if _enough(rows)}
        yield from ((name, question, rows) for name, rows in known.items())
        if len(known) > 1:
            yield " + ".join(known), question, [row for rows in known.values() for row in rows]


def _enough(rows: Sequence[tuple[RowAnswers, bool]]) -> bool:
    trues = sum(truth for _, truth in rows)
    return min(trues, len(rows) - trues) >= _LEAST


def predicted(answers: Sequence[RowAnswers], ours: Sequence[str]) -> Section | None:
    """Return AUROC by set, question and signal, and how far each of *ours* is above the plain and the peers'."""
    names = signal_names(answers)
    table: list[Sequence[Cell]] = []
    paired: list[Sequence[Cell]] = []
    figures: list[LinesFigure] = []
    for group, question, known in asked(answers):
        table += _areas(group, question, known, names)
        paired += _pairs(group, question, known, [name for name in names if name in ours], names)
        if question is TARGET_QUESTIONS[0]:
            figures.append(_roc(f"{group}: {question.name}", known, names))
    if not table:
        return None
    return Section(
        title="Size and difficulty before any work",
        said="AUROC: the chance that a large (hard) task scores above a small one; .5 is a guess. "
        "Rows of bots are left out.",
        tables=[
            ResultTable(name="auroc", columns=("rows of", "question", "signal", "n", "true", "AUROC"), rows=table),
            *([_paired(paired)] if paired else []),
        ],
        figures=figures,
    )


def _paired(rows: Sequence[Sequence[Cell]]) -> ResultTable:
    columns = ("rows of", "question", "signal", "against", "n", "AUROC more")
    return ResultTable(name="auroc paired", said="On the same rows.", columns=columns, rows=rows)


def _both(known: Sequence[tuple[RowAnswers, bool]], *names: str) -> tuple[list[bool], list[list[float]]]:
    """Return truth and signals of the rows on which all of *names* are measured."""
    truth: list[bool] = []
    columns: list[list[float]] = [[] for _ in names]
    for answer, is_true in known:
        values = [signal_of(answer, name) for name in names]
        if None not in values:
            truth.append(is_true)
            for column, value in zip(columns, values, strict=True):
                column.append(value or 0.0)
    return truth, columns


def _areas(
    group: str, question: Question, known: Sequence[tuple[RowAnswers, bool]], names: Sequence[str]
) -> Iterator[Sequence[Cell]]:
    for name in names:
        truth, (scores,) = _both(known, name)
        if truth:
            yield group, question.name, name, len(truth), sum(truth), auroc_with(truth, scores)


def _pairs(
    group: str, question: Question, known: Sequence[tuple[RowAnswers, bool]], ours: Sequence[str], names: Sequence[str]
) -> Iterator[Sequence[Cell]]:
    no_peers = {*PLAIN, ROUTE, *(name.partition(" ")[0] for name in ours)}  # parts of a signal of ours are not peers
    others = [name for name in names if name in _TOLD_AGAINST or name.partition(" ")[0] not in no_peers]
    for name in ours:
        for other in others:
            truth, (here, there) = _both(known, name, other)
            if truth:
                yield group, question.name, name, other, len(truth), auroc_difference(truth, here, there)


def _roc(name: str, known: Sequence[tuple[RowAnswers, bool]], names: Sequence[str]) -> LinesFigure:
    lines = []
    for one in names:
        if ": " in one:  # a part of a signal stands in the table alone
            continue
        truth, (scores,) = _both(known, one)
        if truth:
            lines.append((one, roc_points(truth, scores)))
    return LinesFigure(name=name, x="false alarms", y="found", lines=lines, diagonal=True)


def limits(answers: Sequence[RowAnswers]) -> Section | None:
    """Return where the route sent tasks at or above its limits, and below."""
    rows: list[Sequence[Cell]] = []
    for group in sorted({answer.row.set for answer in answers}):
        some = [answer for answer in answers if answer.row.set == group and answer.route.tier]
        for question in LIMITS:
            known = [(truth, answer.route.tier) for answer in some if (truth := question.of(answer.row)) is not None]
            if known:
                found = confusion(question.name, [truth for truth, _ in known], [tier for _, tier in known])
                figures = (found.recall, found.precision, found.balanced)
                rows.append((group, question.name, "at or above", *(found.above[tier] for tier in OUTCOMES), *figures))
                rows.append((group, question.name, "below", *(found.below[tier] for tier in OUTCOMES), "", "", ""))
    if not rows:
        return None
    columns = ("rows of", "limit", "rows", *OUTCOMES, "recall", "precision", "balanced")
    return Section(
        title="Where the route sends what turned out large",
        said="Rows by tier. recall, precision and balanced accuracy are those of probe and burst; always-local has .5.",
        tables=[ResultTable(name="tiers", columns=columns, rows=rows)],
    )
