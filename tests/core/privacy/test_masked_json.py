"""Nothing that a run tells holds a known secret, whoever said it, wherever it stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.privacy.secret_samples import TOKENS

from profile_router.core.privacy.findings import masked_json, private_text

TOKEN = TOKENS["token of GitHub"]


@pytest.mark.parametrize(
    "value",
    [
        {"error": f"asks for coding-burst: {TOKEN} is needed"},
        {"attempts": [{"error": f"400: no such key {TOKEN}", "profile": TOKEN}]},
        {"verified": {"check": {"last_line": f"got {TOKEN}"}}},
        {"steps": [f"promoted: {TOKEN}"], "notes": (f"kept {TOKEN}",), "unblock": [f"give {TOKEN}"]},
        {"event": "attempt", "line": f"it said {TOKEN}"},
        {"route": {TOKEN: 1}},
    ],
)
def test_a_known_secret_is_masked_wherever_it_stands(value: dict[str, Any]) -> None:
    assert TOKEN not in str(masked_json(value))
    assert "[secret: token of GitHub]" in str(masked_json(value))


def test_the_summary_and_what_a_run_is_found_by_stay_as_they_are() -> None:
    value = {"summary": f"it is {TOKEN}", "thread": TOKEN, "cost_usd": 0.5, "error": None, "attempts": []}
    assert masked_json(value) == value


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@given(st.dictionaries(st.sampled_from(["error", "notes", "line"]), JSON))
def test_what_is_told_once_is_not_changed_again(value: dict[str, Any]) -> None:
    once = masked_json(value)
    assert masked_json(once) == once
    assert all(private_text(text) is None for text in once.values() if isinstance(text, str))
