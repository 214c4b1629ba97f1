"""A task without a git repository works in the folder of its file, or no model is asked at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import call
from tests.cli.stage import profile, workspace
from tests.scripted_provider import ScriptedProvider, say
from tests.scripted_provider import call as tool

EDIT = tool("edit_file", {"path": "a.py", "old": "x = 1", "new": "x = 2"})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "plain/src").mkdir(parents=True)
    (tmp_path / "plain/src/a.py").write_text("x = 1\n")
    return tmp_path / "home"


def ran(home: Path, cwd: Path, command: str, *arguments: str, stdin: bytes = b"") -> tuple[Any, list[Any]]:
    with ScriptedProvider(answers=[EDIT, say("done")], models=("scripted",)) as burst:
        for name in ("coding-local", "coding-burst"):
            profile(home, name, burst.base_url)
        return call(command, *arguments, "--json", home=home, cwd=cwd, stdin=stdin), burst.chats


@pytest.mark.parametrize("inside", ["plain", "plain/src"])
def test_the_folder_of_the_file_is_the_workspace(home: Path, tmp_path: Path, inside: str) -> None:
    file = tmp_path / "plain/src/a.py"
    value = str(file.relative_to(tmp_path / inside))
    done, chats = ran(home, tmp_path / inside, "run", f"change x in {value}", "--file", value)
    assert done.code == 0, done.err
    assert file.read_text() == "x = 2\n"
    assert "! folder      no git repository: " in done.err.partition("classify")[0]
    assert chats[0]["messages"][-1]["content"].startswith("change x in a.py\n")


def test_a_repository_around_the_file_is_the_workspace(home: Path, tmp_path: Path) -> None:
    top = workspace(tmp_path / "ws", {"a.py": "x = 1\n", "pkg/b.py": ""})
    done, _ = ran(
        home, tmp_path / "plain", "run", "change x", "--file", str(top / "pkg/b.py"), "--profile", "coding-burst"
    )
    assert [file["path"] for file in done.json["verified"]["files_changed"]] == ["a.py"], done.err


@pytest.mark.parametrize("goal", ["fix the typo in README.md", "Add a retry to the client", "rename x to y in a.py"])
def test_an_edit_without_a_folder_is_refused_before_any_call(home: Path, tmp_path: Path, goal: str) -> None:
    for arguments in ((), ("--profile", "coding-burst")):
        done, chats = ran(home, tmp_path / "plain", "run", goal, *arguments)
        assert (done.code, chats) == (2, []), done.out
        assert "no folder to edit in" in done.err
        assert "--workspace" in done.err
    done, chats = ran(
        home, tmp_path / "plain", "batch", "--tasks-json", "-", stdin=json.dumps([{"goal": goal}]).encode()
    )
    assert (done.code, chats) == (2, [])
    assert "no folder to edit in" in done.json["results"][0]["error"]


def test_the_folder_that_holds_the_home_is_not_taken_for_a_file_in_it(home: Path) -> None:
    (home / "a.py").write_text("x = 1\n")
    done, chats = ran(home, home, "run", "change x in a.py", "--file", "a.py")
    assert (done.code, chats) == (2, []), done.out


def test_what_only_asks_needs_no_folder(home: Path, tmp_path: Path) -> None:
    done, chats = ran(home, tmp_path / "plain", "run", "What is a monad?")
    assert (done.code, len(chats)) == (0, 2), done.err
