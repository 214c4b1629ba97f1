"""The price follows the endpoint that is asked, never the name or the tier of the profile."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes import BURST, CHEAP, LOCAL, MODEL, a_policy, candidates, with_second

from profile_router.core.policy import ModelPrice
from profile_router.core.routing.candidate import Candidate, is_local
from profile_router.core.routing.listed import ListedPrice
from profile_router.core.routing.rate import FREE, RateSource, rate_at

AWAY, HERE, OTHER_PORT = "https://api.example/v1", "http://127.0.0.1:8080/v1", "http://127.0.0.1:9999/v1"


@pytest.mark.parametrize(
    ("profile", "address", "attested", "source"),
    [
        (LOCAL, HERE, (), "free"),
        (LOCAL, AWAY, (), "highest"),
        (LOCAL, OTHER_PORT, (HERE,), "highest"),
        (BURST, AWAY, (), "tier"),
        (BURST, HERE, (), "tier"),
        (BURST, HERE, (HERE,), "free"),
        (CHEAP, AWAY, (), "tier"),
        ("mine", AWAY, (), "highest"),
        ("mine", HERE, (), "highest"),
        ("mine", HERE, (HERE,), "free"),
    ],
)
def test_only_an_attested_endpoint_is_free(
    profile: str, address: str, attested: tuple[str, ...], source: RateSource
) -> None:
    found = candidates(profile, **{profile: address})[profile]
    assert rate_at(found, 0, a_policy(local_endpoints=attested)).source == source


@pytest.mark.parametrize(("profile", "model", "source"), [(LOCAL, "m", "highest"), (BURST, "m", "highest")])
def test_a_second_provider_has_a_price_of_its_own(profile: str, model: str, source: RateSource) -> None:
    both = with_second(candidates(), profile, AWAY)[profile]
    other = replace(both, others=(replace(both.others[0], model=model),))
    assert rate_at(other, 1, a_policy()).source == source


def test_a_local_server_that_passes_work_on_is_not_free() -> None:
    local = candidates()[LOCAL]
    assert rate_at(local, 0, a_policy()) == FREE
    assert rate_at(local, 0, a_policy(), elsewhere=True).source == "highest"
    assert rate_at(replace(local, model="qwen3-coder:480b-cloud"), 0, a_policy()).source == "highest"


@pytest.mark.parametrize(("cached", "usd"), [(0.5, 0.5 + 10), (None, 5 + 10)])
def test_the_operator_s_own_price_of_a_model_comes_before_its_tier(cached: float | None, usd: float) -> None:
    own = ModelPrice(model=MODEL, usd_per_million_in=5.0, usd_per_million_out=10.0, usd_per_million_cached=cached)
    shipped = a_policy()
    policy = replace(shipped, prices=replace(shipped.prices, models=(own,)))
    rate = rate_at(candidates()[BURST], 0, policy)
    assert (rate.source, rate.named) == ("policy", "policy")
    assert rate.cost(1_000_000, 1_000_000, cached=1_000_000) == pytest.approx(usd, abs=0.01)
    assert rate_at(candidates()[LOCAL], 0, policy) == FREE


LISTED = ListedPrice(
    usd_per_million_in=3.0,
    usd_per_million_out=15.0,
    usd_per_million_cached=0.3,
    dated="2026-11",
    long_above=200_000,
    long=(6.0, 22.5, 0.6),
)
OWN = ModelPrice(model=MODEL, usd_per_million_in=5.0, usd_per_million_out=10.0)


@pytest.mark.parametrize(
    ("profile", "models", "measured", "listed", "named"),
    [
        (BURST, (OWN,), True, LISTED, "policy"),
        (BURST, (), True, LISTED, "tier's price"),
        (BURST, (), False, LISTED, "table, 2026-11"),
        (BURST, (), False, None, "tier's price"),
        ("mine", (), False, LISTED, "table, 2026-11"),
        ("mine", (), True, None, "unknown model, most expensive tier"),
        (LOCAL, (OWN,), True, LISTED, "free"),
    ],
)
def test_of_the_sources_of_a_price_the_first_that_says_it_counts(
    profile: str, models: tuple[ModelPrice, ...], measured: bool, listed: ListedPrice | None, named: str
) -> None:
    shipped = a_policy()
    burst = replace(shipped.prices.burst, measured=measured)
    policy = replace(shipped, prices=replace(shipped.prices, burst=burst, models=models))
    known = candidates("mine")
    assert rate_at(replace(known[profile], listed=listed), 0, policy).named == named


@pytest.mark.parametrize(
    ("profile", "measured", "named"),
    [
        (CHEAP, False, "unknown model, most expensive tier"),
        (BURST, False, "unknown model, most expensive tier"),
        (CHEAP, True, "tier's price"),
    ],
)
def test_a_model_that_the_table_lacks_costs_as_the_most_expensive_tier_unless_its_tier_was_measured(
    profile: str, measured: bool, named: str
) -> None:
    shipped = a_policy()
    assert shipped.prices.cheap is not None
    prices = replace(
        shipped.prices,
        cheap=replace(shipped.prices.cheap, measured=measured),
        burst=replace(shipped.prices.burst, measured=measured),
    )
    rate = rate_at(replace(candidates()[profile], unlisted=True), 0, replace(shipped, prices=prices))
    assert rate.named == named
    if not measured:
        assert rate.usd_in == shipped.prices.burst.usd_per_token


def test_the_table_s_price_is_by_direction_cache_and_length() -> None:
    rate = rate_at(replace(candidates()[BURST], listed=LISTED), 0, a_policy())
    assert rate.cost(100_000, 0) == pytest.approx(0.3)
    assert rate.cost(0, 10_000) == pytest.approx(0.15)
    assert rate.cost(100_000, 0, cached=100_000) == pytest.approx(0.03)
    assert rate.cost(200_001, 0) == pytest.approx(2 * 0.6, rel=1e-3)
    assert rate.cost_of_short(200_001, 0) == pytest.approx(0.6, rel=1e-3)


def test_a_second_provider_s_price_is_its_own_host_s() -> None:
    both = with_second(candidates(), BURST, AWAY)[BURST]
    other = replace(both, listed=LISTED, others=(replace(both.others[0], model="m"),))
    assert [rate_at(other, number, a_policy()).source for number in (0, 1)] == ["table", "highest"]


def test_a_profile_that_nobody_described_is_not_free() -> None:
    assert rate_at(None, 0, a_policy()).paid


@given(
    st.sampled_from([LOCAL, BURST, CHEAP, "mine"]),
    st.sampled_from([AWAY, HERE, OTHER_PORT, "", "http://[::1]:1/v1", "http://localhost:5/v1", "not a url"]),
    st.sampled_from([(), (HERE,), (OTHER_PORT, "http://localhost:5/v1")]),
    st.sampled_from(["scripted", "big:cloud", ""]),
)
def test_free_and_local_are_the_same(profile: str, address: str, attested: tuple[str, ...], model: str) -> None:
    found, policy = Candidate(name=profile, base_url=address, model=model), a_policy(local_endpoints=attested)
    assert rate_at(found, 0, policy).paid is not is_local(found, policy)
