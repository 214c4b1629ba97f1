"""A repository inside of the workspace's: what the tools write there is seen, told to the next model, and kept."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import call
from tests.cli.stage import profile, workspace
from tests.examples import each
from tests.scripted_provider import Answer, ScriptedProvider, say
from tests.scripted_provider import call as tool

WRITE = tool("edit_file", {"path": "inner/lib.py", "old": "x = 1", "new": "x = 2"})
KINDS = ["submodule", "nested", "ignored"]


@pytest.fixture
def repository(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return a repository with another one in it: as a submodule, untracked, or ignored."""
    top = workspace(tmp_path / "ws", {"a.py": "a\n", ".gitignore": "inner/\n" if request.param == "ignored" else ""})
    inner = workspace(top / "inner", {"lib.py": "x = 1\n"})
    if request.param == "submodule":
        git = ["git", "-c", "protocol.file.allow=always", "-C", str(top), "submodule", "--quiet", "add", f"{inner}"]
        subprocess.run([*git, "inner"], check=True, capture_output=True)
    return top


def ran(home: Path, cwd: Path, *answers: Answer, tasks: list[dict[str, Any]] | None = None, check: str = "") -> Any:
    with (
        ScriptedProvider(answers=list(answers), models=("scripted",)) as local,
        ScriptedProvider(answers=[say("I looked.")], models=("scripted",)) as burst,
    ):
        profile(home, "coding-local", local.base_url)
        profile(home, "coding-burst", burst.base_url)
        if tasks is None:
            arguments = ("--check", check) if check else ()
            return call("run", "set x", *arguments, "--json", home=home, cwd=cwd), burst.chats
        stdin = json.dumps(tasks).encode()
        return call("batch", "--tasks-json", "-", "--json", home=home, cwd=cwd, stdin=stdin), burst.chats


def changed(result: Any) -> list[Any]:
    return [[file["path"], file["lines_added"], file["lines_removed"]] for file in result["verified"]["files_changed"]]


@pytest.mark.parametrize("repository", each(3, KINDS, str), indirect=True)
def test_what_the_tools_wrote_there_counts_as_changed(tmp_path: Path, repository: Path) -> None:
    done, _ = ran(tmp_path, repository, WRITE, say("done"))
    assert done.code == 0, done.err
    assert changed(done.json) == [["inner/lib.py", 1, 1]]


@pytest.mark.parametrize("repository", each(3, KINDS[1:], str), indirect=True)
def test_the_next_model_is_told_what_was_changed_there(tmp_path: Path, repository: Path) -> None:
    done, chats = ran(tmp_path, repository, WRITE, say("done"), say("no better"), check="false")
    assert done.code == 1
    handoff = chats[0]["messages"][-1]["content"]
    assert "It changed no file" not in handoff
    assert "inner/lib.py" in handoff
    assert "+x = 2" in handoff


@pytest.mark.parametrize("repository", KINDS, indirect=True)
def test_a_batch_does_the_work_there_and_says_how(tmp_path: Path, repository: Path) -> None:
    tasks = [{"goal": "set x in inner/lib.py", "files": ["inner/lib.py"], "profile": "coding-local"}]
    done, _ = ran(tmp_path, repository, WRITE, say("done"), tasks=tasks)
    (result,) = done.json["results"]
    assert result["status"] == "ok", done.out
    assert changed(result) == [["inner/lib.py", 1, 1]]
    assert (repository / "inner/lib.py").read_text() == "x = 2\n"
    assert any(note.startswith("one writer at a time: ") for note in result["notes"])
