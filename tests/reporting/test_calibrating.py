"""Outcomes propose numbers: with counts and intervals, and only where they are beyond chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.core.operating.test_replay import past
from tests.fakes import a_policy, evidence, stated

from profile_router.core.operating.replay import PastTask
from profile_router.reporting.calibrating import LEAST, LEAST_FITTED, JudgedNumber, calibrate

LINES, TURNS = "rules.small-change.below_lines", "early.turns"


def outcome(won: bool, *, lines: int = 50, name: str = "a", turns: int = 3, **changes: Any) -> PastTask:
    ends, verdict = (("ok",), "verified") if won else (("verification-failed",), "failed")
    return past(lines, name=name, verdict=verdict, local_ends=ends, local_turns=turns, **changes)


def many(count: int, won: Callable[[int], bool], **changes: Any) -> list[PastTask]:
    return [outcome(won(at), name=f"{at:04}", **changes) for at in range(count)]


def found(tasks: list[PastTask], signs: Any = None) -> dict[str, JudgedNumber]:
    return {one.name: one for one in calibrate(tasks, a_policy(), signs or {})}


def test_a_limit_moves_to_where_the_local_tier_begins_to_lose() -> None:
    tasks = [
        *many(40, lambda at: at > 2, lines=30),
        *many(40, lambda at: at > 4, lines=80),
        *many(40, lambda at: at < 4, lines=120),
    ]
    limit = found(tasks)[LINES]
    assert (limit.now, limit.to) == (200, 120)
    assert limit.said == "below 120 lines: 72 of 80 won, 90 % [81, 95]; from there on: 4 of 40 won, 10 % [4, 23]"


@pytest.mark.parametrize(
    "tasks",
    [
        many(80, lambda at: at % 10 > 0, lines=30),  # all of one size
        [*many(40, lambda at: at > 3, lines=30), *many(40, lambda at: at > 3, lines=150)],  # it wins everywhere
        [*many(40, lambda at: at % 2 == 0, lines=30), *many(40, lambda at: at % 2 == 0, lines=150)],  # a coin
        [*many(60, lambda at: at > 3, lines=30), *many(LEAST - 1, lambda at: False, lines=150)],  # too few above
    ],
)
def test_a_limit_stays_where_nothing_parts_outcomes_beyond_chance(tasks: list[PastTask]) -> None:
    limit = found(tasks)[LINES]
    assert (limit.to, limit.missing) == (None, 0)
    assert "no limit parts them beyond chance" in limit.said


@pytest.mark.parametrize("count", [0, 1, 2 * LEAST - 1])
def test_too_few_outcomes_say_how_many_are_missing(count: int) -> None:
    limit = found(many(count, lambda at: at % 2 == 0))[LINES]
    assert (limit.to, limit.missing) == (None, 2 * LEAST - count)


@pytest.mark.parametrize(
    "tasks",
    [
        many(60, lambda at: True, measured=evidence()),  # no size is known
        [past(30, name=f"{at}", verdict="unverified") for at in range(60)],  # nothing confirms them
        [past(30, name=f"{at}", verdict="failed", local_ends=("refused",)) for at in range(60)],  # the server was down
    ],
)
def test_what_tells_nothing_of_the_model_is_not_an_outcome(tasks: list[PastTask]) -> None:
    assert found(tasks)[LINES].missing == 2 * LEAST


def test_an_attempt_is_judged_before_the_turn_from_which_on_it_loses() -> None:
    tasks = [*many(40, lambda at: at > 2, turns=5), *many(40, lambda at: at < 3, turns=12)]
    assert (found(tasks)[TURNS].now, found(tasks)[TURNS].to) == (4, 11)


def signed(count: int, dice: random.Random, weight: float) -> tuple[list[PastTask], dict[str, dict[str, float]]]:
    """Return outcomes of which `prose` tells with *weight*, and `no_edit` nothing."""
    tasks, signs = [], {}
    for at in range(count):
        prose = dice.random() < 0.5
        lost = dice.random() < (0.5 + weight if prose else 0.5 - weight)
        tasks.append(outcome(not lost, name=f"{at:04}"))
        signs[f"{at:04}"] = {**({"prose": 0.25} if prose else {}), **({"no_edit": 0.5} if dice.random() < 0.5 else {})}
    return tasks, signs


def test_weights_follow_what_parted_won_from_lost_attempts() -> None:
    tasks, signs = signed(400, random.Random(5), 0.4)
    weights = {name: one for name, one in found(tasks, signs).items() if name.startswith("early.weights.")}
    assert set(weights) == {
        f"early.weights.{name}"
        for name in ("no_candidate_read", "same_failing_edit", "no_edit", "prose", "over_usual_turns")
    }
    prose, no_edit = weights["early.weights.prose"], weights["early.weights.no_edit"]
    assert prose.to is not None
    now = no_edit.now
    assert isinstance(now, float)
    assert prose.to > 0.5 > (no_edit.to if no_edit.to is not None else now)
    assert "AUROC" in prose.said


@pytest.mark.parametrize("count", [0, 30, 2 * LEAST_FITTED - 2])
def test_weights_need_enough_scored_attempts_of_both_ends(count: int) -> None:
    tasks, signs = signed(count, random.Random(5), 0.4)
    assert found(tasks, signs)["early.weights"].missing > 0


def test_an_attempt_that_was_ended_for_its_score_fits_nothing() -> None:
    tasks, signs = signed(400, random.Random(5), 0.4)
    lost = past(verdict="failed", local_ends=("no-progress",))
    ended = [task if task.local_won else replace(lost, id=task.id) for task in tasks]
    assert found(ended, signs)["early.weights"].missing == 2 * LEAST_FITTED


def test_figures_of_an_older_version_are_left_out() -> None:
    broken = [
        PastTask(
            id="x",
            profile="",
            tier="local",
            rule="",
            verdict="verified",
            cost_usd=0,
            task={},
            evidence={},
            local_ends=("ok",),
        )
    ] * 5
    assert found([*broken, *many(80, lambda at: True, measured=evidence(lines_to_edit=stated(9)))])[LINES].missing == 0
