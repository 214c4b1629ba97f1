"""What is heard of a turn ends it in time and is paid for. By night real Hermes meet the same rules."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes import Heard

from profile_router.core.routing.rate import Rate
from profile_router.errors import AttemptError
from profile_router.runners.hermes.turn_account import Account

RATE = Rate(usd_in=1e-6, usd_out=2e-6, usd_cached=1e-6, source="policy")
OTHER = "gpt-in-a-cloud"


def asked(turn: int, sent: int = 10_000, answer: int = 1_000) -> dict[str, Any]:
    return {"event": "asked", "turn": turn, "sent": sent, "answer": answer}


def answered(turn: int, tokens_in: int, tokens_out: int, **more: Any) -> dict[str, Any]:
    """The sums of tokens since the turn began, as the child tells them."""
    told = {"tokens_in": tokens_in, "tokens_out": tokens_out, "first_s": 0.1, "tools": ["write_file"]}
    return {"event": "answered", "turn": turn, **told, **more}


def test_another_model_ends_the_turn_before_a_second_request() -> None:
    stopped: list[bool] = []

    def look_at(model: str) -> None:
        raise AttemptError("wrong-model", f"it answers as {model}")

    hear = Account(emit=Heard(), look_at=look_at, stop=lambda: stopped.append(True))
    assert hear(asked(1))
    assert not hear(answered(1, 10, 5, model_served=OTHER))
    assert hear.ended_by is not None
    assert (hear.ended_by.cause, hear.turns, hear.model_served, stopped) == ("wrong-model", 1, OTHER, [True])
    assert OTHER in hear.ended_by.message


@pytest.mark.parametrize(("budget", "made"), [(0.001, 0), (0.013, 1), (0.026, 2), (1.0, 4)])
def test_a_request_for_which_there_is_no_money_does_not_go_out(budget: float, made: int) -> None:
    """A request of 10,000 tokens and an answer of 1,000 at most are 0.012 USD; an answer of 100 was 0.0102."""

    def afford(charged: float, more: float) -> None:
        if charged + more > budget:
            raise AttemptError("over-budget", "the budget is used up")

    hear = Account(emit=Heard(), rate=RATE, afford=afford)
    went = []
    for turn in (1, 2, 3, 4):
        went.append(hear(asked(turn)))
        if not went[-1]:
            break
        hear(answered(turn, turn * 10_000, turn * 100))
    assert (sum(went), hear.turns, hear.tokens_in) == (made, made, made * 10_000)
    assert (hear.ended_by is not None and hear.ended_by.cause == "over-budget") is (made < 4)


@pytest.mark.parametrize("written", [0, 500])
def test_a_turn_that_is_cut_off_pays_for_what_it_asked_and_what_had_come(written: int) -> None:
    hear = Account(emit=Heard(), rate=RATE)
    for event in (asked(1), answered(1, 10_000, 5), asked(2, sent=12_000)):
        hear(event)
    if written:
        hear({"event": "coming", "written": written})
    hear.close()
    assert (hear.turns, hear.tokens_in, hear.tokens_out, hear.counted) == (2, 22_000, 5 + written, True)
    assert hear.cost(RATE)[0] == pytest.approx((22_000 + 2 * (5 + written)) / 1_000_000)
