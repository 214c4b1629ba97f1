"""How money is told: what was paid, however little, is never told as free."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes import BURST, a_receipt

from profile_router.core.ladder.receipt import Attempt
from profile_router.core.telling.work import attempt_line
from profile_router.core.text import price


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (0.0, "$0.00"),
        (12.345, "$12.35"),
        (0.278, "$0.28"),
        (0.005, "$0.01"),
        (0.0049, "$0.005"),
        (0.000_234, "$0.0002"),
        (0.000_001, "$0.000001"),
    ],
)
def test_a_small_amount_is_told_to_the_digit_that_counts(usd: float, shown: str) -> None:
    assert price(usd) == shown


@given(st.floats(1e-9, 1e6))
def test_only_nothing_is_told_as_nothing(usd: float) -> None:
    assert float(price(usd).removeprefix("$")) == pytest.approx(usd, rel=1.0)
    assert float(price(usd).removeprefix("$")) > 0


def test_the_line_of_an_attempt_tells_a_part_of_a_cent() -> None:
    receipt = replace(a_receipt(BURST), cost_usd=0.000_4)
    assert " · $0.0004 · " in attempt_line(Attempt(receipt=receipt, text="done", failure=None))
