"""Probe and review ask alike: each try has the time that the ones before it left."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from tests.fakes import CHEAP, a_policy, a_profile, a_receipt, candidates

from profile_router.core.attempt.ordering import TIME_IS_UP
from profile_router.core.ladder.receipt import Receipt
from profile_router.core.routing.rate import rate_at
from profile_router.runners.calls import typed_answers
from profile_router.runners.calls.call import RecordedCalls, SingleCall


class SlowCalls:
    """Answers "no" to each call, which takes ten seconds of the clock `now`."""

    def __init__(self) -> None:
        self.now, self.given = 0.0, list[float]()

    async def ask(self, call: SingleCall) -> tuple[str | None, Receipt]:
        self.given.append(call.seconds)
        self.now += 10
        return "no", a_receipt(CHEAP)


def refused(answer: str) -> tuple[str | None, str]:
    return None, f"it says {answer}"


@pytest.mark.parametrize(
    ("left", "given", "problem"),
    [
        (100.0, [30.0, 30.0], "2 invalid answers: it says no"),
        (25.0, [25.0, 15.0], "2 invalid answers: it says no"),
        (10.0, [10.0], "it says no"),
        (0.0, [], TIME_IS_UP),
    ],
)
def test_a_try_has_at_most_the_time_that_is_left(
    left: float, given: list[float], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = SlowCalls()
    monkeypatch.setattr(typed_answers, "monotonic", lambda: calls.now)
    call = SingleCall(
        profile=a_profile("http://127.0.0.1:9/v1", name=CHEAP),
        rate=rate_at(candidates()[CHEAP], 0, a_policy()),
        local=False,
        step="probe",
        prompt="?",
        max_tokens=9,
        seconds=30.0,
        schema={},
    )
    asked = typed_answers.asked_until_read(cast("RecordedCalls", calls), call, refused, [], tries=2, until=left)
    assert (asyncio.run(asked), calls.given) == ((None, problem), given)
