"""What `write_file` and `edit_file` answer, and what they do to a file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.runners.tools.file_tools import ABSENT, KEY, Call


def test_writing_says_how_many_lines_there_are_and_were(call: Call, root: Path) -> None:
    assert call("write_file", path="docs/a.md", content="one\ntwo") == "wrote docs/a.md (2 lines, new file)"
    assert call("write_file", path="docs/a.md", content="one\n") == "wrote docs/a.md (1 line, was 2)"
    assert (root / "docs/a.md").read_bytes() == b"one\n"
    assert call("read_file", path="docs/a.md") == "1\tone"


def test_content_that_is_not_text_is_refused(call: Call, root: Path) -> None:
    assert call("write_file", path="a.txt", content="ab\ud800") == (
        "error: content: character 2 (\\ud800) is a lone surrogate, not text"
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
