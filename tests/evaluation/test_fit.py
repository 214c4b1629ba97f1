"""Only dev rows are fitted on, the oldest first; the unfitted form is preferred unless the fitted one is better."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.api.forms import wrong_in
from tests.evaluation.made_rows import row, written
from tests.examples import examples

from profile_router.errors import UsageError
from profile_router.evaluation.answers import RowAnswers
from profile_router.evaluation.fit import by_time, run_fit
from profile_router.evaluation.metrics.curves import auroc
from profile_router.evaluation.metrics.fitting import fit_weights, rank_sum, surest
from profile_router.evaluation.rows import KnownRow, Truth
from profile_router.evaluation.signals import RouteOf
from profile_router.evaluation.study import Study
from profile_router.pages.report import report_json


def dated(number: int, *, split: str = "dev") -> dict[str, object]:
    text = "Rewrite " * (1 + number % 9)
    date = f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z"
    return row(f"r{number}", text, split=split, lines_changed=60 * (number % 9), date=date)


@pytest.mark.parametrize("at", [0, 5, 119], ids=["first", "middle", "last"])
def test_a_row_of_another_split_is_refused_wherever_it_stands(tmp_path: Path, at: int) -> None:
    rows = [dated(number, split="test" if number == at else "dev") for number in range(120)]
    data = written(tmp_path / "x.jsonl", rows)
    with pytest.raises(UsageError, match=rf"x\.jsonl:{at + 1}: the row r{at} is of the split 'test'; allowed: dev"):
        run_fit(Study(data=[data]), {"HOME": str(tmp_path)}, lambda _: None)


def test_a_row_without_a_date_is_refused(tmp_path: Path) -> None:
    data = written(tmp_path / "x.jsonl", [row("a", "t", lines_changed=1)])
    with pytest.raises(UsageError, match=r"x\.jsonl:1: the row a has no date"):
        run_fit(Study(data=[data]), {"HOME": str(tmp_path)}, lambda _: None)


def test_what_is_fitted_is_tried_on_newer_rows(tmp_path: Path) -> None:
    data = written(tmp_path / "x.jsonl", [dated(number) for number in range(120)])
    told = report_json(run_fit(Study(data=[data]), {"HOME": str(tmp_path)}, lambda _: None))
    assert wrong_in("evaluate", {"v": 1, "time": "", "run": None, **told}) == []
    (fitted,) = told["sections"][0]["tables"]["fitted"]
    assert (fitted["question"], fitted["old rows"], fitted["new rows"]) == ("≥ 200 lines", 72, 48)
    assert fitted["fitted AUROC"]["value"] == 1.0  # the text tells all
    assert fitted["verdict"] == "prefer the unfitted form"  # and by itself as well
    assert {one["signal"] for one in told["sections"][0]["tables"]["weights"]} >= {"length", "words"}


@examples(100)
@given(st.lists(st.integers(0, 50), min_size=2, max_size=40))
def test_no_newer_row_of_a_set_is_fitted_on(days: list[int]) -> None:
    answers = [_answer(number, day) for number, day in enumerate(days)]
    old, new = by_time(answers)
    assert len(old) + len(new) == len(answers)
    for name in {answer.row.set for answer in answers}:
        before = [one.row.when for one in old if one.row.set == name]
        after = [one.row.when for one in new if one.row.set == name]
        assert not after or max(before) <= min(after)


def _answer(number: int, day: int) -> RowAnswers:
    made = KnownRow(
        id=str(number), set="ab"[number % 2], where="", text="", truth=Truth(), split="dev", when=f"{day:03}"
    )
    return RowAnswers(row=made, route=RouteOf())


def test_weights_find_what_tells_and_leave_out_what_does_not() -> None:
    picker = random.Random(1)
    rows = [[picker.gauss(0, 1), picker.gauss(0, 1), 5.0] for _ in range(300)]
    truth = [row[0] + 0.3 * picker.gauss(0, 1) > 0 for row in rows]
    found = fit_weights(rows, truth)
    assert found.weights[0] > 2
    assert abs(found.weights[1]) < found.weights[0] / 5
    assert found.weights[2] == pytest.approx(0)  # it is always the same
    assert auroc(truth, [found.score(row) for row in rows]) > 0.95


def test_the_unfitted_form_is_the_mean_of_ranks() -> None:
    assert rank_sum([[1, 9], [2, 8], [3, 7]], [1, -1]) == [0.0, 1.0, 2.0]
    assert rank_sum([[1], [1]], [1]) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("goal", "limit"), [(1.0, 0.2), (0.75, 0.4), (0.5, 0.6), (0.99, 0.2)], ids=["all", "most", "half", "nearly all"]
)
def test_the_limit_is_the_largest_that_still_reaches_the_goal(goal: float, limit: float) -> None:
    ratios, right = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [True, True, False, True, False, False]
    assert surest(ratios, right, goal, 2) == limit


def test_no_limit_where_too_few_rows_are_right() -> None:
    assert surest([0.1, 0.2], [False, False], 0.5, 1) is None
    assert surest([0.1], [True], 0.5, 2) is None
