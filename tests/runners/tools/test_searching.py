"""What `list_files` and `search` answer."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.runners.tools.file_tools import ABSENT, KEY, Call, caller

from profile_router.runners.tools import listing, search
from profile_router.runners.tools.fence import Fence


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
    assert call("list_files") == ".: 3 files\ngone.py (deleted)\nlink (not a regular file)\nsrc/main.py (25 bytes)"


def test_names_with_line_breaks_and_escapes_stay_on_one_line(call: Call, root: Path) -> None:
    (root / "src" / "a\nb\x1b[31m.py").write_text("def main")
    assert call("list_files").splitlines()[1] == "src/a\\nb\\x1b[31m.py (cannot be opened)"
    assert call("search", pattern="def main") == "src/main.py:1: def main():"


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


@given(pattern=st.text(alphabet="ab(){}[]?*+|^$\\.,<>=!:PRxi019-&_", min_size=1, max_size=30))
@example(pattern="{0i<")  # these end in the library's own int("")
@example(pattern="a{1i+1d<")
@example(pattern="(?:ab){e<")
@example(pattern="x{0s<=")
def test_any_pattern_is_answered(call: Call, pattern: str) -> None:
    assert call("search", pattern=pattern, glob="*.py")
