"""Whom a 429 limits, and for how long, by the bodies that providers really send."""

from __future__ import annotations

from typing import Any

import pytest

from profile_router.servers.rate_limit import narrowed, wait_of

NOW = 1_757_000_000.0
MODEL = "google/gemini-2.5-flash"
UPSTREAM = {
    "message": "Provider returned error",
    "code": 429,
    "metadata": {
        "raw": f"{MODEL} is temporarily rate-limited upstream. Please retry shortly, or add your own key",
        "provider_name": "Google AI Studio",
        "headers": {"X-RateLimit-Reset": str(int((NOW + 40) * 1000))},
    },
}
ACCOUNT = {
    "message": "Rate limit exceeded: requests-per-minute",
    "code": 429,
    "metadata": {
        "headers": {"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": (NOW + 9) * 1000},
        "provider_name": None,
    },
}


@pytest.mark.parametrize(
    ("error", "model"),
    [
        (UPSTREAM, MODEL),
        ({"error": UPSTREAM}, MODEL),
        ({"message": "slow down", "metadata": {"provider_name": "Venice"}}, MODEL),
        ({"message": "slow down", "metadata": {"raw": "busy"}}, MODEL),
        ({"message": "Rate limit exceeded: free-models-per-day. Add 10 credits"}, "deepseek/deepseek-r1:free"),
        ({"message": "Rate limit reached for gpt-4o in organization org-1 on tokens per min (TPM)"}, "gpt-4o"),
        ({"message": "Rate limit reached for model `llama-3.3-70b` in organization"}, "meta-llama/llama-3.3-70b"),
        ("gemma-3 is rate limited upstream", "gemma-3"),
    ],
)
def test_a_429_that_names_the_provider_or_the_model_limits_that_model(error: Any, model: str) -> None:
    assert narrowed("rate-limited", error, model=model) == "model-limited"


@pytest.mark.parametrize(
    "error",
    [
        ACCOUNT,
        None,
        "slow down",
        ["Provider returned error"],
        {},
        {"message": "slow down", "metadata": "none"},
        {"message": "slow down", "metadata": {"provider_name": "", "raw": " "}},
        {"message": "slow down", "metadata": {"provider_name": True, "raw": 7}},
        {"message": ["Rate limit reached for gpt-4o"]},
        {"message": "Rate limit reached for gpt-4o-mini"},
        {"message": "Too many requests for this API key"},
    ],
)
def test_any_other_429_limits_the_key(error: Any) -> None:
    assert narrowed("rate-limited", error, model="openai/gpt-4o") == "rate-limited"


@pytest.mark.parametrize("cause", ["payment-required", "forbidden", "key-refused", "unavailable"])
def test_what_is_not_429_keeps_its_cause_whatever_its_body_says(cause: Any) -> None:
    assert narrowed(cause, UPSTREAM, model=MODEL) == cause


@pytest.mark.parametrize(
    ("headers", "error", "seconds"),
    [
        ({}, UPSTREAM, 40.0),
        ({}, ACCOUNT, 9.0),
        ({"retry-after": "3"}, UPSTREAM, 3.0),
        ({}, {"metadata": {"retry_after_seconds": 23}}, 23.0),
        ({}, {"metadata": {"headers": {"Retry-After": "5"}, "retry_after_seconds": 23}}, 5.0),
        ({}, {"metadata": {"headers": {"X-RateLimit-Reset": True}}}, None),
        ({}, {"metadata": {"headers": ["X-RateLimit-Reset"]}}, None),
        ({}, {"metadata": {"headers": {"X-RateLimit-Reset": "never"}, "retry_after_seconds": float("nan")}}, None),
        ({}, "busy", None),
    ],
)
def test_how_long_to_wait_stands_in_the_headers_or_in_the_body(
    headers: dict[str, str], error: Any, seconds: float | None
) -> None:
    assert wait_of(headers, error, now=NOW) == seconds
