"""The figures: areas, curves, intervals, ranks and cascades, against what can be worked out by hand."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from profile_router.evaluation.metrics.cascades import (
    always,
    at_random,
    cascade,
    cascade_as_checked,
    cascade_early,
    check_errors,
    oracle,
    routed,
)
from profile_router.evaluation.metrics.confusion import confusion
from profile_router.evaluation.metrics.curves import Pair, apgr, auroc, cpt, mixes, roc_points
from profile_router.evaluation.metrics.intervals import auroc_difference, auroc_with, mean_of
from profile_router.evaluation.metrics.ranking import any_at, names_one, recall_at

PAIR = Pair(weak=[1, 1, 0, 0], strong=[1, 1, 1, 0], weak_cost=[0.1] * 4, strong_cost=[1.0] * 4)
TRUTH_AND_SCORES = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=30)


@pytest.mark.parametrize(
    ("scores", "area"),
    [([4, 3, 2, 1], 1.0), ([1, 2, 3, 4], 0.0), ([1, 1, 1, 1], 0.5), ([2, 1, 2, 1], 0.5), ([3, 1, 2, 0], 0.75)],
)
def test_the_area_is_the_chance_that_a_true_row_scores_higher(scores: list[float], area: float) -> None:
    assert auroc([True, True, False, False], scores) == area


@examples(100)
@given(TRUTH_AND_SCORES)
def test_the_area_is_what_counting_all_pairs_gives(rows: list[tuple[bool, int]]) -> None:
    truth, scores = [true for true, _ in rows], [float(score) for _, score in rows]
    wins = [(a > b) + (a == b) / 2 for is_true, a in rows if is_true for is_too, b in rows if not is_too]
    found = auroc(truth, scores)
    assert math.isnan(found) if not wins else found == pytest.approx(sum(wins) / len(wins))


@examples(50)
@given(TRUTH_AND_SCORES)
def test_the_area_under_the_points_of_the_curve_is_the_area(rows: list[tuple[bool, int]]) -> None:
    truth, scores = [true for true, _ in rows], [float(score) for _, score in rows]
    points = roc_points(truth, scores)
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in itertools.pairwise(points))
    found = auroc(truth, scores)
    assert math.isnan(found) or area == pytest.approx(found)


def test_an_interval_is_the_same_each_time_and_holds_its_figure() -> None:
    truth, scores = [True, False] * 20, [float(number % 7) for number in range(40)]
    first = auroc_with(truth, scores)
    assert first == auroc_with(truth, scores)
    assert first.low <= first.value <= first.high
    assert (first.rows, first.trues) == (40, 20)


def test_a_score_does_not_differ_from_itself() -> None:
    truth, scores = [True, False] * 10, [float(number % 3) for number in range(20)]
    assert auroc_difference(truth, scores, scores, times=50) == mean_of([0.0] * 20, times=50).__class__(0, 0, 0, 20, 10)


def test_no_rows_have_no_mean() -> None:
    assert not mean_of([]).known


def test_a_perfect_choice_recovers_the_gap_at_once_and_a_constant_one_half_of_it() -> None:
    assert apgr(PAIR.gains, PAIR) == pytest.approx(0.875)  # the first of four steps, and all after it
    assert apgr([0.0] * 4, PAIR) == pytest.approx(0.5)
    assert cpt(PAIR.gains, PAIR, 0.5) == 0.25


def test_without_a_gap_nothing_can_be_recovered() -> None:
    even = Pair(weak=[1, 0], strong=[1, 0], weak_cost=[0, 0], strong_cost=[1, 1])
    assert math.isnan(apgr([1, 2], even))
    assert math.isnan(cpt([1, 2], even, 0.5))


@examples(50)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 3)), min_size=1, max_size=20))
def test_a_curve_goes_from_the_weak_model_to_the_strong_one(rows: list[tuple[int, int, int]]) -> None:
    weak, strong, scores = ([float(row[column]) for row in rows] for column in range(3))
    pair = Pair(weak=weak, strong=strong, weak_cost=[0.1] * len(rows), strong_cost=[0.7] * len(rows))
    curve, (local, burst) = mixes(scores, pair), always(pair)
    assert (curve[0].solved, curve[0].cost) == pytest.approx((local.solved, local.cost))
    assert (curve[-1].solved, curve[-1].cost) == pytest.approx((burst.solved, burst.cost))
    assert curve == mixes(scores, pair)


def test_whole_policies_cost_and_solve_what_can_be_counted() -> None:
    local, burst = always(PAIR)
    assert (local.solved, local.cost, burst.solved, burst.cost) == (0.5, 0.1, 0.75, 1.0)
    assert (oracle(PAIR).solved, oracle(PAIR).strong) == (0.75, 0.25)
    assert routed("all", [True] * 4, PAIR).solved == burst.solved
    assert at_random(0.5, PAIR).cost == pytest.approx(0.55)


@pytest.mark.parametrize(
    ("errors", "solved", "cost"),
    [((0.0, 0.0), 0.75, 0.6), ((1.0, 0.0), 0.5, 0.1), ((0.0, 1.0), 0.75, 1.1), ((0.5, 0.5), 0.625, 0.6)],
    ids=["perfect", "takes all", "takes nothing", "a coin"],
)
def test_a_cascade_pays_for_what_its_check_refuses(errors: tuple[float, float], solved: float, cost: float) -> None:
    found = cascade(*errors, PAIR)
    assert (found.solved, found.cost) == pytest.approx((solved, cost))


def test_a_cascade_with_the_verdicts_of_a_perfect_check_is_the_perfect_cascade() -> None:
    checked = cascade_as_checked([True, True, False, False], PAIR)
    assert (checked.solved, checked.cost) == pytest.approx((0.75, 0.6))
    assert check_errors([True, False, True, False], PAIR.weak) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("turns", "accepts", "solved", "cost", "strong", "limit"),
    [
        # a run that ends at turn 3 of 9 costs a third, and its check is not asked
        ([3, 3, 9, 9], 0.0, 0.75, 0.6 - 2 * 0.1 * (6 / 9) / 4, 0.5, 3),
        ([3, 3, 3, 3], 1.0, 0.5, 0.1, 0.0, 3),  # no run is longer than the others
        ([3, 3, 3, 9], 0.1, 0.725, 0.55 + (0.1 * 1.0 - 0.1 * (6 / 9)) / 4, 0.475, 3),
    ],
    ids=["long runs are wrong ones", "none is long", "one is"],
)
def test_a_local_run_of_too_many_turns_goes_to_the_strong_model_before_its_end(
    turns: list[int], accepts: float, solved: float, cost: float, strong: float, limit: int
) -> None:
    found = cascade_early(accepts, 0.0, PAIR, turns)
    assert (found.solved, found.cost, found.strong) == pytest.approx((solved, cost, strong))
    assert found.name.endswith(f"over {limit} turns at once")


@examples(50)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 9)), min_size=1, max_size=20))
def test_where_no_run_is_longer_than_another_nothing_is_promoted_early(rows: list[tuple[int, int, int]]) -> None:
    weak, strong = ([float(row[column]) for row in rows] for column in range(2))
    pair = Pair(weak=weak, strong=strong, weak_cost=[0.1] * len(rows), strong_cost=[0.7] * len(rows))
    plain, early = cascade(0.3, 0.1, pair), cascade_early(0.3, 0.1, pair, [rows[0][2]] * len(rows))
    assert (early.solved, early.cost, early.strong) == (plain.solved, plain.cost, plain.strong)


def test_the_route_meets_each_limit() -> None:
    found = confusion("≥ 20 files", [True, True, False, False], ["burst", "local", "probe", "local"])
    assert (found.recall, found.precision, found.balanced) == (0.5, 0.5, 0.5)
    assert confusion("x", [True, False], ["local", "local"]).balanced == 0.5


def test_a_ranking_is_judged_by_its_first_files() -> None:
    assert [any_at(["a", "b", "c"], {"c", "d"}, most) for most in (1, 3)] == [0.0, 1.0]
    assert recall_at(["a", "c"], {"c", "d"}, 5) == 0.5


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("see shop/cart.py", True),
        ("in cart.py, line 4", True),
        ("the cart is wrong", False),
        ("mycart.py is another", False),
        ("cart.pyx is another", False),
        ("open cart.py.", True),
    ],
)
def test_a_text_names_a_file_by_its_path_or_its_bare_name(text: str, named: bool) -> None:
    assert names_one(text, {"shop/cart.py"}) is named
