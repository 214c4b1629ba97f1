"""What drives a screen is written out where text is printed: JSON reads it as it was, and a person sees it."""

from __future__ import annotations

import json
import unicodedata

import pytest
from tests.examples import by_night

from profile_router.core.text import harmless

HIDDEN = ("Cc", "Cf", "Zl", "Zp")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rename a\u202eb", r"rename a\u202eb"),
        ("a\u2066b\u2069 and \u200bc", r"a\u2066b\u2069 and \u200bc"),
        ("\x9b2J", r"\u009b2J"),
        ("a tag \U000e0041", r"a tag \udb40\udc41"),
        ("\x1b[2Jgone", r"\u001b[2Jgone"),
        ("all of it\rnothing", r"all of it\u000dnothing"),
        ("bell\x07", r"bell\u0007"),
        ("\x1b[31m✗\x1b[0m in a colour\r\n\tof ours", "\x1b[31m✗\x1b[0m in a colour\r\n\tof ours"),
        ("Ümläut, 中文, e\u0301", "Ümläut, 中文, e\u0301"),
    ],
    ids=ascii,
)
def test_what_drives_a_screen_is_written_out(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_what_draws_a_line_anew_moves_the_cursor_and_hides_no_letter() -> None:
    assert harmless("\r\x1b[2K\u202e", drawn=True) == "\r\x1b[2K\\u202e"


@pytest.mark.parametrize("below", [0x3000, by_night(0x110000)])
def test_no_character_that_nobody_sees_is_left_and_json_reads_each_as_it_was(below: int) -> None:
    unseen = [char for char in map(chr, range(below)) if unicodedata.category(char) in HIDDEN]
    assert {char for char in unseen if harmless(char) == char} == {"\t", "\n"}
    assert json.loads(harmless(json.dumps(unseen, ensure_ascii=False))) == unseen
