"""An amount is told by whose figure it is: the provider's charge as it is, all else about right."""

from __future__ import annotations

import pytest

from profile_router.core.ladder.cost_range import CostRange, exact_cost
from profile_router.core.operating.answers import BudgetLeft
from profile_router.core.routing.rate import Rate
from profile_router.core.text import about, left_over, price, priced
from profile_router.hermes_plugin.receipts import usd_for_people


@pytest.mark.parametrize(
    ("usd", "source", "told"),
    [
        (0.019, "provider", "$0.019 (provider)"),
        (0.02, "provider", "$0.02 (provider)"),
        (1.239, "provider", "$1.24 (provider)"),
        (0.0009, "provider", "$0.0009 (provider)"),
        (0.019, "table, 2026-11", "≈ $0.02 (table, 2026-11)"),
        (0.5, "policy", "≈ $0.50 (policy)"),
        (0.5, "provider and tier's price", "≈ $0.50 (provider and tier's price)"),
        (0.5, "unknown model, most expensive tier", "≈ $0.50 (unknown model, most expensive tier)"),
        (0.0, "free", "$0.00 (free)"),
        (0.25, "", "$0.25"),
    ],
)
def test_an_amount_names_its_source(usd: float, source: str, told: str) -> None:
    assert priced(usd, source) == told


def test_a_range_names_what_is_likely() -> None:
    span = CostRange(low=0.124, middle=0.27, high=12.3, source="table, 2026-11")
    assert span.said == "≈ $0.12–12.30, likely $0.27 (table, 2026-11)"
    assert exact_cost(0.3, "policy").said == "≈ $0.30 (policy)"
    assert exact_cost(0.0, "free").said == "$0.00 (free)"


@pytest.mark.parametrize("usd", [0.0, 0.019, 0.02, 0.0009, 0.0996, 1.239, 12.0])
def test_what_a_provider_charged_has_one_figure_wherever_it_is_told(usd: float) -> None:
    assert priced(usd, "provider") == f"{about(usd, exact=True)} (provider)"


@pytest.mark.parametrize("usd", [0.0, 0.000_04, 0.0049, 0.0051, 0.019, 0.0996, 0.1, 2.345, 1234.5])
def test_hermes_tells_the_figure_that_the_program_tells(usd: float) -> None:
    assert usd_for_people(usd) == price(usd)


@pytest.mark.parametrize(
    ("usd", "told"),
    [
        (4.9859, "$4.98"),
        (0.29, "$0.29"),
        (0.57, "$0.57"),
        (0.0199, "$0.01"),
        (0.0079, "$0.007"),
        (0.00042, "$0.0004"),
        (0.0, "$0.00"),
        (25.0, "$25.00"),
    ],
)
def test_what_may_still_be_spent_is_never_told_as_more_than_there_is(usd: float, told: str) -> None:
    assert left_over(usd) == told
    assert BudgetLeft(day_usd=25, spent_usd=25 - usd, reserved_usd=0).told == f"{told} of today's $25.00"


@pytest.mark.parametrize(("exact", "told"), [(True, "$1.50"), (False, "≈$1.50")])
def test_where_there_is_no_room_a_sign_tells_what_is_not_the_providers_own(exact: bool, told: str) -> None:
    assert about(1.5, exact=exact) == told


@pytest.mark.parametrize("tokens", [(1, 0, 0), (0, 1, 0), (2, 1, 1)])
def test_a_call_that_costs_less_than_a_millionth_is_not_told_as_free(tokens: tuple[int, int, int]) -> None:
    cheap = Rate(usd_in=5e-8, usd_out=1e-7, usd_cached=1e-8, source="policy")
    assert price(cheap.cost(*tokens)) != price(0.0)
    assert price(cheap.cost(*tokens)).endswith(tuple("123456789"))


def test_a_limit_too_small_to_be_written_out_is_told_in_short() -> None:
    assert price(1e-12) == "$1e-12"
