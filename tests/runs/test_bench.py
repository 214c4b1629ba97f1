"""`bench` books what an answer can have taken: no server's figure closes a day or makes a speed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from tests.examples import by_night
from tests.fakes import PAID, a_policy, a_profile
from tests.scripted_provider import Answer, ScriptedProvider, raw

from profile_router.core.routing.rate import FROM_PROVIDER
from profile_router.runs.bench import _Calls

ODD = (10**12, 3.0, "7", -1, 10**30)


def answered(usage: object, timings: object = None) -> Answer:
    """Return a stream of three words that ends with *usage* and llama.cpp's *timings*."""
    events = (
        {"choices": [{"delta": {"content": "one two three"}}]},
        {"choices": [], "usage": usage, "timings": timings},
    )
    return raw("".join(f"data: {json.dumps(event)}\n\n" for event in events).encode())


def calls_of(usage: object, timings: object = None, **rate: Any) -> _Calls:
    """Return the calls of a bench of one short and one long prompt, both answered so."""
    with ScriptedProvider([answered(usage, timings)] * 2) as server:
        found = _Calls(
            profile=a_profile(base_url=server.base_url), rate=replace(PAID, **rate), policy=a_policy(), direct=True
        )
        assert asyncio.run(found.make(1)) == ""
    return found


@pytest.mark.parametrize("odd", [ODD[0], *(by_night(one) for one in ODD[1:])], ids=repr)
@pytest.mark.parametrize("name", ["prompt_tokens", by_night("completion_tokens")])
def test_no_count_of_a_server_costs_more_than_what_was_sent_and_came(name: str, odd: object) -> None:
    found = calls_of({"prompt_tokens": 100, "completion_tokens": 3, name: odd})
    assert 0 < found.usd < PAID.cost(3_000, 20)
    assert max(one.tokens_in for one in (*found.short, *found.long)) < 3_000
    assert found.doubts


@pytest.mark.parametrize("odd", [ODD[0], *(by_night(one) for one in ODD[1:])], ids=repr)
def test_no_amount_of_a_server_is_more_than_ten_times_our_own(odd: object) -> None:
    usage = {"prompt_tokens": 1_000, "completion_tokens": 3, "cost": odd}
    assert calls_of(usage, says_usd=True).usd < 20 * PAID.cost(1_000, 3) + 0.2


def test_a_server_that_says_nothing_is_waited_for_as_long_as_the_policy_says() -> None:
    policy = a_policy(limits={"first_token_seconds": 0.2, "between_tokens_seconds": 0.1})
    with ScriptedProvider([Answer(stall=True)]) as server:
        calls = _Calls(profile=a_profile(base_url=server.base_url), rate=PAID, policy=policy, direct=True)
        assert asyncio.run(calls.make(1)) == "no whole answer within 0.3 s"


@pytest.mark.parametrize(("run_seconds", "first", "short"), [(1200, 180, 270), (200, 180, 200), (60, 60, 60)])
def test_no_call_takes_longer_than_a_run_may(run_seconds: float, first: float, short: float) -> None:
    limits = a_policy(
        limits={"run_seconds": run_seconds, "first_token_seconds": 180, "between_tokens_seconds": 90}
    ).limits
    assert (limits.first_answer_seconds, limits.short_answer_seconds) == (first, short)


def test_what_a_server_says_that_can_be_is_booked() -> None:
    found = calls_of({"prompt_tokens": 100, "completion_tokens": 3, "cost": 0.001}, says_usd=True)
    assert (found.usd, found.source, found.doubts) == (0.002, FROM_PROVIDER, [])


@pytest.mark.parametrize("odd", [1e12, *(by_night(one) for one in (10**29, -5, 1e-300, "fast", True, None))], ids=repr)
def test_timings_of_nonsense_give_way_to_our_clock(odd: object) -> None:
    timings = {"cache_n": odd, "prompt_per_second": odd, "predicted_per_second": odd}
    found = calls_of({"prompt_tokens": 100, "completion_tokens": 3}, timings)
    for one in (*found.short, *found.long):
        assert (one.prompt_tps, one.output_tps) == (None, None)
        assert 0 <= one.cached <= one.tokens_in


def test_infinite_timings_are_none() -> None:
    timings = {"cache_n": float("inf"), "prompt_per_second": float("inf"), "predicted_per_second": float("nan")}
    found = calls_of({"prompt_tokens": 100, "completion_tokens": 3}, timings)
    assert [(one.prompt_tps, one.output_tps, one.cached) for one in found.long] == [(None, None, 0)]
