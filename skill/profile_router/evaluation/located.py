"""The section on localisation: is a file that was changed among the first, and does being sure mean something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean

from profile_router.evaluation.answers import RowAnswers
from profile_router.evaluation.locators import Ranking
from profile_router.evaluation.metrics.intervals import interval_of, mean_of
from profile_router.evaluation.metrics.ranking import any_at, names_one, recall_at
from profile_router.pages.measured import Measured
from profile_router.pages.report import BarsFigure, Cell, ResultTable, Section

FIRSTS = (1, 5, 10)
CODE = frozenset(
    "py pyi pyx ts tsx js jsx mjs cjs go rs java c h cc cpp hpp rb php cs kt swift scala sh sql vue svelte".split()  # noqa: SIM905 - a table in words
)
_TEST_PARTS = frozenset({"test", "tests", "testing", "__tests__"})
_SAID = (
    "Gold: the code files of the change that were there at its base commit. Tests count only where no other code was "
    "changed. Rows without one are left out. any@k: one of them is among the first k; recall@k: the share of them."
)


def gold_of(answer: RowAnswers) -> frozenset[str]:
    """Return the files that a perfect ranking puts first."""
    code = frozenset(path for path in answer.files if path.rpartition(".")[2] in CODE)
    return frozenset(path for path in code if not _is_test(path)) or code


def _is_test(path: str) -> bool:
    *folders, name = path.lower().split("/")
    stem = name.partition(".")[0]
    return bool(_TEST_PARTS & {*folders}) or stem.startswith("test_") or stem.endswith("_test") or ".test." in name


def located(answers: Sequence[RowAnswers], ours: str, locators: Sequence[str]) -> Section | None:
    """Return the section; None where no row has a repository and gold. *ours* is compared with the rest."""
    rows = [answer for answer in answers if answer.placed and gold_of(answer)]
    if not rows:
        return None
    tables = [_by_set(rows, locators), _by_naming(rows, locators), _in_time(rows, locators)]
    if others := [name for name in locators if name != ours]:
        tables.insert(1, _against(rows, ours, others))
    sure = _by_surety(rows, ours)
    return Section(
        title="Which files",
        said=_SAID,
        tables=[*tables, *(table for table in (sure, _to_read(rows, ours), _to_edit(answers, ours)) if table.rows)],
        figures=[
            BarsFigure(name="A changed file comes first (any@1)", bars=list(_firsts(rows, locators))),
            *([BarsFigure(name=f"{ours}: right at rank 1, by how sure", bars=list(_bars(sure)))] if sure.rows else []),
        ],
    )


def _groups(rows: Sequence[RowAnswers]) -> Iterator[tuple[str, Sequence[RowAnswers]]]:
    sets = sorted({answer.row.set for answer in rows})
    for name in sets:
        yield name, [answer for answer in rows if answer.row.set == name]
    if len(sets) > 1:
        yield "all", rows


def _with_samples(
    groups: Iterable[tuple[str, Sequence[RowAnswers]]], locators: Sequence[str]
) -> Iterator[tuple[str, Sequence[RowAnswers], Sequence[str]]]:
    """Yield each group with those that were asked about all of its rows, and then each sample of it.

    A sample is the rows that a locator was asked about which was not asked about all. All are compared on those rows.
    """
    for name, rows in groups:
        samples = {one: [row for row in rows if one in row.rankings] for one in locators}
        yield name, rows, [one for one in locators if len(samples[one]) == len(rows)]
        for sampled, some in samples.items():
            if 0 < len(some) < len(rows):
                known = [one for one in locators if all(one in row.rankings for row in some)]
                yield f"{name}, asked of {sampled}", some, known


def _firsts(rows: Sequence[RowAnswers], locators: Sequence[str]) -> Iterator[tuple[str, Measured]]:
    for one in locators:
        some = [row for row in rows if one in row.rankings]
        yield one if len(some) == len(rows) else f"{one} ({len(some)} rows)", _any(some, one, 1)


def _ranking(answer: RowAnswers, name: str) -> Ranking:
    return answer.rankings.get(name, Ranking())


def _any(rows: Sequence[RowAnswers], name: str, first: int) -> Measured:
    return mean_of([any_at(_ranking(row, name).paths, gold_of(row), first) for row in rows])


def _recall(rows: Sequence[RowAnswers], name: str, first: int) -> Measured:
    return mean_of([recall_at(_ranking(row, name).paths, gold_of(row), first) for row in rows])


def _by_set(rows: Sequence[RowAnswers], locators: Sequence[str]) -> ResultTable:
    columns = ("rows of", "by", "n", *(f"any@{k}" for k in FIRSTS), *(f"recall@{k}" for k in FIRSTS))
    return ResultTable(
        name="localisation",
        columns=columns,
        rows=[
            (name, one, len(some), *(_any(some, one, k) for k in FIRSTS), *(_recall(some, one, k) for k in FIRSTS))
            for name, some, known in _with_samples(_groups(rows), locators)
            for one in known
        ],
    )


def _against(rows: Sequence[RowAnswers], ours: str, others: Sequence[str]) -> ResultTable:
    def gain(some: Sequence[RowAnswers], other: str, first: int) -> Measured:
        gold = [gold_of(row) for row in some]
        won = [any_at(_ranking(row, ours).paths, wanted, first) for row, wanted in zip(some, gold, strict=True)]
        lost = [any_at(_ranking(row, other).paths, wanted, first) for row, wanted in zip(some, gold, strict=True)]
        return interval_of(lambda drawn: fmean(won[row] - lost[row] for row in drawn), len(some))

    return ResultTable(
        name="paired",
        said=f"By how much {ours} is above the other on the same rows; an interval without 0 is a difference.",
        columns=("rows of", "against", "n", *(f"any@{k} more" for k in FIRSTS)),
        rows=[
            (name, other, len(some), *(gain(some, other, k) for k in FIRSTS))
            for name, some, known in _with_samples(_groups(rows), others)
            for other in known
        ],
    )


def _by_naming(rows: Sequence[RowAnswers], locators: Sequence[str]) -> ResultTable:
    named = [row for row in rows if names_one(row.row.text, gold_of(row))]
    unnamed = [row for row in rows if not names_one(row.row.text, gold_of(row))]
    return ResultTable(
        name="named",
        said="Rows whose text names a gold file, and the rest.",
        columns=("text", "by", "n", *(f"any@{k}" for k in FIRSTS), "recall@10"),
        rows=[
            (what, one, len(some), *(_any(some, one, k) for k in FIRSTS), _recall(some, one, 10))
            for what, some, known in _with_samples((("names a file", named), ("names none", unnamed)), locators)
            if some
            for one in known
        ],
    )


def _by_surety(rows: Sequence[RowAnswers], ours: str) -> ResultTable:
    words = sorted({_ranking(row, ours).sure for row in rows} - {""})
    told: list[tuple[Cell, ...]] = []
    for word in words:
        some = [row for row in rows if _ranking(row, ours).sure == word]
        told.append((word, len(some), len(some) / len(rows), _any(some, ours, 1), _any(some, ours, 5)))
    told.sort(key=lambda row: -row[3].value if isinstance(row[3], Measured) else 0.0)
    return ResultTable(
        name="confidence",
        said=f"How often {ours} is right where it says that it is so sure.",
        columns=("how sure", "n", "share", "any@1", "any@5"),
        rows=told,
    )


def _to_read(rows: Sequence[RowAnswers], ours: str) -> ResultTable:
    told: list[tuple[Cell, ...]] = []
    for name, some in _groups([row for row in rows if _ranking(row, ours).to_read]):
        for word in ("sure", "likely", "guess", "all"):
            meant = [row for row in some if word in ("all", _ranking(row, ours).sure)]
            if meant:
                most = sorted(_ranking(row, ours).to_read for row in meant)
                gold = [(_ranking(row, ours).paths, gold_of(row), _ranking(row, ours).to_read) for row in meant]
                found = mean_of([any_at(*each) for each in gold]), mean_of([recall_at(*each) for each in gold])
                told.append((name, word, len(meant), _at(most, 0.5), _at(most, 0.9), *found))
    return ResultTable(
        name="to read",
        said=f"How many of the first files {ours} says are read at most, and whether gold is among so many.",
        columns=("rows of", "how sure", "n", "median", "p90", "any of gold", "share of gold"),
        rows=told,
    )


def _to_edit(answers: Sequence[RowAnswers], ours: str) -> ResultTable:
    known = [
        row for row in answers
        if row.placed and _ranking(row, ours).to_edit and not row.row.truth.bot and row.row.truth.number_of_files
    ]  # fmt: skip
    told: list[tuple[Cell, ...]] = []
    for name, some in _groups(known):
        ends = [(*_ranking(row, ours).to_edit, row.row.truth.number_of_files or 0) for row in some]
        within = mean_of([float(low <= truth <= high) for low, high, truth in ends])
        widths = sorted(high - low + 1 for low, high, _ in ends)
        more = sum(truth > high for _, high, truth in ends) / len(ends)
        told.append((name, len(some), within, more, _at(widths, 0.5)))
    return ResultTable(
        name="to edit",
        said=f"How often the number of files that a change touched lies in the range that {ours} tells.",
        columns=("rows of", "n", "in the range", "above it", "width, median"),
        rows=told,
    )


def _bars(sure: ResultTable) -> Iterator[tuple[str, Measured]]:
    for word, count, _, first, _ in sure.rows:
        if isinstance(first, Measured):
            yield f"{word} ({count})", first


def _in_time(rows: Sequence[RowAnswers], locators: Sequence[str]) -> ResultTable:
    told: list[tuple[Cell, ...]] = []
    for one in locators:
        rankings = [row.rankings[one] for row in rows if one in row.rankings]
        times = sorted(ranking.ms for ranking in rankings if not ranking.problem)
        second_times = sorted(ranking.warm_ms for ranking in rankings if ranking.warm_ms)
        failed = sum(bool(ranking.problem) for ranking in rankings)
        again: tuple[Cell, ...] = (_at(second_times, 0.5), _at(second_times, 0.95)) if second_times else ("", "")
        if times:
            told.append((one, len(times), _at(times, 0.5), _at(times, 0.95), *again, failed))
    return ResultTable(
        name="time",
        said="Milliseconds a row when it was first asked, new files of its commit included; warm: asked at once again.",
        columns=("by", "n", "p50 ms", "p95 ms", "warm p50", "warm p95", "failed"),
        rows=told,
    )


def _at(times: Sequence[float], share: float) -> float:
    return round(times[min(len(times) - 1, int(share * len(times)))], 1)
