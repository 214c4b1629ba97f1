"""A line above the prompt fits the terminal: broken between words, with what is further on below its beginning."""

from __future__ import annotations

import os
import re
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.core import text
from profile_router.hermes_plugin import board, chat_lines
from profile_router.hermes_plugin.chat_lines import fitting, parts_that_fit
from profile_router.hermes_plugin.children import DelegatedChild

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
    assert parts_that_fit(LINE, columns) == parts


@pytest.mark.parametrize("char", ["\u3164", "\u115f", "\ufe00", "\u034f", "\uffa0", "\U000e0100", "\u202e", "\u200b"])
def test_what_nobody_sees_does_not_reach_the_chat(char: str) -> None:
    assert parts_that_fit(f"a{char}b", 80) == ["  ┊ 🧭 a b"]


def test_the_plugin_takes_for_unseen_what_the_terminal_takes_for_it() -> None:
    unseen = [char for char in map(chr, range(0x110000)) if char.isprintable() and chat_lines._UNSEEN.match(char)]
    assert unseen == [
        char for char in map(chr, range(0x110000)) if char.isprintable() and re.match(f"[{text._UNSEEN}]", char)
    ]


def test_what_cannot_be_printed_is_a_blank_and_what_is_endless_is_cut() -> None:
    assert parts_that_fit("a\x1b[31m\nb", 80) == ["  ┊ 🧭 a [31m b"]
    assert len("".join(parts_that_fit("x" * 10_000, 80))) < 250


@given(st.text(), st.integers(min_value=0, max_value=300))
def test_no_text_is_an_error_and_no_part_is_wider_than_the_terminal(text: str, columns: int) -> None:
    assert all(len(part) < max(columns, 29) for part in parts_that_fit(text, columns))


CHILD = "882b9bc6  running  0 s  ·  Lint auth.py and report  ·  measuring the task"
ROUTE = "coding-local  ·  small-change\n  why       1 file to read (measured), 1 file to edit (measured), few lines"


@pytest.fixture
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal chat of so many columns; none where it is 0."""
    monkeypatch.setattr(chat_lines, "at_a_terminal", lambda: request.param > 0)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((request.param, 24)))


@pytest.mark.parametrize(
    ("columns", "text", "shown"),
    [
        (60, CHILD, ["882b9bc6  running  0 s  ·  Lint auth.py and report  ·", "          measuring the task"]),
        (100, CHILD, [CHILD]),
        (0, CHILD, [CHILD]),
        (
            60,
            ROUTE,
            [
                "coding-local  ·  small-change",
                "  why       1 file to read (measured), 1 file to edit",
                "            (measured), few lines",
            ],
        ),
        (40, f"say `{'x' * 50}` now\n\nthen", ["say", f"    `{'x' * 50}`", "    now", "", "then"]),
        (60, "", []),
    ],
    indirect=["columns"],
)
@pytest.mark.usefixtures("columns")
def test_an_answer_in_a_terminal_chat_is_broken_between_words_below_what_its_line_begins_with(
    text: str, shown: list[str]
) -> None:
    assert fitting(text).splitlines() == shown


@pytest.mark.parametrize("goal", ["fix a\u202eb", "fix a\x1b[2Jb", "fix a\x9b2Jb", "fix a\u2028b\n"])
def test_no_goal_drives_the_terminal_of_hermes_from_the_board(goal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "at_a_terminal", lambda: True)
    told = board._line(DelegatedChild(session="s", goal=goal, thread="t"), {})
    assert told.isprintable()
    assert "fix a" in told
