"""The table of prices is asked by host, model and direction. It comes with a package: no network is needed."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

import pytest
from tests.fakes import BURST, CHEAP, a_policy

from profile_router.core.routing.candidate import Candidate
from profile_router.core.routing.rate import rate_at
from profile_router.prices.table import look_up, plain_url, table_version
from profile_router.profiles.home import find_home

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
OPENROUTER = "https://openrouter.ai/api/v1"


def figures(url: str, model: str) -> tuple[float, float, float] | None:
    found, _ = look_up(url, model, NOW)
    if found is None:
        return None
    return found.usd_per_million_in, found.usd_per_million_out, found.usd_per_million_cached


@pytest.mark.parametrize(
    ("name", "per_million"), [(BURST, (3.0, 15.0, 0.3)), (CHEAP, (1.416, 2.832, 0.118))], ids=["burst", "cheap"]
)
def test_the_shipped_models_cost_by_direction_and_cache(name: str, per_million: tuple[float, float, float]) -> None:
    end = find_home({"HOME": "/nowhere"}).load(name).endpoint
    listed, _ = look_up(end.base_url, end.model, NOW)
    candidate = Candidate(name=name, base_url=end.base_url, model=end.model, listed=listed)
    rate = rate_at(candidate, 0, a_policy())
    assert (rate.usd_in * 1e6, rate.usd_out * 1e6, rate.usd_cached * 1e6) == pytest.approx(per_million)
    assert rate.named == "table, 2026-11"


def test_one_flat_price_made_an_agent_s_run_more_than_twice_too_expensive() -> None:
    listed, _ = look_up(OPENROUTER, "anthropic/claude-sonnet-4", NOW)
    burst = Candidate(name=BURST, base_url=OPENROUTER, model="anthropic/claude-sonnet-4")
    flat = rate_at(burst, 0, a_policy())
    by_direction = rate_at(Candidate(name=BURST, base_url=OPENROUTER, model=burst.model, listed=listed), 0, a_policy())
    sent, answered = 100_000, 6_000  # what a loop of some turns sends and gets
    assert flat.cost(sent, answered) > 2.4 * by_direction.cost(sent, answered)


@pytest.mark.parametrize(
    ("url", "model"),
    [
        (OPENROUTER, "nobody/nothing"),
        ("https://llm.corp.example/v1", "gpt-5"),
        ("https://openrouter.ai.evil.example/v1", "anthropic/claude-sonnet-4"),
        ("https://api.openai.com.evil.example/v1", "gpt-5"),
        (OPENROUTER, "meta-llama/llama-3.3-70b-instruct:free"),
        ("https://api.openai.com/v1", "text-embedding-3-small"),
    ],
    ids=["model", "host", "host that begins alike", "another such", "price of nothing", "no price of answers"],
)
def test_what_is_not_listed_is_never_free(url: str, model: str) -> None:
    assert figures(url, model) is None


@pytest.mark.parametrize(
    ("url", "model", "costs"),
    [
        ("https://api.openai.com/v1", "gpt-5", True),
        ("https://api.anthropic.com/v1", "claude-opus-4", True),
        ("https://api.deepseek.com/v1", "deepseek-v4-pro", True),
        ("https://api.moonshot.ai/v1", "kimi-k2-0905-preview", True),
    ],
)
def test_an_answer_costs_more_than_a_question_and_the_cache_less(url: str, model: str, costs: bool) -> None:
    found = figures(url, model)
    assert found is not None
    sent, answered, cached = found
    assert (cached < sent < answered) is costs


def test_long_prompts_have_a_price_of_their_own() -> None:
    found, _ = look_up("https://generativelanguage.googleapis.com/v1beta/openai", "gemini-2.5-pro", NOW)
    assert found is not None
    assert (found.long_above, found.long[0] / found.usd_per_million_in) == (200_000, 2.0)


def test_of_prices_that_change_with_the_hour_the_highest_counts() -> None:
    hours = [look_up("https://api.deepseek.com", "deepseek-v4-pro", NOW.replace(hour=hour))[0] for hour in range(24)]
    assert len(set(hours)) == 1
    highest = hours[0]
    assert highest is not None
    from genai_prices import Usage, calc_price

    asked = Usage(input_tokens=1_000_000, output_tokens=0)
    now = [
        calc_price(
            asked,
            "deepseek-v4-pro",
            provider_api_url="https://api.deepseek.com",
            genai_request_timestamp=NOW.replace(hour=hour),
        ).input_price
        for hour in range(24)
    ]
    assert highest.usd_per_million_in == float(max(now)) > float(min(now))


def test_the_table_is_of_the_month_of_its_newest_price_that_holds() -> None:
    found, _ = look_up(OPENROUTER, "anthropic/claude-sonnet-4", datetime(2027, 6, 1, tzinfo=UTC))
    assert found is not None
    assert found.dated in {"2026-12", "2027-01"}  # what it announces for then


def test_the_version_is_found_without_an_import() -> None:
    assert table_version() == version("genai-prices")


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("https://openrouter.ai/api/v1/", "https://openrouter.ai/api/v1"),
        ("https://user:sk-secret@openrouter.ai:443/api/v1?key=sk-secret#x", "https://openrouter.ai/api/v1"),
        ("https://gateway.example:8443/v1", "https://gateway.example:8443/v1"),
        ("http://openrouter.ai/api/v1", ""),
        ("https://[::1", ""),
        ("", ""),
    ],
)
def test_a_url_goes_into_the_look_up_without_what_may_be_a_key(given: str, plain: str) -> None:
    assert plain_url(given) == plain
