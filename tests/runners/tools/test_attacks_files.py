"""Every file tool under attack, called as a model calls it: hostile paths, files, names, patterns and arguments."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import ToolMessage

from profile_router.runners.tools import search
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.tools import build_tools

ROOM = 2_000
SECRET = "from-outside"
Answer = Callable[[str, dict[str, Any]], str]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text(f"{SECRET}\n")
    return folder


@pytest.fixture
def root(tmp_path: Path, outside: Path) -> Path:
    folder = tmp_path / "ws"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.py").write_text("inside\n")
    (folder / "out").symlink_to(outside, target_is_directory=True)
    (folder / "link.py").symlink_to(outside / "secret.txt")
    return folder


@pytest.fixture
def answer(root: Path) -> Answer:
    tools = {
        tool.name: tool
        for tool in build_tools(
            Fence(root, private_globs=[".env*"]), result_chars=ROOM, profiles=["b"], toolsets=frozenset({"file"})
        )
    }

    def invoke(name: str, arguments: dict[str, Any]) -> str:
        message = tools[name].invoke({"name": name, "args": arguments, "id": "1", "type": "tool_call"})
        assert isinstance(message, ToolMessage)
        text = str(message.content)
        assert len(text) <= ROOM
        text.encode()
        return text

    return invoke


def on(path: str) -> list[tuple[str, dict[str, Any]]]:
    """Return a call of every tool on *path*."""
    return [
        ("read_file", {"path": path}),
        ("write_file", {"path": path, "content": "changed"}),
        ("edit_file", {"path": path, "old": SECRET, "new": "changed"}),
        ("list_files", {"path": path}),
        ("search", {"pattern": "from-out", "glob": path or "x"}),
    ]


def assert_untouched(outside: Path) -> None:
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"secret.txt": f"{SECRET}\n"}


@pytest.mark.parametrize(
    "path",
    [
        "../outside/secret.txt", "src/../../outside/secret.txt", "{outside}/secret.txt", "out/secret.txt", "link.py",
        "out", "out/../../outside/secret.txt", "/etc/passwd", "/proc/self/environ", "/dev/zero", "~/.ssh/id_rsa",
        "..", "/", "//", "\0", "src/a.py\0/../../outside/secret.txt", "..\\outside\\secret.txt", "a" * 5_000, "a/" * 3_000,
        ".git/config", "%2e%2e/outside/secret.txt", "\u2025/outside/secret.txt", "\udc2e\udc2e/outside/secret.txt",
    ],
    ids=lambda path: ascii(path)[:30],
)  # fmt: skip
def test_no_path_leads_out_by_any_tool(path: str, answer: Answer, root: Path, outside: Path) -> None:
    for name, arguments in on(path.format(outside=outside)):
        said = answer(name, arguments)
        assert SECRET not in said
        assert "root:" not in said
    assert_untouched(outside)
    assert (root / "src" / "a.py").read_text() == "inside\n"


@pytest.mark.parametrize(
    ("name", "arguments"), [*on("src/a.py")[:3], ("search", {"pattern": "."})], ids=lambda value: str(value)[:12]
)
@pytest.mark.parametrize("swapped", ["file", "folder", "pipe", "device link"])
def test_what_is_swapped_between_our_look_and_our_opening_is_not_followed(
    name: str, arguments: dict[str, Any], swapped: str, answer: Answer, root: Path, outside: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    real, waiting = os.open, [True]
    last = "src" if swapped == "folder" else "a.py"

    def open_after_swap(path: Any, *rest: Any, **named: Any) -> int:
        if path == last and waiting:
            waiting.pop()
            (root / "src").rename(root / "src2") if swapped == "folder" else (root / "src" / "a.py").unlink()
            swaps[swapped]()
        return real(path, *rest, **named)

    swaps: dict[str, Callable[[], object]] = {
        "file": lambda: (root / "src" / "a.py").symlink_to(outside / "secret.txt"),
        "folder": lambda: (root / "src").symlink_to(outside, target_is_directory=True),
        "pipe": lambda: os.mkfifo(root / "src" / "a.py"),
        "device link": lambda: (root / "src" / "a.py").symlink_to("/dev/zero"),
    }
    monkeypatch.setattr(os, "open", open_after_swap)
    if name == "write_file" and swapped != "folder":
        waiting.clear()  # a write replaces what stands there, whatever it is by then; test_fence drives that race
    assert SECRET not in answer(name, arguments)
    assert_untouched(outside)


def test_devices_and_pipes_are_neither_read_nor_waited_for(answer: Answer, root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "zero").symlink_to("/dev/zero")
    for path in ("pipe", "zero"):
        assert answer("read_file", {"path": path}).startswith("error: ")
        assert answer("edit_file", {"path": path, "old": "a", "new": "b"}).startswith("error: ")
        assert answer("write_file", {"path": path, "content": "x"}).startswith("error: ")
    assert answer("search", {"pattern": "."}) == "src/a.py:1: inside"


def test_a_sparse_file_of_10_gb_costs_no_more_than_a_page(answer: Answer, root: Path) -> None:
    with (root / "sparse").open("wb") as file:
        file.truncate(10 << 30)
    assert "10,737,418,240 bytes" in answer("read_file", {"path": "sparse"})
    assert "is too large" in answer("edit_file", {"path": "sparse", "old": "a", "new": "b"})
    assert "too large" in answer("write_file", {"path": "sparse", "content": "x"})
    assert "1 file above" in answer("search", {"pattern": "inside"})
    assert "10737418240" in answer("list_files", {"path": "."}).replace(",", "")


NAMES = [
    "a\nb",
    "a\x1b[31mred",
    "-rf",
    "--help",
    "a\u202eyp.exe",
    "x" * 255,
    os.fsdecode(b"caf\xe9"),
    "\u2028",
    "'; rm -rf *",
    "$(id)",
    "|",
    "*",
    "[",
    "{a,b}",
    "...",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_a_hostile_name_is_listed_on_one_line_and_breaks_no_tool(name: str, answer: Answer, root: Path) -> None:
    (root / name).write_text("needle\n")
    listed = answer("list_files", {"path": "."})
    assert listed.splitlines()[0] == ".: 2 files"
    assert len(listed.splitlines()) == 3
    assert all(line.isprintable() for line in listed.splitlines())
    for tool, arguments in on(name):
        answer(tool, arguments)
    found = answer("search", {"pattern": "needle|changed"})
    assert all(line.isprintable() for line in found.splitlines())
    assert "src/a.py" not in found


@pytest.mark.parametrize("name", ["-rf", "--help", "x" * 255, "'; rm -rf *", "$(id)", "|", "*", "{a,b}", "..."])
def test_a_name_that_only_a_shell_minds_is_a_name(name: str, answer: Answer, root: Path) -> None:
    assert answer("write_file", {"path": name, "content": "one\n"}).startswith("wrote ")
    assert answer("edit_file", {"path": name, "old": "one", "new": "two"}).startswith("edited ")
    assert answer("read_file", {"path": name}) == "1\ttwo"
    assert sorted(path.name for path in root.iterdir()) == sorted([name, "link.py", "out", "src"])


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*a){25}$", "(?:a?){25}a{25}$", "((a{1,50}){1,50}){1,50}", "(?:(?:(?:x*)*)*)*y", "\\p{L}*" * 20 + "!", "(?=(a+))\\1*b"],
)  # fmt: skip
def test_a_pattern_that_explodes_ends_by_its_time(
    pattern: str, answer: Answer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SEARCH_SECONDS", 0.3)
    (root / "src" / "a.py").write_text("a" * 40_000 + "b\n")
    assert answer("search", {"pattern": pattern})


@pytest.mark.parametrize(
    "glob", ["*" * 400, "**/" * 120 + "x", "{" * 60 + "a" + "}" * 60, "*a" * 120 + "!", "{a,b}" * 80, "[" * 300, "../**", "/**", "~/**", "**/*\0"]
)  # fmt: skip
def test_a_glob_that_explodes_or_leads_out_ends_by_its_time(
    glob: str, answer: Answer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SEARCH_SECONDS", 0.5)
    (root / ("a" * 200)).write_text("inside\n")
    assert SECRET not in answer("search", {"pattern": "i", "glob": glob})


@pytest.mark.parametrize("name", ["read_file", "write_file", "edit_file", "list_files", "search", "ask_for_profile"])
@pytest.mark.parametrize(
    "value",
    ["\0", "x" * 1_000_000, "\ud800", "a\0b" * 1_000, "\x1b]0;x\x07"],
    ids=["nul", "huge", "surrogate", "nuls", "escape"],
)
def test_any_argument_is_answered_in_the_room_there_is(name: str, value: str, answer: Answer, root: Path) -> None:
    shapes: dict[str, tuple[str, ...]] = {
        "write_file": ("path", "content"), "edit_file": ("path", "old", "new"), "search": ("pattern", "glob"),
        "ask_for_profile": ("profile", "reason"),
    }  # fmt: skip
    arguments = dict.fromkeys(shapes.get(name, ("path",)), value)
    assert answer(name, arguments).startswith(("error: ", "no file matches the glob '"))
    assert sorted(path.name for path in root.iterdir()) == ["link.py", "out", "src"]


def test_a_huge_content_is_written_whole_or_not_at_all(answer: Answer, root: Path) -> None:
    answer("write_file", {"path": "big.txt", "content": "x" * 3_000_000})
    assert (root / "big.txt").stat().st_size == 3_000_000
    assert len(answer("read_file", {"path": "big.txt"})) <= ROOM
