"""What a run saved: the tokens of its work at the burst tier's price, less what all of it cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes import BURST, LOCAL, a_policy, a_receipt, candidates

from profile_router.core.attempt.saving import saving
from profile_router.core.ladder.receipt import Receipt
from profile_router.core.routing.rate import rate_at
from profile_router.core.text import saved_beside_label, saved_words

POLICY, KNOWN = a_policy(), candidates()
MILLION = 1_000_000
BURST_USD = POLICY.prices.burst.usd_per_token * MILLION


def worked(profile: str = LOCAL, **more: Any) -> Receipt:
    plain = {"tokens_in": MILLION - 1_000, "tokens_out": 1_000, "cost_usd": 0.0, "turns": 3}
    return a_receipt(profile, **{**plain, **more})


def saved(*receipts: Receipt, **more: Any) -> Any:
    return saving(receipts, sum(one.cost_usd for one in receipts), POLICY, KNOWN, **{"well": True, **more})


PAID = worked(BURST, cost_usd=2.0, cost_source="provider")


@pytest.mark.parametrize(
    ("receipts", "usd", "if_burst"),
    [
        ((worked(),), BURST_USD, BURST_USD),
        ((PAID,), 0.0, 2.0),
        ((worked(outcome="failed"), PAID), 0.0, 2.0),
        ((worked(BURST, cost_usd=0.5, outcome="failed"), PAID), -0.5, 2.0),
        ((worked(step="probe", cost_usd=0.25), worked()), BURST_USD - 0.25, BURST_USD),
        ((worked(), worked(step="summarize", cost_usd=0.01)), BURST_USD - 0.01, BURST_USD),
        ((worked(), a_receipt(BURST, tokens_in=0, tokens_out=0, cost_usd=0.0, turns=0)), BURST_USD, BURST_USD),
    ],
    ids=["local", "burst", "promoted", "twice", "probed", "summarized", "burst was down"],
)
def test_the_tokens_of_the_work_are_priced_as_burst_and_all_that_was_paid_is_taken_off(
    receipts: tuple[Receipt, ...], usd: float, if_burst: float
) -> None:
    found = saved(*receipts)
    assert (found.usd, found.if_burst_usd) == (pytest.approx(usd, abs=1e-5), pytest.approx(if_burst, abs=1e-5))


@pytest.mark.parametrize(
    ("receipts", "more", "why"),
    [
        ((worked(),), {"well": False}, "it did not end well"),
        ((), {}, "no model was asked"),
        ((worked(),), {"private": True}, f"what is private may not go to {BURST}"),
        ((worked(tokens_in=0),), {}, "nobody counted its tokens"),
    ],
)
def test_what_cannot_be_known_is_said_in_words_and_is_not_an_amount(
    receipts: tuple[Receipt, ...], more: dict[str, Any], why: str
) -> None:
    found = saved(*receipts, **more)
    assert (found.usd, found.if_burst_usd, found.why) == (None, None, why)
    assert saved_words(found.usd, found.source, found.why) == f"saved: not told, as {why}"
    assert saved_beside_label(found.usd, found.source, found.why) == f"not told, as {why}"


@pytest.mark.parametrize("left_out", ["absent", "broken"])
def test_without_a_burst_profile_there_is_nothing_to_compare_with(left_out: str) -> None:
    broken = {BURST: replace(KNOWN[BURST], problem="no model is named")} if left_out == "broken" else {}
    known = {name: one for name, one in KNOWN.items() if name != BURST} | broken
    assert saving((worked(),), 0.0, POLICY, known, well=True).why == f"there is no {BURST} to compare with"


@pytest.mark.parametrize(
    ("usd", "source", "words"),
    [
        (0.25, "table, 2026-11", "saved ≈ $0.25 against always-burst (table, 2026-11)"),
        (-0.02, "tier's price", "≈ $0.02 more than always-burst (tier's price)"),
        (-0.5, "provider", "$0.50 more than always-burst (provider)"),
        (0.0, "provider", "saved $0.00 against always-burst"),
    ],
)
def test_the_last_line_says_it_in_words(usd: float, source: str, words: str) -> None:
    assert saved_words(usd, source, "") == words
    assert saved_beside_label(usd, source, "") == words.removeprefix("saved ")


@given(st.integers(1, 10**7), st.integers(0, 10**6), st.floats(0, 50))
def test_nothing_is_ever_saved_beyond_what_burst_would_have_cost(sent: int, got: int, paid: float) -> None:
    found = saving((worked(tokens_in=sent, tokens_out=got),), paid, POLICY, KNOWN, well=True)
    assert found.usd is not None
    assert found.if_burst_usd is not None
    assert found.usd <= found.if_burst_usd == rate_at(KNOWN[BURST], 0, POLICY).cost(sent, got)
