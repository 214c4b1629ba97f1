"""What an attempt is ordered, and what forbids it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes import (
    BURST,
    CHEAP,
    LOCAL,
    PAID,
    a_policy,
    a_task,
    an_order,
    candidates,
    evidence,
)

from profile_router.core.attempt.order import Order
from profile_router.core.attempt.ordering import UNKNOWN_WINDOW, forbidden, order_for, unavailable
from profile_router.core.evidence import NamedFile
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.routing.rate import FREE

BROKE = Failure(cause="server-error", message="it broke")
WINDOWLESS: dict[str, Any] = {"windows": ()}


def test_an_order_has_the_text_files_that_the_task_names_in_the_workspace() -> None:
    files = (
        NamedFile(path="src/a.py", bytes=10, lines=1),
        NamedFile(path="logo.png", bytes=10, form="image"),
        NamedFile(path="/etc/hosts", bytes=10),
        NamedFile(path="notes.md", bytes=10),
    )
    assert ordered(found=evidence(files=files)).files == ("src/a.py", "notes.md")


def ordered(profile: str = LOCAL, *, found: Any = None, **known: str) -> Order:
    return order_for(
        a_task(),
        found or evidence(),
        a_policy(),
        candidates(**known),
        Place(profile),
        seconds=9.0,
    )


def test_an_order_says_price_window_and_whether_it_is_local() -> None:
    order = ordered(found=evidence(window=12_345))
    assert (order.rate, order.window, order.local, order.vision, order.private) == (FREE, 12_345, True, False, False)
    burst = ordered(BURST)
    assert (burst.rate, burst.local, burst.vision) == (PAID, False, True)


def test_an_order_offers_every_other_profile_and_an_unknown_window_is_a_small_one() -> None:
    order = ordered(found=evidence(**WINDOWLESS))
    assert order.asks == (BURST, CHEAP)
    assert order.window == UNKNOWN_WINDOW


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/v1", "https://far.invalid/v1"])
def test_a_profile_outside_the_tiers_is_priced_as_the_most_expensive_tier(address: str) -> None:
    order = ordered("mine", mine=address)
    assert (order.rate.usd_in, order.rate.source) == (PAID.usd_in, "highest")
    assert order.local is False  # only the tier's own profile is attested


@pytest.mark.parametrize(
    ("order", "found", "cause"),
    [
        (an_order(), evidence(), None),
        (an_order(private=True), evidence(), None),
        (an_order(private=True, local=False), evidence(), "not-local"),
        (an_order(), evidence(tokens=30_000), "over-window"),
        (an_order(), evidence(tokens=30_000, **WINDOWLESS), None),
        (an_order(seconds=0.0), evidence(), "timeout"),
        (an_order(seconds=-1.0, private=True, local=False), evidence(), "not-local"),
    ],
)
def test_what_forbids_an_order(order: Order, found: Any, cause: str | None) -> None:
    failure = forbidden(order, found, a_policy())
    assert (failure.cause if failure else None) == cause


def test_what_could_not_begin_is_an_attempt_without_tokens() -> None:
    attempt = unavailable(an_order(step="asked"), candidates()[LOCAL], BROKE)
    receipt = attempt.receipt
    assert (receipt.outcome, receipt.step, receipt.error) == ("unavailable", "asked", "it broke")
    assert (receipt.tokens_in, receipt.tokens_out, receipt.cost_usd, receipt.turns) == (0, 0, 0.0, 0)
    assert receipt.model_served is None
    assert attempt.failure == BROKE
