"""The figures of a bench: prompt and output have speeds of their own, by the server where it tells them."""

from __future__ import annotations

from typing import Any

import pytest

from profile_router.core.operating.bench import BenchRow, CallTime
from profile_router.core.routing.rate import FREE
from profile_router.core.routing.speed import Speed


def a_time(**changes: Any) -> CallTime:
    return CallTime(**{"tokens_in": 20, "tokens_out": 2, "first_s": 0.5, "seconds": 0.55, "right": True, **changes})


def a_row(*long: CallTime, short: CallTime | None = None) -> BenchRow:
    return BenchRow(
        profile="p", model="m", host="h", rate=FREE, short=(short or a_time(),), long=long, calls=1 + len(long)
    )


def test_by_the_clock_a_prompt_took_what_a_long_one_took_more_than_a_short_one() -> None:
    row = a_row(a_time(tokens_in=1_000, tokens_out=101, first_s=2.5, seconds=7.5))
    speed = row.speed
    assert speed is not None
    assert (speed.first_token_s, speed.prompt_tps, row.by_server) == (0.5, 500.0, False)
    assert speed.output_tps == pytest.approx(20.0)


def test_the_servers_own_speeds_count_more_than_our_clock() -> None:
    row = a_row(a_time(tokens_in=1_000, tokens_out=100, first_s=2.5, seconds=7.5, prompt_tps=900.0, output_tps=62.0))
    assert row.by_server
    assert row.speed is not None
    assert (row.speed.prompt_tps, row.speed.output_tps) == (900.0, 62.0)


def test_the_middle_of_several_calls_counts() -> None:
    rows = [a_time(tokens_in=1_000, prompt_tps=tps, output_tps=tps / 10) for tps in (100.0, 900.0, 500.0)]
    speed = a_row(*rows).speed
    assert speed is not None
    assert (speed.prompt_tps, speed.output_tps) == (500.0, 50.0)


@pytest.mark.parametrize("long", [(), (a_time(tokens_in=1_000, tokens_out=1),)])
def test_without_a_long_answer_there_is_no_speed(long: tuple[CallTime, ...]) -> None:
    row = a_row(*long, short=a_time(tokens_out=1))
    assert (row.speed, row.task_s) == (None, None)


def test_the_seconds_of_a_task_add_prompt_and_output_each_by_its_own_speed() -> None:
    speed = Speed(first_token_s=0.08, prompt_tps=1_000, output_tps=62, age_s=0)
    assert speed.seconds(10_000, 3_000) == pytest.approx(0.08 + 10 + 48.4, abs=0.1)
