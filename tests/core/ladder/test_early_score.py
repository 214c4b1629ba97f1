"""An attempt is scored by what it did, each term by itself; one sign alone does not end it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.core.ladder.early_score import EarlyWatch, Trajectory, early_score
from profile_router.core.policy.early_promotion import EarlyPromotion, EarlyWeights

WATCH = EarlyWatch(rules=EarlyPromotion(), goes="coding-burst", candidates=("calc.py",), edits=True, checked=True)
GOOD: dict[str, Any] = {"turns": 4, "looked": True, "edits": ("calc.py",)}


def scored(watch: EarlyWatch = WATCH, **did: Any) -> dict[str, float]:
    score = early_score(watch, Trajectory(**(GOOD | did)))
    assert score is not None
    return {term.sign: term.points for term in score.terms}


@pytest.mark.parametrize(
    ("did", "terms"),
    [
        ({}, {}),
        ({"looked": False}, {"no_candidate_read": 0.5}),
        ({"edits": ()}, {"no_edit": 0.5}),
        ({"edits": None}, {}),
        ({"same_failing": 1}, {}),
        ({"same_failing": 2}, {"same_failing_edit": 0.5}),
        ({"same_failing": 4}, {"same_failing_edit": 1.5}),
        ({"prose": 1}, {"prose": 0.25}),
        ({"prose": 3}, {"prose": 0.75}),
        ({"looked": False, "edits": ()}, {"no_candidate_read": 0.5, "no_edit": 0.5}),
    ],
)
def test_each_sign_adds_its_own_term(did: dict[str, Any], terms: dict[str, float]) -> None:
    assert scored(**did) == terms


def test_a_question_that_names_no_file_may_be_answered_without_reading_or_writing_one() -> None:
    asks = EarlyWatch(rules=EarlyPromotion(), goes="coding-burst")
    assert scored(asks, looked=False, edits=()) == {}


@pytest.mark.parametrize(("usual", "turns", "counts"), [(None, 90, False), (6, 6, False), (6, 7, True)])
def test_turns_beyond_what_is_usual_in_the_repository_count_once_that_is_known(
    usual: int | None, turns: int, counts: bool
) -> None:
    watch = EarlyWatch(rules=EarlyPromotion(), goes="coding-burst", usual=usual)
    assert ("over_usual_turns" in scored(watch, turns=turns)) is counts


@pytest.mark.parametrize(
    ("rules", "turns", "is_scored"),
    [
        (EarlyPromotion(), 3, False),
        (EarlyPromotion(), 4, True),
        (EarlyPromotion(turns=2), 2, True),
        (EarlyPromotion(turns=0), 90, False),
    ],
)
def test_it_is_not_scored_before_so_many_turns(rules: EarlyPromotion, turns: int, is_scored: bool) -> None:
    watch = EarlyWatch(rules=rules, goes="coding-burst", edits=True)
    assert (early_score(watch, Trajectory(turns=turns)) is not None) is is_scored


def test_the_score_says_each_term_and_what_was_needed() -> None:
    score = early_score(WATCH, Trajectory(turns=5, same_failing=2))
    assert score is not None
    assert score.said == (
        "score 1.5 of 1 after 5 turns: did not read calc.py (0.5); made the same failing edit 2 times (0.5); "
        "changed no file (0.5)"
    )
    assert score.promotes


def test_who_is_spared_goes_on_and_says_why() -> None:
    score = early_score(WATCH, Trajectory(turns=5), spared="its check decides")
    assert score is not None
    assert (score.reached, score.promotes) == (True, False)
    assert score.said.endswith("; it goes on: its check decides")


@given(
    turns=st.integers(4, 90),
    looked=st.booleans(),
    edits=st.sampled_from([(), None, ("a.py",)]),
    same_failing=st.integers(0, 9),
    prose=st.integers(0, 9),
    usual=st.none() | st.integers(1, 90),
)
def test_the_total_is_the_sum_of_its_terms_and_no_shipped_sign_that_comes_once_is_enough(
    turns: int, looked: bool, edits: Any, same_failing: int, prose: int, usual: int | None
) -> None:
    watch = EarlyWatch(rules=EarlyPromotion(), goes="coding-burst", candidates=("a.py",), edits=True, usual=usual)
    done = Trajectory(turns=turns, looked=looked, edits=edits, same_failing=same_failing, prose=prose)
    score = early_score(watch, done)
    assert score is not None
    assert score.total == sum(term.points for term in score.terms)
    once = len(score.terms) < 2 and same_failing <= 2 and prose <= 3
    assert not (once and score.promotes)


def test_weights_of_nothing_never_end_an_attempt() -> None:
    none = EarlyWeights(no_candidate_read=0, same_failing_edit=0, no_edit=0, prose=0, over_usual_turns=0)
    score = early_score(
        EarlyWatch(rules=EarlyPromotion(weights=none), goes="b", edits=True), Trajectory(turns=90, prose=90)
    )
    assert score is not None
    assert (score.terms, score.promotes) == ((), False)
