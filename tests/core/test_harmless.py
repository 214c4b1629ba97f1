"""What drives a screen is written out where text is printed: JSON keeps it, and a person sees it."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from tests.examples import by_night

from profile_router.core import text
from profile_router.core.text import UNSEEN_CHARS, exactly, harmless, shown

HIDDEN = ("Cc", "Cf", "Zl", "Zp")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("rename a\u202eb", r"rename a\u202eb"),
        ("a\u2066b\u2069 and \u200bc", r"a\u2066b\u2069 and \u200bc"),
        ("\x9b2J", r"\u009b2J"),
        ("a tag \U000e0041", r"a tag \udb40\udc41"),
        ("\x1b[2Jgone", r"\u001b[2Jgone"),
        ("all of it\rnothing", r"all of it\u000dnothing"),
        ("bell\x07", r"bell\u0007"),
        ("\x1b[31m✗\x1b[0m in a colour\r\n\tof ours", "\x1b[31m✗\x1b[0m in a colour\r\n\tof ours"),
        ("\x1b]0;owned\x1b\\", "\\u001b]0;owned\\u001b\\"),
        ("\x1b[8mhidden\x1b[0m", "\\u001b[8mhidden\x1b[0m"),
        ("\x1b[1;31mred\x1b[30m, \x1b[38;5;0m, \x1b[0;8m", "\x1b[1;31mred\\u001b[30m, \\u001b[38;5;0m, \\u001b[0;8m"),
        ("a\U000e0101b \u115f\u3164\u034f\uffa0", r"a\udb40\udd01b \u115f\u3164\u034f\uffa0"),
        ("Ümläut, 中文, e\u0301, 한글, ❤\ufe0f", "Ümläut, 中文, e\u0301, 한글, ❤\ufe0f"),
    ],
    ids=ascii,
)
def test_what_drives_a_screen_is_written_out(text: str, written: str) -> None:
    assert harmless(text) == written


def test_what_draws_a_line_anew_moves_the_cursor_and_hides_no_letter() -> None:
    line = "\r\x1b[2K\x1b[1A\x1b[?25l\x1b[2m0 s\x1b[0m\x1b[?25h"
    assert harmless(line, escapes="drawing") == line
    assert harmless("\u202e\x1b[2J\x1b[8m", escapes="drawing") == r"\u202e\u001b[2J\u001b[8m"


@pytest.mark.parametrize("unseen", "\u034f\u115f\u3164\uffa0\U000e0101\u200b\x1b", ids=ascii)
def test_no_two_commands_look_alike_by_what_nobody_sees(unseen: str) -> None:
    assert (unseen in exactly(f"make{unseen}"), unseen in shown(f"make{unseen}")) == (False, False)
    assert exactly("❤") + "\\ufe0f" == exactly("❤\ufe0f")


@pytest.mark.parametrize("below", [0x3000, by_night(0x110000)])
def test_no_character_that_nobody_sees_is_left_and_json_reads_each_as_it_was(below: int) -> None:
    unseen = [char for char in map(chr, range(below)) if unicodedata.category(char) in HIDDEN]
    assert {char for char in unseen if harmless(char) == char} == {"\t", "\n"}
    assert json.loads(harmless(json.dumps(unseen, ensure_ascii=False))) == unseen


def test_of_what_drives_a_screen_only_what_nobody_sees_can_be_printed() -> None:
    blocks = (
        (0, 0x3200),
        (0xFE00, 0x10000),
        (0x11000, 0x11100),
        (0x13400, 0x13500),
        (0x1BC00, 0x1D200),
        (0xE0000, 0xE1000),
    )
    every = "".join(chr(code) for start, end in blocks for code in range(start, end))
    assert {*re.findall(f"[{text._UNSEEN}]", every)} == UNSEEN_CHARS
    driving = re.findall(text._DRIVES, every)
    assert {one for one in driving if one.isprintable()} <= UNSEEN_CHARS
