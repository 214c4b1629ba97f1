"""A Hermes turn whose router was killed is not made again once a model has answered; it tells its cost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.fakes import Heard
from tests.runners.hermes.stage import Stage, an_errand
from tests.runners.hermes.test_ending import Busy, busy
from tests.scripted_provider import ScriptedProvider

from profile_router.ports import Stopped
from profile_router.runners.hermes.turn_account import Account
from profile_router.threads.records import MemoryRecords

__all__ = ["busy"]


@pytest.mark.nightly  # by day test_any_child.py has it
def test_a_turn_that_was_answered_counts_as_interrupted_with_its_tokens_and_asks_nobody(busy: Busy) -> None:
    runner = replace(busy.stage.runner(), records=MemoryRecords())

    async def cut_off() -> None:
        running = asyncio.create_task(runner.run(busy.order, Heard()))
        await asyncio.to_thread(busy.wait)
        running.cancel()
        with pytest.raises(Stopped) as stopped:
            await running
        taken = stopped.value.receipt
        assert (taken.verdict, taken.turns, taken.tokens_in, taken.tokens_out) == ("interrupted", 1, 10, 5)

    asyncio.run(cut_off())
    attempt = asyncio.run(runner.run(busy.order, Heard()))
    assert attempt.failure is not None
    assert attempt.failure.cause == "interrupted"
    assert "in the middle of Hermes' turn, after 1 model calls" in attempt.failure.message
    receipt = attempt.receipt
    assert (receipt.outcome, receipt.turns, receipt.tokens_in, receipt.tokens_out) == ("failed", 1, 10, 5)


def test_a_request_that_was_under_way_when_the_router_was_killed_is_paid_for_too() -> None:
    records = MemoryRecords()
    hear = Account(emit=Heard(), records=records)
    hear({"event": "asked", "turn": 1, "sent": 700})
    assert Account(emit=Heard(), records=records).interrupted("burst") is None
    hear({"event": "answered", "turn": 1, "tokens_in": 600, "tokens_out": 20, "first_s": 0.1, "tools": ["patch"]})
    hear({"event": "asked", "turn": 2, "sent": 900})
    left = Account(emit=Heard(), records=records)
    assert left.interrupted("burst") is not None
    assert (left.turns, left.tokens_in, left.tokens_out, left.counted) == (2, 1_500, 20, True)


@pytest.mark.nightly
def test_a_turn_that_nobody_had_answered_is_made(stage: Stage) -> None:
    with ScriptedProvider(["done"]) as provider:
        stage.profile(provider.base_url)
        runner = replace(stage.runner(), records=MemoryRecords())
        attempt = asyncio.run(runner.run(an_errand(), Heard()))
    assert (attempt.failure, attempt.text) == (None, "done")
