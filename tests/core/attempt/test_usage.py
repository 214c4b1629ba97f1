"""A server's figures are believed where they can be; a budget, and a finished answer, hang on none of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes import PAID
from tests.fuzz.mutations import VALUES

from profile_router.core.attempt.receipts import Counts
from profile_router.core.attempt.usage import TokenUse, believed, said_usage
from profile_router.core.routing.rate import FREE

SENT, MOST_OUT, OURS = 4_000, 500, (900, 90)
SAYS_USD = replace(PAID, says_usd=True)
ODD = [10**12, 10**30, -1, 3.0, 1e300, float("nan"), float("inf"), "7", True, None, [7], {"n": 7}]


def booked(usage: object, *, rate: Any = PAID) -> TokenUse:
    return believed(said_usage(usage), sent=SENT, most_out=MOST_OUT, counted=lambda: OURS, rate=rate)


def test_whole_numbers_within_what_was_sent_and_came_are_believed() -> None:
    usage = {"prompt_tokens": 1_000, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": 800}}
    assert booked(usage) == TokenUse(tokens_in=1_000, tokens_out=50, tokens_cached=800)


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens"])
def test_any_other_figure_gives_way_to_our_own_count_and_is_told(name: str, odd: object) -> None:
    use = booked({"prompt_tokens": 1_000, "completion_tokens": 50, name: odd})
    assert (use.tokens_in in (900, 1_000), use.tokens_out) == (True, 90)
    assert use.doubts


@pytest.mark.parametrize("usage", [None, {}, [], "all", 7, float("nan"), {"usage": {}}], ids=repr)
def test_a_usage_that_is_none_is_counted_here(usage: object) -> None:
    use = booked(usage)
    assert (use.tokens_in, use.tokens_out) == OURS
    assert "no usage" in use.doubts[0]


def test_more_tokens_than_bytes_were_sent_close_no_day() -> None:
    use = booked({"prompt_tokens": 10**12, "completion_tokens": 10**12})
    assert PAID.cost(use.tokens_in, use.tokens_out) < 0.01
    assert use.doubts == (
        "1,000,000,000,000 tokens for 4,000 bytes sent",
        "1,000,000,000,000 tokens for an answer of at most 500",
    )


def test_an_answer_of_words_is_never_of_no_tokens() -> None:
    assert booked({"prompt_tokens": 10, "completion_tokens": 0}).tokens_out == OURS[1]


@pytest.mark.parametrize("cached", [1_001, 10**12, -1, 1.0, "9", True, {"n": 1}], ids=repr)
def test_cached_tokens_are_within_the_prompt_or_count_as_others(cached: object) -> None:
    details = {"prompt_tokens_details": {"cached_tokens": cached}}
    use = booked({"prompt_tokens": 1_000, "completion_tokens": 50, **details})
    assert (use.tokens_in, use.tokens_out, use.tokens_cached) == (1_000, 50, 0)


def test_deepseek_tells_its_cached_tokens_by_another_name() -> None:
    assert booked({"prompt_tokens": 100, "completion_tokens": 5, "prompt_cache_hit_tokens": 64}).tokens_cached == 64


# --- what the provider says that it charged


def charged(cost: object, *, rate: Any = SAYS_USD, **more: Any) -> TokenUse:
    return booked({"prompt_tokens": 1_000, "completion_tokens": 50, "cost": cost, **more}, rate=rate)


@pytest.mark.parametrize("cost", [0, 0.0, 0.0042, 0.05], ids=repr)
def test_the_provider_s_own_amount_comes_before_all(cost: float) -> None:
    counts = Counts()
    counts.take(charged(cost), SAYS_USD)
    assert counts.cost(SAYS_USD) == (cost, "provider")


@pytest.mark.parametrize("cost", [18_000_000, 1e300, 10**400, -0.01, float("nan"), "0.01", True, None, [0], {}])
def test_an_amount_that_cannot_be_gives_way_to_the_rate(cost: object) -> None:
    counts = Counts()
    counts.take(charged(cost), SAYS_USD)
    assert counts.cost(SAYS_USD) == (PAID.cost(1_000, 50), "tier's price")


def test_an_amount_that_is_too_high_is_told() -> None:
    assert "$18,000,000.00" in charged(18_000_000).doubts[0]


@pytest.mark.parametrize("rate", [replace(PAID, says_usd=False), FREE], ids=["another host", "local"])
def test_an_amount_of_any_other_host_is_not_taken(rate: Any) -> None:
    assert charged(0.001, rate=rate).usd is None


def test_with_a_key_of_the_caller_s_own_the_upstream_s_bill_counts_too() -> None:
    both = {"is_byok": True, "cost_details": {"upstream_inference_cost": 0.02}}
    assert charged(0.001, **both).usd == pytest.approx(0.021)
    assert charged(0.0, is_byok=True).usd is None


def test_what_one_answer_cost_by_the_provider_and_another_by_the_rate_adds_up() -> None:
    counts = Counts()
    counts.take(charged(0.004), SAYS_USD)
    counts.take(booked({"prompt_tokens": 1_000, "completion_tokens": 100}), SAYS_USD)
    usd, source = counts.cost(SAYS_USD)
    assert usd == pytest.approx(0.004 + PAID.cost(1_000, 100))
    assert source == "provider and tier's price"


@given(st.dictionaries(st.sampled_from(["prompt_tokens", "completion_tokens", "cost", "prompt_tokens_details"]),
                       st.sampled_from([*VALUES, *ODD, {"cached_tokens": 10**30}, 400])))  # fmt: skip
def test_whatever_is_said_tokens_and_cost_stay_in_bounds(usage: dict[str, Any]) -> None:
    use = booked(usage, rate=SAYS_USD)
    assert 0 < use.tokens_in <= SENT + 1_024
    assert 0 <= use.tokens_out <= MOST_OUT
    assert 0 <= use.tokens_cached <= use.tokens_in
    counts = Counts()
    counts.take(use, SAYS_USD)
    assert 0 <= counts.cost(SAYS_USD)[0] < 1
