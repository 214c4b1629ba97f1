"""What the tools answer: complete or openly cut, errors as text, and never more than agreed."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from tests.examples import by_night

from profile_router.runners.tools import listing, reading, search
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.tools import WantsProfile, build_tools

ROOM = 6_000
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"
Call = Callable[..., str]

ABSENT = os.strerror(errno.ENOENT)


def caller(fence: Fence | None, room: int = ROOM) -> Call:
    tools = {
        tool.name: tool
        for tool in build_tools(
            fence, result_chars=room, profiles=["coding-burst", "coding-local"], toolsets=frozenset({"file"})
        )
    }

    def call(tool: str, **arguments: object) -> str:
        message = tools[tool].invoke({"name": tool, "args": arguments, "id": "call_1", "type": "tool_call"})
        assert isinstance(message, ToolMessage)
        return str(message.content)

    return call


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.py").write_text("def main():\n    return 1\n")
    return folder


@pytest.fixture
def fence(root: Path) -> Fence:
    return Fence(root, private_globs=[".env*"])


@pytest.fixture
def call(fence: Fence) -> Call:
    return caller(fence)


# read_file


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


# write_file and edit_file


def test_writing_says_how_many_lines_there_are_and_were(call: Call, root: Path) -> None:
    assert call("write_file", path="docs/a.md", content="one\ntwo") == "wrote docs/a.md (2 lines, new file)"
    assert call("write_file", path="docs/a.md", content="one\n") == "wrote docs/a.md (1 line, was 2)"
    assert (root / "docs/a.md").read_bytes() == b"one\n"
    assert call("read_file", path="docs/a.md") == "1\tone"


def test_content_that_is_no_text_is_refused(call: Call, root: Path) -> None:
    assert call("write_file", path="a.txt", content="ab\ud800") == (
        "error: content: character 2 (\\ud800) is a lone surrogate, no text"
    )
    assert call("edit_file", path="src/main.py", old="1", new="\udc80").startswith("error: new holds a lone surrogate")
    assert not (root / "a.txt").exists()


@pytest.mark.parametrize("path", [".git/hooks/pre-commit", "src/../.git/config", ".GIT/config", "/tmp/x", ".env"])
def test_a_path_that_is_off_limits_is_refused_by_every_tool(call: Call, root: Path, path: str) -> None:
    for tool, arguments in (
        ("read_file", {}),
        ("write_file", {"content": "x"}),
        ("edit_file", {"old": "a", "new": "b"}),
    ):
        assert call(tool, path=path, **arguments).startswith("error: "), tool
    assert [path.name for path in root.iterdir()] == ["src"]


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        pytest.param(b"a\nb\nc\n", "b", "B", b"a\nB\nc\n", id="one-word"),
        pytest.param(b"a\r\nb\r\nc\r\n", "a\nb", "x\ny\nz", b"x\r\ny\r\nz\r\nc\r\n", id="crlf-kept"),
        pytest.param(b"a\r\nb\r\n", "b", "b\nc", b"a\r\nb\r\nc\r\n", id="crlf-added"),
        pytest.param(b"a\nb\r\nc\n", "b\r\n", "x\n", b"a\nx\r\nc\n", id="mixed-span-decides"),
        pytest.param(b"a\nb", "b", "c", b"a\nc", id="no-final-line-break"),
        pytest.param("\ufeffa\n".encode(), "a", "b", "\ufeffb\n".encode(), id="bom-kept"),
        pytest.param(b"caf\xe9 a\n", "a\n", "b\n", b"caf\xe9 b\n", id="foreign-bytes-kept"),
        pytest.param(b"a\n\n\n", "a", "", b"\n\n\n", id="deleted"),
        pytest.param(b"x.*y xzy\n", ".*", "+", b"x+y xzy\n", id="no-pattern"),
        pytest.param(b"a\n", "a", r"\1\g<0>", b"\\1\\g<0>\n", id="no-template"),
    ],
)
def test_an_edit_changes_its_span_and_nothing_else(
    call: Call, root: Path, before: bytes, old: str, new: str, after: bytes
) -> None:
    (root / "a.txt").write_bytes(before)
    assert call("edit_file", path="a.txt", old=old, new=new).startswith("edited a.txt at line ")
    assert (root / "a.txt").read_bytes() == after


def test_an_edit_says_where_it_was(call: Call) -> None:
    assert call("edit_file", path="src/main.py", old="return 1", new="x = 1\n    return x") == (
        "edited src/main.py at line 2: 1 line replaced by 2 lines"
    )


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("    return 12", "old does not occur in a.py; the nearest line is 2, the number first:\n2\t    return 1"),
        (
            "def f():\n  return 1\ndef g():\n",
            "old does not occur in a.py; the nearest lines are 1-3, the number first:\n1\tdef f():\n2\t    return 1\n",
        ),
        (
            "\ndef g():\n    return 4",
            "old does not occur in a.py; the nearest lines are 3-4, the number first:\n3\tdef g():\n4\t    return 3",
        ),
        ("2\t    return 1", "old does not occur in a.py; leave out the line numbers that read_file shows"),
        ("qqqqqqqq", "old does not occur in a.py; no line is like its first one; read the file again"),
        (
            "    return ",
            "old occurs 2 times in a.py (lines 2, 4); give more of the text around it, or all: true for every one",
        ),
        ("xx", "old occurs 2 times in a.py (lines 5, 5)"),
        ("", "old is empty; give the text to replace, or use write_file for a whole file"),
        ("same", "old and new are the same; nothing to change"),
    ],
)
def test_an_edit_that_is_not_unique_is_refused_with_a_hint(call: Call, root: Path, old: str, said: str) -> None:
    text = "def f():\n    return 1\ndef g():\n    return 3\nxxx\n"
    (root / "a.py").write_text(text)
    assert call("edit_file", path="a.py", old=old, new="same").startswith(f"error: {said}")
    assert (root / "a.py").read_text() == text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("a.bin", b"a" * 9_000 + b"\0", "a.bin is binary"), ("notes.txt", KEY.encode(), "withheld: notes.txt holds")],
)
def test_an_edit_of_a_binary_or_secret_file_is_refused(
    call: Call, root: Path, name: str, content: bytes, said: str
) -> None:
    (root / name).write_bytes(content)
    assert call("edit_file", path=name, old="M", new="b").startswith(f"error: {said}")
    assert call("edit_file", path="none.txt", old="a", new="b") == f"error: 'none.txt': {ABSENT}"


@pytest.mark.parametrize(
    ("before", "old", "new", "after", "said"),
    [
        (b"a b a\nc a\n", "a", "x", b"x b x\nc x\n", "edited a.txt at 3 places (lines 1, 1, 2): 1 line replaced by"),
        (b"a\r\nb\r\na\r\nb\r\n", "a\nb", "c", b"c\r\nc\r\n", "edited a.txt at 2 places (lines 1, 3): 2 lines"),
        (b"aaaa\n", "aa", "b", b"bb\n", "edited a.txt at 2 places (lines 1, 1)"),
        (b"one a\n", "a", "b", b"one b\n", "edited a.txt at line 1: 1 line replaced by 1 line"),
        (b"one a\n", "z", "b", b"one a\n", "error: old does not occur in a.txt"),
    ],
)
def test_an_edit_of_all_changes_every_place_and_names_them(
    call: Call, root: Path, before: bytes, old: str, new: str, after: bytes, said: str
) -> None:
    (root / "a.txt").write_bytes(before)
    assert call("edit_file", path="a.txt", old=old, new=new, all=True).startswith(said)
    assert (root / "a.txt").read_bytes() == after


def test_where_a_mask_may_hide_one_of_them_not_all_can_be_told_apart(call: Call, root: Path) -> None:
    (root / "a.py").write_text('token = "ghp_0123456789abcdefghijABCDEFGHIJ012345"\nghp_ = 1\n')
    answer = call("edit_file", path="a.py", old="ghp_", new="x", all=True)
    assert answer.startswith("error: old cannot be told from what is masked in a.py")


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("write_file", {"content": "a\r\nb\r\n"}, "error: a.txt already has exactly this content; nothing was changed"),
        ("edit_file", {"old": "b", "new": "b"}, "error: old and new are the same; nothing to change"),
        ("edit_file", {"old": "a\nb", "new": "a\r\nb"}, "error: a.txt would be as it is; nothing was changed"),
        ("edit_file", {"old": "a\r\nb", "new": "a\nb", "all": True}, "error: a.txt would be as it is; nothing was"),
    ],
)
def test_what_changes_nothing_is_an_error(
    call: Call, root: Path, tool: str, arguments: dict[str, Any], said: str
) -> None:
    (root / "a.txt").write_bytes(b"a\r\nb\r\n")
    assert call(tool, path="a.txt", **arguments).startswith(said)
    assert (root / "a.txt").read_bytes() == b"a\r\nb\r\n"


@pytest.mark.parametrize("tool", ["write_file", "edit_file"])
def test_what_drops_most_of_a_file_is_refused_once_with_its_size(call: Call, root: Path, tool: str) -> None:
    whole = "".join(f"line number {number}\n" for number in range(60))
    (root / "a.txt").write_text(whole)
    given = {"content": "line number 0\n"} if tool == "write_file" else {"old": whole[16:], "new": ""}
    said = call(tool, path="a.txt", **given)
    assert said.startswith("error: a.txt has 60 lines (890 bytes), and this would leave ")
    assert "it drops most of the file; change a part with edit_file, or send the same again if that is meant" in said
    assert (root / "a.txt").read_text() == whole
    assert not call(tool, path="a.txt", **given).startswith("error")
    assert len((root / "a.txt").read_text()) < 20


@pytest.mark.parametrize("left", [0.5, 0.9, 2.0])
def test_what_keeps_half_of_a_file_or_more_is_written_at_once(call: Call, root: Path, left: float) -> None:
    whole = "x" * 999 + "\n"
    (root / "a.txt").write_text(whole)
    assert call("write_file", path="a.txt", content="y" * int(len(whole) * left)).startswith("wrote a.txt")
    (root / "small.txt").write_text("x" * 500)
    assert call("write_file", path="small.txt", content="").startswith("wrote small.txt")


def test_tools_called_at_once_lose_nothing(call: Call, root: Path) -> None:
    (root / "a.txt").write_text("".join(f"<{number}>\n" for number in range(40)))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: call("edit_file", path="a.txt", old=f"<{n}>", new=f"({n})"), range(40)))
    assert all(answer.startswith("edited") for answer in answers)
    assert (root / "a.txt").read_text() == "".join(f"({number})\n" for number in range(40))


# list_files


def test_a_small_tree_is_listed_whole_with_sizes(call: Call, root: Path) -> None:
    (root / ".env").write_text("A=1")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("x")
    assert call("list_files") == ".: 2 files\n.env (3 bytes)\nsrc/main.py (25 bytes)"
    assert call("list_files", path="src/") == "src: 1 file\nsrc/main.py (25 bytes)"


def test_a_large_tree_is_listed_by_folder(call: Call, root: Path) -> None:
    for number in range(listing.SMALL_FOLDER):
        (root / "src" / f"{number:02}.py").write_text("")
    (root / "a.txt").write_text("x")
    assert call("list_files") == ".: 62 files\nsrc/ (61 files)\na.txt (1 byte)"
    assert call("list_files", path="src").startswith("src: 61 files\nsrc/00.py (0 bytes)\n")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("src/main.py", "'src/main.py' is not a folder"),
        ("none", f"'none': {ABSENT}"),
        (".git", "path '.git': git's own data is off limits"),
        ("..", "path '..': '..' leaves its folder"),
    ],
)
def test_what_cannot_be_listed_is_said(call: Call, path: str, said: str) -> None:
    assert call("list_files", path=path).startswith(f"error: {said}")


def test_an_empty_folder_a_link_and_a_deleted_file_are_named_so(root: Path) -> None:
    (root / "empty").mkdir()
    (root / "link").symlink_to("src/main.py")
    call = caller(Fence(root, known_files=lambda: ["gone.py", "link", "src/main.py"]))
    assert call("list_files", path="empty") == "empty holds no files"
    assert call("list_files") == ".: 3 files\ngone.py (deleted)\nlink (no regular file)\nsrc/main.py (25 bytes)"


def test_names_with_line_breaks_and_escapes_stay_on_one_line(call: Call, root: Path) -> None:
    (root / "src" / "a\nb\x1b[31m.py").write_text("def main")
    assert call("list_files").splitlines()[1] == "src/a\\nb\\x1b[31m.py (cannot be opened)"
    assert call("search", pattern="def main") == "src/main.py:1: def main():"


# search


def test_hits_are_path_line_and_text(call: Call, root: Path) -> None:
    (root / "b.py").write_bytes(b"x\r\n  def other():\r\n")
    assert call("search", pattern=r"def \w+\(\):$") == "b.py:2: def other():\nsrc/main.py:1: def main():"


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("**/*", ["a.py", "src/b.py", "src/deep/c.py", "src/deep/d.txt"]),
        ("*", ["a.py", "src/b.py", "src/deep/c.py", "src/deep/d.txt"]),
        ("", ["a.py", "src/b.py", "src/deep/c.py", "src/deep/d.txt"]),
        ("*.py", ["a.py", "src/b.py", "src/deep/c.py"]),
        ("./*.py", ["a.py", "src/b.py", "src/deep/c.py"]),
        ("**/*.py", ["a.py", "src/b.py", "src/deep/c.py"]),
        ("src/*.py", ["src/b.py"]),
        ("src/**/*.py", ["src/b.py", "src/deep/c.py"]),
        ("src/**", ["src/b.py", "src/deep/c.py", "src/deep/d.txt"]),
        ("src/", ["src/b.py", "src/deep/c.py", "src/deep/d.txt"]),
        ("src/deep", ["src/deep/c.py", "src/deep/d.txt"]),
        ("**/deep/*", ["src/deep/c.py", "src/deep/d.txt"]),
        ("*.{py,txt}", ["a.py", "src/b.py", "src/deep/c.py", "src/deep/d.txt"]),
        ("[bc].py", ["src/b.py", "src/deep/c.py"]),
        ("[!bc].py", ["a.py"]),
        ("?.txt", ["src/deep/d.txt"]),
        ("a.py", ["a.py"]),
        ("a.p", []),
        ("A.py", []),
        ("*.md", []),
    ],
)
def test_a_glob_chooses_the_files(tmp_path: Path, glob: str, expected: list[str]) -> None:
    for name in ("a.py", "src/b.py", "src/deep/c.py", "src/deep/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("hit\n")
    answer = caller(Fence(tmp_path))("search", pattern="hit", glob=glob)
    if expected:
        assert [line.split(":")[0] for line in answer.splitlines()] == expected
    else:
        assert answer == f"no file matches the glob '{glob}' (4 files in the workspace)"


def test_no_match_says_how_much_was_searched(call: Call) -> None:
    assert call("search", pattern="zzz") == "no match in 1 file"


@pytest.mark.parametrize("pattern", ["^$", "x*", "(?!)|"])
def test_files_that_are_not_searched_yield_no_empty_hits(call: Call, root: Path, pattern: str) -> None:
    (root / ".env").write_text("A=1\n")
    (root / "a.bin").write_bytes(b"\0\n\n")
    (root / "notes.txt").write_text(KEY)
    answer = call("search", pattern=pattern)
    assert not [line for line in answer.splitlines() if line.startswith((".env", "a.bin", "notes.txt"))]
    assert "[2 private files withheld; only a local profile may search them]" in answer


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(a", "pattern '(a' is not a regular expression: "),
        ("", "pattern '': it is empty"),
        ("a\nb", "pattern 'a\\nb': each line is searched by itself"),
        (r"a\nb", "pattern 'a\\nb': each line is searched by itself"),
        ("a" * 501, "pattern 'aaaa"),
        ("(?:(?:a?){1000}){1000}", "pattern '(?:(?:a?){1000}){1000}': its counted repeats are too many"),
        ("a(?R)?b", "pattern 'a(?R)?b': recursion is not allowed"),
        ("(" * 250 + "a" + ")" * 249, "pattern '"),
        (r"\L<words>", "pattern '"),
    ],
)
def test_a_bad_pattern_is_refused_with_the_reason(call: Call, pattern: str, said: str) -> None:
    assert call("search", pattern=pattern).startswith(f"error: {said}")


@pytest.mark.parametrize("glob", ["{a", "a}", "x" * 501])
def test_a_bad_glob_is_refused(call: Call, glob: str) -> None:
    assert call("search", pattern="x", glob=glob).startswith("error: glob '")


def test_a_pattern_without_end_is_stopped(call: Call, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SEARCH_SECONDS", 0.2)
    (root / "z.txt").write_text("a" * 60 + "b\n")
    assert call("search", pattern="(a|a)*$", glob="z.txt") == (
        "error: the search took too long (0.2 s); use a simpler pattern or a narrower glob than 'z.txt'"
    )
    (root / "y.txt").write_text("a\n")
    assert call("search", pattern="(a|a)*$", glob="*.txt") == (
        "y.txt:1: a\n[stopped: the search took too long; narrow the pattern or the glob]"
    )


def test_files_without_a_line_count_against_the_time_of_a_search(
    call: Call, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(1_000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    for number in range(30):
        (root / f"{number}.txt").touch()
    assert call("search", pattern="x", glob=".").startswith("error: the search took too long (10 s)")


def test_a_glob_counts_against_the_time_of_its_search(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SEARCH_SECONDS", 0.0)
    assert call("search", pattern="x", glob="*a*b") == (
        "error: glob '*a*b' cannot be used; write it with **, *, ?, [abc] and {a,b}"
    )


def test_at_most_100_hits_are_given_and_more_is_said(call: Call, root: Path) -> None:
    (root / "a.txt").write_text("hit\n" * 100)
    assert "[stopped" not in call("search", pattern="hit", glob="a.txt")
    (root / "a.txt").write_text("hit\n" * 101)
    answer = call("search", pattern="hit", glob="a.txt")
    assert answer.count("a.txt:") == 100
    assert answer.endswith("[stopped: more than 100 matches; narrow the pattern or the glob]")


def test_a_long_line_is_shown_around_its_hit(call: Call, root: Path) -> None:
    (root / "a.min.js").write_text("x" * 50_000 + "needle" + "y" * 50_000)
    answer = call("search", pattern="needle")
    assert answer.startswith("a.min.js:1: …xxx")
    assert "needleyyy" in answer
    assert len(answer) < 300


def test_what_is_too_large_to_search_is_said(call: Call, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LARGEST_FILE", 100)
    monkeypatch.setattr(search, "MOST_SEARCHED_BYTES", 150)
    (root / "a.log").write_text("x" * 101)
    for name in "bcde":
        (root / f"{name}.txt").write_text("y" * 80)
    assert call("search", pattern="zzz") == (
        "no match in 2 files\n[1 file above 100 bytes not searched]\n"
        "[stopped: 150 bytes were searched; narrow the pattern or the glob]"
    )


# every tool


@pytest.mark.parametrize("room", [200, 400, 6_000])
def test_no_answer_is_longer_than_agreed(root: Path, room: int) -> None:
    for number in range(50):
        (root / f"{number:02}-{'n' * 120}.txt").write_text("hit and some more text\n" * 30)
    (root / "src" / ".env").write_text("x")
    call = caller(Fence(root, private_globs=[".env*"]), room)
    answers = [
        call("list_files"),
        call("search", pattern="hit"),
        call("read_file", path=f"00-{'n' * 120}.txt"),
        call("read_file", path="/" * 3_000 + "x"),
        call("read_file", path=["x" * 5_000]),
        call("write_file", path="x" * 5_000, content=""),
        call("ask_for_profile", profile="p" * 5_000, reason=""),
    ]
    assert [len(answer) <= room for answer in answers] == [True] * len(answers)
    assert all("[cut: " in answer for answer in answers[:2])


@given(
    tool=st.sampled_from(["list_files", "search", "read_file", "write_file", "edit_file"]),
    arguments=st.dictionaries(
        st.sampled_from(["path", "pattern", "glob", "start", "lines", "content", "old", "new"]),
        st.text() | st.integers() | st.none() | st.lists(st.text(), max_size=2),
    ),
)
def test_whatever_a_model_passes_is_answered_with_text(call: Call, tool: str, arguments: dict[str, Any]) -> None:
    answer = call(tool, **arguments)
    answer.encode()
    assert len(answer) <= ROOM


@given(pattern=st.text(alphabet="ab(){}[]?*+|^$\\.,<>=!:PRxi019-&_", min_size=1, max_size=30))
@example(pattern="{0i<")  # these end in the library's own int("")
@example(pattern="a{1i+1d<")
@example(pattern="(?:ab){e<")
@example(pattern="x{0s<=")
def test_any_pattern_is_answered(call: Call, pattern: str) -> None:
    assert call("search", pattern=pattern, glob="*.py")


def test_another_profile_ends_the_attempt(call: Call) -> None:
    with pytest.raises(WantsProfile) as asked:
        call("ask_for_profile", profile="coding-burst", reason="needs a larger window\0")
    assert (asked.value.profile, asked.value.reason) == ("coding-burst", "needs a larger window")


def test_an_unknown_profile_is_answered_with_the_known_ones(call: Call) -> None:
    assert call("ask_for_profile", profile="gpt", reason="x") == (
        "error: profile 'gpt' cannot be asked for; known: coding-burst, coding-local"
    )


@pytest.mark.parametrize(("toolsets", "with_fence"), [(frozenset(), True), (frozenset({"file"}), False)])
def test_without_the_file_toolset_or_a_workspace_only_asking_is_left(
    fence: Fence, toolsets: frozenset[str], with_fence: bool
) -> None:
    tools = build_tools(fence if with_fence else None, result_chars=ROOM, profiles=[], toolsets=toolsets)
    assert [tool.name for tool in tools] == ["ask_for_profile"]


class Scripted(FakeMessagesListChatModel):
    def bind_tools(self, *_: Any, **__: Any) -> Scripted:
        return self


def turn(*calls: tuple[str, dict[str, Any]]) -> AIMessage:
    return AIMessage(
        "", tool_calls=[{"name": name, "args": args, "id": str(n)} for n, (name, args) in enumerate(calls)]
    )


def test_in_the_agent_loop_errors_are_answers_and_asking_ends_it(fence: Fence, root: Path) -> None:
    tools = build_tools(fence, result_chars=ROOM, profiles=["coding-burst"], toolsets=frozenset({"file"}))
    model = Scripted(
        responses=[
            turn(
                ("read_file", {"path": "../x"}),
                ("read_file", {}),
                ("write_file", {"path": "a.txt", "content": "1"}),
                ("write_file", {"path": "b.txt", "content": "2"}),
            ),
            AIMessage("done"),
        ]
    )
    messages = create_agent(model, tools).invoke({"messages": [HumanMessage("go")]})["messages"]
    answers = [message.content for message in messages if isinstance(message, ToolMessage)]
    assert [str(answer).split(":")[0] for answer in answers] == [
        "error",
        "error",
        "wrote a.txt (1 line, new file)",
        "wrote b.txt (1 line, new file)",
    ]
    assert fence.before == {"a.txt": None, "b.txt": None}
    asking = Scripted(responses=[turn(("ask_for_profile", {"profile": "coding-burst", "reason": "too hard"}))])
    with pytest.raises(WantsProfile, match="too hard"):
        create_agent(asking, tools).invoke({"messages": [HumanMessage("go")]})
