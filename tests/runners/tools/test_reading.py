"""What `read_file` answers: complete or openly cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import by_night
from tests.runners.tools.file_tools import ABSENT, KEY, ROOM, Call, caller

from profile_router.runners.tools import reading
from profile_router.runners.tools.fence import Fence


def test_lines_are_numbered_from_one(call: Call) -> None:
    assert call("read_file", path="src/main.py") == "1\tdef main():\n2\t    return 1"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "a.txt is empty (0 bytes)"),
        ("\n", "1\t"),
        ("a", "1\ta"),
        ("a\n", "1\ta"),
        ("a\n\n", "1\ta\n2\t"),
        ("a\r\nb\r\n", "1\ta\n2\tb"),
        ("\ufeffa\n", "1\ta"),
        ("a\x1b[31mb\n", "1\ta\x1b[31mb"),
        ("a\u2028b\x0cc\n", "1\ta\u2028b\x0cc"),
    ],
)
def test_every_line_is_shown_once_whatever_ends_it(call: Call, root: Path, content: str, expected: str) -> None:
    (root / "a.txt").write_bytes(content.encode())
    assert call("read_file", path="a.txt") == expected


def test_a_part_says_where_it_goes_on(call: Call, root: Path) -> None:
    (root / "a.txt").write_text("".join(f"line {number}\n" for number in range(1, 11)))
    assert call("read_file", path="a.txt", start=3, lines=2) == (
        "3\tline 3\n4\tline 4\n[lines 3-4, 10 in all; read_file(path, start=5) continues]"
    )
    assert call("read_file", path="a.txt", start=9, lines=50) == "9\tline 9\n10\tline 10"


def test_at_most_400_lines_are_given(call: Call, root: Path) -> None:
    (root / "a.txt").write_text("x\n" * 1_000)
    answer = call("read_file", path="a.txt", lines=5_000)
    assert answer.endswith("400\tx\n[lines 1-400, 1000 in all; read_file(path, start=401) continues]")


def test_a_page_too_long_is_cut_at_a_line_and_goes_on_with_the_next(call: Call, root: Path) -> None:
    (root / "a.txt").write_text("".join(f"{number:>99}\n" for number in range(1, 201)))
    seen, start = [], 1
    while start <= 200:
        answer = call("read_file", path="a.txt", start=start)
        assert len(answer) <= ROOM
        numbers = [int(line.split("\t")[1]) for line in answer.splitlines() if "\t" in line]
        seen += numbers
        start = numbers[-1] + 1
        if start <= 200:
            assert answer.endswith(f"read_file(path, start={start}) continues]")
            assert "[cut: " in answer
    assert seen == list(range(1, 201))


@pytest.mark.parametrize("characters", [300_000, by_night(3_000_000)])
def test_a_line_too_long_is_cut_openly(call: Call, root: Path, characters: int) -> None:
    (root / "a.txt").write_text("x" * characters + "\nnext\n")
    answer = call("read_file", path="a.txt")
    assert len(answer) <= ROOM
    assert answer.endswith("(line 1 is too long to show whole); read_file(path, start=2) continues]")
    assert call("read_file", path="a.txt", start=2) == "2\tnext"


def test_a_large_file_is_read_only_up_to_the_wanted_lines(
    call: Call, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_COUNTED_WHOLE", 1_000)
    monkeypatch.setattr(reading, "_CHUNK", 4_096)
    read: list[int] = []
    take = reading._Page.take

    def counted(page: reading._Page, chunk: bytes) -> None:
        read.append(len(chunk))
        take(page, chunk)

    monkeypatch.setattr(reading._Page, "take", counted)
    (root / "a.txt").write_text("".join(f"{number}\n" for number in range(1, 100_001)))
    assert call("read_file", path="a.txt", start=20_000, lines=2) == (
        "20000\t20000\n20001\t20001\n[lines 20000-20001, more follow; read_file(path, start=20002) continues]"
    )
    assert sum(read) < 130_000


def test_the_way_to_a_page_deep_in_a_large_file_ends_by_its_time(
    call: Call, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"_COUNTED_WHOLE": 1_000, "_CHUNK": 1_000, "READING_SECONDS": -1.0}.items():
        monkeypatch.setattr(reading, name, value)
    (root / "a.txt").write_text("line\n" * 10_000)
    assert "error: a.txt: line 9,000 lies too deep: -1 s led to line 2" in call("read_file", path="a.txt", start=9_000)
    assert call("read_file", path="a.txt", start=9, lines=1).startswith("9\tline")


@given(
    content=st.lists(st.sampled_from([b"a", b"\n", b"\r\n", "é".encode(), b"word"]), max_size=40).map(b"".join),
    start=st.integers(1, 12),
    count=st.integers(1, 12),
    chunk=st.integers(1, 7),
)
def test_where_the_chunks_end_makes_no_difference(
    root: Path, content: bytes, start: int, count: int, chunk: int
) -> None:
    (root / "a.txt").write_bytes(content)
    lines = content.removesuffix(b"\n").split(b"\n") if content else []
    wanted = [line.decode().removesuffix("\r") for line in lines[start - 1 : start - 1 + count]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_CHUNK", chunk)
        answer = caller(Fence(root))("read_file", path="a.txt", start=start, lines=count)
    shown = [line.split("\t", 1)[1] for line in answer.split("\n") if "\t" in line]
    assert shown == wanted
    assert answer.startswith("error: ") == (bool(lines) and not wanted)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"path": "src/main.py", "start": 3}, "src/main.py has 2 lines; start=3 is past its end"),
        ({"path": "src/main.py", "start": 0}, "start=0: lines are counted from 1"),
        ({"path": "src/main.py", "lines": 0}, "lines=0: at least 1, at most 400"),
        ({"path": "src/none.py"}, f"'src/none.py': {ABSENT}"),
        ({"path": "none/none.py"}, f"'none/none.py': {ABSENT}"),
        ({"path": "src"}, "'src' is a folder, not a file"),
        ({"path": "."}, "'.' is the workspace itself; name a file in it"),
        ({"path": "../x"}, "path '../x': '..' leaves its folder; name the path from the top of the workspace"),
        ({}, "read_file: path: "),
        ({"path": "a", "start": "first"}, "read_file: start: "),
        ({"path": ["a"]}, "read_file: path: "),
    ],
)
def test_a_wrong_call_is_answered_with_what_is_allowed(call: Call, arguments: dict[str, Any], said: str) -> None:
    assert call("read_file", **arguments).startswith(f"error: {said}")


@pytest.mark.parametrize("arguments", [{}, {"path": "a", "start": "first"}, {"path": ["a"]}, {"lines": {}}])
def test_arguments_of_another_shape_are_answered_with_the_parameters(call: Call, arguments: dict[str, Any]) -> None:
    answer = call("read_file", **arguments)
    assert answer.endswith("; its parameters are path, start, lines")
    assert len(answer.splitlines()) == 1


def test_nulls_and_numbers_as_text_are_taken_as_models_mean_them(call: Call) -> None:
    assert call("read_file", path="src/main.py", start="2", lines=None) == "2\t    return 1"
    assert call("list_files", path=None) == call("list_files")


def test_a_binary_file_is_told_with_its_size(call: Call, root: Path) -> None:
    (root / "a.bin").write_bytes(b"\0" * 12_345)
    assert call("read_file", path="a.bin") == "error: a.bin is binary (12,345 bytes)"


def test_what_is_not_utf8_is_shown_and_said(call: Call, root: Path) -> None:
    (root / "a.txt").write_bytes("café\n".encode("latin-1"))
    assert call("read_file", path="a.txt") == (
        "[a.txt is not UTF-8; \ufffd stands for what could not be read]\n1\tcaf\ufffd"
    )


def test_a_page_that_ends_within_a_character_is_still_utf8(
    call: Call, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_PAGE_BYTES", 4_001)
    (root / "a.txt").write_text("é" * 10_000)
    assert "is not UTF-8" not in call("read_file", path="a.txt")


def test_the_lines_of_a_key_are_withheld_even_without_its_head(call: Call, root: Path) -> None:
    (root / "notes.txt").write_text("hello\n" + KEY + "x\n" * 50)
    assert call("read_file", path="notes.txt", start=3, lines=1) == (
        "error: withheld: notes.txt holds a private key; only a local profile may read it"
    )


def test_a_key_on_the_seam_of_two_chunks_is_withheld(call: Call, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_CHUNK", 16)
    monkeypatch.setattr(reading, "_COUNTED_WHOLE", 16)
    (root / "notes.txt").write_text("hello\n" + KEY)
    assert call("read_file", path="notes.txt").startswith("error: withheld: notes.txt")


def test_a_local_profile_reads_what_is_private(root: Path) -> None:
    (root / ".env").write_text(f"A=1\n{KEY}")
    private = caller(Fence(root, private_globs=[".env*"], allow_private=True))
    assert "MIIEowIBAAKCAQEA" in private("read_file", path=".env")
    assert ".env:1: A=1" in private("search", pattern="A=")
    assert private("edit_file", path=".env", old="A=1", new="A=2").startswith("edited .env")


def test_nuls_are_left_out_and_answers_are_valid_utf8(call: Call, root: Path) -> None:
    (root / "a.txt").write_bytes(b"x" * 9_000 + b"\na\0b\xed\xa0\x80\n")
    answer = call("read_file", path="a.txt", start=2)
    assert "\0" not in answer
    assert "2\tab" in answer
    answer.encode()
    call("read_file", path="x\ud800").encode()
    call("search", pattern="x\ud800").encode()
