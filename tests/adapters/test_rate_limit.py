"""How long to wait, as providers spell it."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from profile_router.adapters.rate_limit import retry_after

NOW = 1_790_000_000.0
HEADERS: dict[str, tuple[dict[str, str], float | None]] = {
    "seconds": ({"retry-after": "7"}, 7.0),
    "a date": ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
    "a date that is over": ({"retry-after": formatdate(NOW - 30, usegmt=True)}, 0.0),
    "milliseconds": ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
    "a moment": ({"x-ratelimit-reset": str(NOW + 12)}, 12.0),
    "a moment in milliseconds": ({"x-ratelimit-reset": str((NOW + 12) * 1000)}, 12.0),
    "spelled out": ({"x-ratelimit-reset-tokens": "1m6.5s"}, 66.5),
    "the longer of two resets": (
        {"x-ratelimit-reset-tokens": "250ms", "x-ratelimit-reset-requests": "3s"},
        3.0,
    ),
    "Retry-After before the reset": ({"retry-after": "2", "x-ratelimit-reset": "50"}, 2.0),
    "nonsense": ({"retry-after": "soon"}, None),
    "not a number": ({"retry-after": "nan"}, None),
    "nothing": ({}, None),
}


@pytest.mark.parametrize(("headers", "seconds"), HEADERS.values(), ids=HEADERS)
def test_how_long_to_wait_is_read_as_providers_spell_it(headers: dict[str, str], seconds: float | None) -> None:
    found = retry_after(headers, now=NOW)
    assert found == (None if seconds is None else pytest.approx(seconds, abs=1.0))
