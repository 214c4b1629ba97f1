"""One maker of receipts: the outcome, the price and the name of the provider are told alike for every runner."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes import PAID
from tests.runners.embedded.a_runner import cloud, cloud_order

from profile_router.core.attempt.receipts import Counts, receipt_of
from profile_router.core.attempt.usage import TokenUse
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import Receipt
from profile_router.core.routing.rate import FREE, Rate

REFUSED, BROKE = Failure(cause="refused", message="m"), Failure(cause="server-error", message="m")
MADE = Counts(model_served="m", tokens_in=900, tokens_out=100, first_s=0.123_456, turns=1)
NOTHING = replace(MADE, tokens_in=0, tokens_out=0)


def told(counts: Counts, failure: Failure | None = None, *, rate: Rate = PAID) -> Receipt:
    order, profile = replace(cloud_order(), rate=rate), cloud("http://127.0.0.1:1/v1")
    return receipt_of(order, counts, failure, profile, runner="embedded", provider="p#k", seconds=1.0)


@pytest.mark.parametrize(
    ("made", "failure", "outcome"),
    [
        (MADE, None, "ok"),
        (NOTHING, None, "ok"),
        (MADE, BROKE, "failed"),
        (NOTHING, BROKE, "failed"),
        (NOTHING, REFUSED, "unavailable"),
        (MADE, REFUSED, "failed"),
        (replace(NOTHING, turns=2), REFUSED, "failed"),
        (replace(NOTHING, turns=0), BROKE, "unavailable"),
    ],
)
def test_only_an_attempt_that_reached_no_model_is_unavailable(
    made: Counts, failure: Failure | None, outcome: str
) -> None:
    assert told(made, failure).outcome == outcome


def test_the_price_is_the_endpoint_s_and_the_host_is_named() -> None:
    paid, free = told(MADE), told(MADE, rate=FREE)
    assert (paid.cost_usd, free.cost_usd) == (PAID.cost(900, 100), 0.0)
    assert (paid.provider, paid.host, paid.ttft_s) == ("p#k", "127.0.0.1:1", 0.1235)


LONG = Rate(usd_in=3e-6, usd_out=15e-6, usd_cached=0.3e-6, source="table", dated="2026-11", long_above=200_000,
            long=(6e-6, 22.5e-6, 0.6e-6))  # fmt: skip


def test_only_the_answers_to_long_prompts_have_their_price() -> None:
    counts = Counts(turns=3)
    for tokens in (150_000, 250_000, 150_000):
        counts.take(TokenUse(tokens_in=tokens, tokens_out=100), LONG)
    usd, source = counts.cost(LONG)
    assert usd == pytest.approx(2 * LONG.cost(150_000, 100) + LONG.cost(250_000, 100))
    assert (usd > LONG.cost_of_short(550_000, 300), source) == (True, "table, 2026-11")


def test_what_the_provider_charged_for_a_long_prompt_is_all_that_counts() -> None:
    counts = Counts(turns=1)
    counts.take(TokenUse(tokens_in=250_000, tokens_out=100, usd=0.9), replace(LONG, says_usd=True))
    assert counts.cost(LONG) == (0.9, "provider")
