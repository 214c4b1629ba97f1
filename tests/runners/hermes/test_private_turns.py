"""A private turn does not go to Hermes at all, whose auxiliary calls may go elsewhere; to our own runner it does."""

from __future__ import annotations

import asyncio

import pytest
from tests.fakes import FakeRunner, Heard, an_order

from profile_router.core.conversation import Conversation, Turn
from profile_router.core.routing.loop import HERMES_WINDOW
from profile_router.runners.choice import ChosenRunner

ALL = (Turn("user", "hello"), Turn("assistant", "hi"), Turn("user", "hush"), Turn("assistant", "well"))
CLEAN = ALL[:2]


@pytest.mark.parametrize(
    ("window", "outside", "hermes_hears", "embedded_hears"),
    [
        (HERMES_WINDOW, CLEAN, CLEAN, None),
        (HERMES_WINDOW, (), (), None),
        (HERMES_WINDOW, None, ALL, None),
        (HERMES_WINDOW - 1, CLEAN, None, ALL),
    ],
)
def test_hermes_hears_what_may_go_outside(
    window: int, outside: Conversation | None, hermes_hears: Conversation | None, embedded_hears: Conversation | None
) -> None:
    hermes, embedded = FakeRunner("done"), FakeRunner("done")
    runner = ChosenRunner(choice="auto", embedded=embedded, hermes=hermes)
    asyncio.run(runner.run(an_order(window=window, conversation=ALL, outside=outside), Heard()))
    assert [order.conversation for order in hermes.orders] == ([] if hermes_hears is None else [hermes_hears])
    assert [order.conversation for order in embedded.orders] == ([] if embedded_hears is None else [embedded_hears])
