"""How long to wait, as providers spell it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from profile_router.servers.retry_after import retry_after

NOW = 1_790_000_000.0
HEADERS: dict[str, tuple[dict[str, str], float | None]] = {
    "seconds": ({"retry-after": "7"}, 7.0),
    "a date": ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
    "a date that is over": ({"retry-after": formatdate(NOW - 30, usegmt=True)}, 0.0),
    "milliseconds": ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
    "a moment": ({"x-ratelimit-reset": str(NOW + 12)}, 12.0),
    "a moment in milliseconds": ({"x-ratelimit-reset": str((NOW + 12) * 1000)}, 12.0),
    "spelled out": ({"x-ratelimit-reset-tokens": "1m6.5s"}, 66.5),
    "spelled out in days": ({"x-ratelimit-reset-requests": "1d2h3m"}, 93_780.0),
    "a date as ISO 8601 has it": ({"x-ratelimit-reset": "2026-09-21T14:13:50Z"}, 30.0),
    "an ISO date with its zone": ({"retry-after": "2026-09-21T16:13:50+02:00"}, 30.0),
    "a date without a zone": ({"retry-after": "Mon, 21 Sep 2026 14:13:50"}, 30.0),
    "a date of an unknown zone": ({"retry-after": "Mon, 21 Sep 2026 14:13:50 -0000"}, 30.0),
    "a zone beyond the world": ({"retry-after": "Mon, 21 Sep 2026 14:13:50 +99999999999"}, None),
    "less than nothing": ({"retry-after": "-5"}, 0.0),
    "the longer of two resets": (
        {"x-ratelimit-reset-tokens": "250ms", "x-ratelimit-reset-requests": "3s"},
        3.0,
    ),
    "Retry-After before the reset": ({"retry-after": "2", "x-ratelimit-reset": "50"}, 2.0),
    "nonsense": ({"retry-after": "soon"}, None),
    "not a number": ({"retry-after": "nan"}, None),
    "nothing": ({}, None),
}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put this machine far from Greenwich."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Pacific/Auckland")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(("headers", "seconds"), HEADERS.values(), ids=HEADERS)
def test_how_long_to_wait_is_read_as_providers_spell_it(headers: dict[str, str], seconds: float | None) -> None:
    found = retry_after(headers, now=NOW)
    assert found == (None if seconds is None else pytest.approx(seconds, abs=1.0))
