"""An answer is whole where its server says so with a word that is known as good; every other ending has a cause."""

from __future__ import annotations

from typing import Any

import pytest

from profile_router.runners.answers.endings import bad_ending


@pytest.mark.parametrize("reason", ["stop", "tool_calls", "STOP", "end_turn", "eos_token", "function_call", "tool_use"])
def test_a_good_end_is_none_to_speak_of(reason: str) -> None:
    assert bad_ending(reason) is None


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        *(("length", "truncated"), ("max_tokens", "truncated"), ("MAX_TOKENS", "truncated")),
        *(("error", "stream-error"), ("network_error", "stream-error")),
        *(("content_filter", "cut-short"), ("abort", "cut-short"), ("safety", "cut-short"), ("stopstop", "cut-short")),
        *((None, "cut-short"), ("", "cut-short"), ({"a": 1}, "cut-short"), (7, "cut-short")),
    ],
)
def test_every_other_end_has_its_cause(reason: Any, cause: str) -> None:
    found = bad_ending(reason)
    assert found is not None
    assert found[0] == cause


def test_the_word_of_the_server_is_told_on_one_printable_line_and_not_at_length() -> None:
    found = bad_ending("content\x1b[2J_filter\n" + "x" * 500)
    assert found is not None
    assert found[1].isprintable()
    assert len(found[1]) < 120
