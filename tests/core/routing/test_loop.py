"""What an attempt is expected to cost: turns times tokens, by attempts like it, before there are any as published."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes import BURST, LOCAL, a_policy, a_task, candidates, evidence, stated

from profile_router.core.evidence import Evidence, NamedFile, Window
from profile_router.core.ladder.spending import must_ask
from profile_router.core.routing.estimate import estimate
from profile_router.core.routing.listed import ListedPrice
from profile_router.core.routing.loop import ENOUGH, NO_PAST, Loop, Past, PastLoop, RunnerKind, expected_loop
from profile_router.core.routing.rate import Rate, rate_at
from profile_router.core.routing.task_size import TaskSize, task_size_of

POLICY = a_policy()
RATE = Rate(usd_in=3e-6, usd_out=15e-6, usd_cached=0.3e-6, source="table", dated="2026-11")
VOLUME = POLICY.prices.volume


def a_loop(past: Past = NO_PAST, found: Evidence | None = None, *, most: int = 90, **more: Any) -> Loop:
    asked: dict[str, Any] = {"runner": "embedded", "tier": "burst", **more}
    return expected_loop(found or evidence(tokens=1_000), POLICY, past, most_turns=most, **asked)


def loops(*turns: int, runner: RunnerKind = "embedded", tier: str = "burst", cached: int = 0) -> Past:
    """Return attempts of so many *turns*, each turn of 4,000 tokens in and 300 out."""
    return Past(
        loops=tuple(
            PastLoop(
                runner=runner,
                tier=tier,
                turns=count,
                tokens_in=4_000 * count,
                tokens_out=300 * count,
                tokens_cached=cached * count,
                seconds=10.0 * count,
            )
            for count in turns
        )
    )


def test_an_agent_s_loop_costs_5_to_23_times_one_pass_as_published() -> None:
    cost, one_pass = a_loop().cost(RATE), RATE.cost(1_000, VOLUME.output_tokens)
    assert (cost.low, cost.middle, cost.high) == pytest.approx((5 * one_pass, 11 * one_pass, 23 * one_pass))
    assert (cost.source, cost.least) == ("table, 2026-11", one_pass)


def test_hermes_adds_a_prompt_of_its_own_to_each_turn() -> None:
    assert a_loop(runner="hermes").tokens_in - a_loop().tokens_in == 9_400


def test_ten_attempts_like_it_say_more_than_what_is_published() -> None:
    turns = (1, 2, 2, 3, 4, 5, 6, 7, 8, 30)
    found = a_loop(loops(*turns, cached=1_000))
    assert (found.turns, found.tokens_in, found.tokens_out, found.tokens_cached) == ((2, 5, 30), 4_000, 300, 1_000)
    assert (found.attempts, found.seconds) == (10, 50.0)


@pytest.mark.parametrize(
    "past",
    [loops(*[3] * (ENOUGH - 1)), loops(*[3] * 50, runner="hermes"), loops(*[3] * 50, tier="cheap"), loops(*[0] * 50)],
    ids=["too few", "another runner", "another tier", "no turn"],
)
def test_attempts_unlike_it_say_nothing(past: Past) -> None:
    assert a_loop(past) == a_loop()


def test_a_turn_sends_at_least_the_prompt_of_this_task() -> None:
    assert a_loop(loops(*[3] * 20), evidence(tokens=20_000)).tokens_in == 20_000


def test_the_upper_end_is_at_least_twice_the_middle() -> None:
    assert a_loop(loops(*[7] * 20)).turns == (7, 7, 14)


@pytest.mark.parametrize("past", [NO_PAST, loops(*range(1, 40))], ids=["published", "by attempts"])
def test_no_more_turns_are_expected_than_are_allowed(past: Past) -> None:
    assert a_loop(past, most=3).turns[2] == 3
    assert a_loop(past, most=1).turns == (1, 1, 1)


@given(st.lists(st.integers(0, 200), max_size=60), st.integers(1, 120))
def test_low_middle_and_upper_end_rise_whatever_was_before(turns: list[int], most: int) -> None:
    low, middle, high = a_loop(loops(*turns), most=most).turns
    assert 1 <= low <= middle <= high <= most


def test_a_prompt_beyond_the_table_s_limit_has_the_price_of_long_ones() -> None:
    rate = replace(RATE, long_above=200_000, long=(6e-6, 22.5e-6, 0.6e-6))
    short, long = (a_loop(found=evidence(tokens=tokens)).cost(rate).middle for tokens in (200_000, 200_001))
    assert long == pytest.approx(2 * short, rel=0.05)


def test_a_large_task_is_asked_about_now_though_one_pass_is_cheap() -> None:
    found = evidence(tokens=2_000, files=(NamedFile(path="big.py", bytes=200_000),))
    cost = a_loop(found=found, runner="hermes").cost(RATE)
    assert cost.least < POLICY.budget.ask_above_usd < cost.middle
    assert must_ask(cost, POLICY.budget)


@pytest.mark.parametrize(
    ("window", "hermes", "private", "adds"),
    [(64_000, True, False, True), (63_999, True, False, False), (64_000, False, False, False)],
)
def test_hermes_is_counted_where_it_would_take_the_task(window: int, hermes: bool, private: bool, adds: bool) -> None:
    found = evidence(tokens=1_000, windows=(Window(profile=BURST, tokens=window, source="config"),))
    listed = ListedPrice(usd_per_million_in=3.0, usd_per_million_out=15.0, usd_per_million_cached=0.3, dated="2026-11")
    priced = {**candidates(), BURST: replace(candidates()[BURST], listed=listed)}
    guess = estimate(a_task(), found, LOCAL, POLICY, priced, Past(hermes=hermes))
    rate = rate_at(priced[BURST], 0, POLICY)
    turn = rate.cost(1_000 + (9_400 if adds else 0), VOLUME.output_tokens)
    assert guess.usd_if_burst == pytest.approx(11 * turn)
    assert (guess.usd, guess.usd_if_burst_source) == (0.0, "table, 2026-11")


@pytest.mark.parametrize(
    ("found", "size"),
    [
        (evidence(tokens=3_999), "small"),
        (evidence(tokens=4_000), "medium"),
        (evidence(tokens=500, files=(NamedFile(path="a", bytes=16_000),)), "medium"),
        (evidence(tokens=500, files_to_edit=stated(4)), "medium"),
        (evidence(tokens=500, lines_to_edit=stated(200)), "large"),
        (evidence(tokens=32_000), "large"),
        (evidence(tokens=500, files_to_edit=replace(stated(60), source="guessed")), "small"),
    ],
)
def test_the_size_of_a_task_is_the_largest_that_is_known_of_it(found: Evidence, size: TaskSize) -> None:
    assert task_size_of(found, POLICY) == size
