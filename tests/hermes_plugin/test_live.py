"""A line above the prompt fits the terminal: broken between words, with what is further on below its beginning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.hermes_plugin.live import fitted

LINE = "c8fbf263 classify: coding-burst · large-change · a refactor ('Refactor') over a wide scope ('across')"


@pytest.mark.parametrize(
    ("columns", "parts"),
    [
        (120, [f"  ┊ 🧭 {LINE}"]),
        (
            60,
            [
                "  ┊ 🧭 c8fbf263 classify: coding-burst · large-change · a",
                "  ┊    refactor ('Refactor') over a wide scope ('across')",
            ],
        ),
    ],
)
def test_a_line_is_broken_between_words(columns: int, parts: list[str]) -> None:
    assert fitted(LINE, columns) == parts


def test_what_cannot_be_printed_is_a_blank_and_what_is_endless_is_cut() -> None:
    assert fitted("a\x1b[31m\nb", 80) == ["  ┊ 🧭 a [31m b"]
    assert len("".join(fitted("x" * 10_000, 80))) < 250


@given(st.text(), st.integers(min_value=0, max_value=300))
def test_no_text_is_an_error_and_no_part_is_wider_than_the_terminal(text: str, columns: int) -> None:
    assert all(len(part) < max(columns, 29) for part in fitted(text, columns))
