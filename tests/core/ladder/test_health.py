"""The circuit breaker and the rest of a key, by the clock alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.core.ladder.causes import CAUSES
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.health import Record, after_failure, probing, scope_of
from profile_router.core.policy import HealthRules

RULES = HealthRules(failures=3, open_seconds=30.0, most_seconds=100.0, probe_seconds=60.0)
NOW = 1_000_000.0


def failed(times: int, cause: Any = "server-error", *, wait: float | None = None) -> Record:
    record = Record()
    for _ in range(times):
        record = after_failure(record, Failure(cause=cause, message="m", retry_after_s=wait), RULES, now=NOW)
    return record


@pytest.mark.parametrize(("times", "open_for"), [(1, 0), (2, 0), (3, 30), (4, 60), (5, 100), (50, 100)])
def test_a_server_rests_after_three_failures_in_a_row_and_each_time_longer(times: int, open_for: float) -> None:
    assert failed(times).blocked_s(NOW) == open_for


@pytest.mark.parametrize(
    ("cause", "wait", "rests"),
    [
        ("key-refused", None, 300.0),
        ("payment-required", None, 3_600.0),
        ("forbidden", None, 3_600.0),
        ("rate-limited", None, 60.0),
        ("rate-limited", 42.0, 42.0),
        ("rate-limited", 10_000_000.0, 86_400.0),
    ],
)
def test_a_key_rests_at_once(cause: str, wait: float | None, rests: float) -> None:
    assert failed(1, cause, wait=wait).blocked_s(NOW) == rests


def test_after_its_rest_one_may_probe_and_the_others_wait() -> None:
    record, later = failed(3), NOW + 30.0
    assert (record.state(NOW), record.state(later)) == ("open", "half-open")
    taken = probing(record, RULES, now=later)
    assert taken.blocked_s(later) == 60.0
    assert taken.blocked_s(later + 60.0) == 0.0


@pytest.mark.parametrize("cause", ["server-error", "rate-limited"])
def test_a_clock_that_is_set_back_locks_nobody_out(cause: Any) -> None:
    record, long_before = failed(3, cause), NOW - 100_000_000.0
    assert record.blocked_s(NOW - 30.0) > 0.0
    assert (record.state(long_before), record.blocked_s(long_before)) == ("half-open", 0.0)
    taken = probing(record, RULES, now=long_before)
    assert (taken.blocked_s(long_before), taken.blocked_s(long_before + 60.0)) == (60.0, 0.0)


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_a_cause_speaks_of_the_server_of_the_key_or_of_neither(cause: Any) -> None:
    keys = {"key-refused", "payment-required", "forbidden", "rate-limited"}
    servers = {
        *("dns", "tls", "refused", "connect-timeout", "no-network", "server-error", "bad-gateway", "unavailable"),
        *("loading", "first-token-timeout", "stalled", "request-timeout", "model-limited"),
    }
    assert scope_of(cause) == ("key" if cause in keys else "server" if cause in servers else None)


@given(st.lists(st.sampled_from(["refused", "server-error", "stalled"]), max_size=40), st.floats(0, 10**6))
def test_a_server_is_never_on_cooldown_longer_than_the_policy_says(causes: list[Any], gap: float) -> None:
    record, now = Record(), NOW
    for cause in causes:
        record = after_failure(record, Failure(cause=cause, message="m"), RULES, now=now)
        assert 0 <= record.blocked_s(now) <= RULES.most_seconds
        now += gap


@pytest.mark.parametrize(("times", "rests"), [(1, 60.0), (2, 100.0), (40, 100.0)])
def test_a_limited_model_rests_a_minute_at_first_and_then_twice_as_long(times: int, rests: float) -> None:
    assert failed(times, "model-limited").blocked_s(NOW) == rests


@pytest.mark.parametrize(("wait", "rests"), [(7.0, 7.0), (3_000.0, 3_000.0), (10_000_000.0, 86_400.0)])
def test_a_limited_model_rests_as_long_as_its_provider_says_for_a_day_at_most(wait: float, rests: float) -> None:
    assert failed(1, "model-limited", wait=wait).blocked_s(NOW) == rests


def test_what_a_server_failed_before_does_not_lengthen_the_rest_of_its_model() -> None:
    limited = Failure(cause="model-limited", message="m")
    after = after_failure(failed(5), limited, RULES, now=NOW)
    assert (after.failures, after.blocked_s(NOW)) == (1, 60.0)
    assert after_failure(after, Failure(cause="server-error", message="m"), RULES, now=NOW).blocked_s(NOW) == 0.0
