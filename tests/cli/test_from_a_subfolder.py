"""A run from a folder below the workspace's root: files, texts, check and batch are meant from that folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import Done, call, environment
from tests.cli.stage import profile, workspace
from tests.scripted_provider import Answer, ScriptedProvider, say
from tests.scripted_provider import call as tool

from profile_router.core.task import Task
from profile_router.runs.setup import prepare

FILES = {"a.py": "x = 1\n", "pkg/a.py": "x = 2\n", "pkg/sub/b.py": "", "lib/c.py": "", "README.md": "root\n"} | {
    ".gitignore": "__pycache__/\n"
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return workspace(tmp_path / "ws", FILES)


def ran(home: Path, cwd: Path, *arguments: str, answers: tuple[Answer, ...] = (say("done"),)) -> tuple[Done, str]:
    """Return how a run ended, and the task as its model read it."""
    with ScriptedProvider(answers=list(answers), models=("scripted",)) as local:
        profile(home, "coding-local", local.base_url)
        profile(home, "coding-burst", local.base_url)
        done = call("run", *arguments, "--profile", "coding-local", "--json", home=home, cwd=cwd)
        text = local.chats[0]["messages"][-1]["content"] if local.chats else ""
    return done, text


@pytest.mark.parametrize(
    ("inside", "arguments", "told"),
    [
        ("pkg", ("explain x in a.py", "--file", "a.py"), ("explain x in pkg/a.py", "of them): pkg/a.py")),
        ("pkg", ("explain x in ./a.py:1, then in ../lib/c.py",), ("explain x in pkg/a.py:1, then in lib/c.py",)),
        ("pkg/sub", ("explain x in ../a.py and ../../a.py",), ("explain x in pkg/a.py and a.py",)),
        ("pkg", ("look at sub/ and sub/*.py",), ("look at pkg/sub/ and pkg/sub/*.py",)),
        ("pkg", ("explain README.md", "--file", "README.md"), ("explain README.md", "of them): README.md")),
        ("pkg", ("see x", "--file", "sub/*.py"), ("of them): pkg/sub/*.py",)),
        ("pkg", ("see ../new.py and https://example.org/a.py",), ("see new.py and https://example.org/a.py",)),
        ("", ("explain x in a.py", "--file", "a.py"), ("explain x in a.py", "of them): a.py")),
    ],
)
def test_the_model_is_told_paths_below_the_root_of_what_the_user_stands_in(
    tmp_path: Path, repository: Path, inside: str, arguments: tuple[str, ...], told: tuple[str, ...]
) -> None:
    done, text = ran(tmp_path, repository / inside, *arguments)
    assert done.code == 0, done.err
    assert all(part in text for part in told), text
    assert (f"The user stands in {inside}/" in text) == bool(inside)


def test_where_folder_and_root_have_the_name_what_was_taken_is_said(tmp_path: Path, repository: Path) -> None:
    done, _ = ran(tmp_path, repository / "pkg", "explain x in a.py", "--file", "a.py")
    assert done.json["warnings"][0] == "a.py is taken as pkg/a.py, where you stand; a.py is another"
    assert done.json["route"]["evidence"]["files"][0]["path"] == "pkg/a.py"


def test_a_file_out_of_the_workspace_is_refused_before_any_attempt(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "out.py").write_text("")
    (repository / "pkg/link.py").symlink_to(tmp_path / "out.py")
    for value in ("../../out.py", "link.py", str(tmp_path / "out.py")):
        done, asked = ran(tmp_path, repository / "pkg", "see it", "--file", value)
        assert (done.code, asked) == (2, ""), value
        assert f"{tmp_path / 'out.py'} lies outside of the workspace {repository}" in done.err
        assert f"`--workspace {tmp_path}`" in done.err


@pytest.mark.parametrize("way", ["run", "batch"])
def test_it_is_refused_by_each_way_in(tmp_path: Path, repository: Path, way: str) -> None:
    (tmp_path / "out.py").write_text("")
    profile(tmp_path, "coding-local", "http://127.0.0.1:9/v1")
    profile(tmp_path, "coding-burst", "http://127.0.0.1:9/v1")
    task = {"goal": "see it", "files": ["../out.py"]}
    option, told = ("--task-json", task) if way == "run" else ("--tasks-json", [task])
    done = call(way, option, "-", home=tmp_path, cwd=repository, stdin=json.dumps(told).encode())
    assert done.code == 2
    assert "lies outside of the workspace" in done.err + done.out


def test_a_run_that_began_with_such_a_file_goes_on_with_it(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "out.py").write_text("")
    profile(tmp_path, "coding-local", "http://127.0.0.1:9/v1")
    profile(tmp_path, "coding-burst", "http://127.0.0.1:9/v1")
    task = Task(goal="see it", files=(str(tmp_path / "out.py"),))
    setup = prepare(task, None, environment(tmp_path), repository, to_run=True)
    assert setup.task.files == (str(tmp_path / "out.py"),)


def test_a_link_is_taken_as_the_file_it_leads_to_for_no_tool_follows_one(tmp_path: Path, repository: Path) -> None:
    (repository / "pkg/link.py").symlink_to("../lib/c.py")
    _, text = ran(tmp_path, repository / "pkg", "explain link.py", "--file", "link.py")
    assert "explain lib/c.py" in text
    assert "of them): lib/c.py" in text


def test_a_link_with_a_private_name_stays_private(tmp_path: Path, repository: Path) -> None:
    (repository / "pkg/.env").symlink_to("../lib/c.py")
    done = call("route", "see it", "--file", ".env", "--json", home=tmp_path, cwd=repository / "pkg")
    assert done.json["rule"] == "private", done.out


def test_a_file_that_is_nowhere_is_looked_for_in_both_places(tmp_path: Path, repository: Path) -> None:
    done, _ = ran(tmp_path, repository / "pkg", "see it", "--file", "nope.py")
    assert done.code == 2
    assert f"--file 'nope.py' does not exist; looked in {repository}/pkg and {repository}" in done.err
    nothing_was_begun(tmp_path, done)


@pytest.mark.parametrize("given", [("--file", "*.nope"), ("--image", "nope.png"), ("--image", "a.py"), ("--file", "")])
def test_a_call_with_a_file_that_cannot_be_had_begins_no_thread(
    tmp_path: Path, repository: Path, given: tuple[str, str]
) -> None:
    done = call("run", "see it", *given, home=tmp_path, cwd=repository / "pkg")
    assert (done.code, given[0] in done.err) == (2, True), done.err
    nothing_was_begun(tmp_path, done)


def nothing_was_begun(home: Path, done: Done) -> None:
    assert len(done.err.strip().splitlines()) == 1, done.err
    assert call("threads", "--json", home=home).json["threads"] == []
    assert call("history", "--json", home=home).json["runs"] == []


EDITS = tool("edit_file", {"path": "pkg/a.py", "old": "x = 2", "new": "x = 3"}), say("done")


CHECK = f"{sys.executable} -c 'import a; assert a.x == 3, a.x'"


def test_the_check_runs_in_the_folder_that_the_user_stands_in(tmp_path: Path, repository: Path) -> None:
    done, _ = ran(tmp_path, repository / "pkg", "set x in a.py", "--check", CHECK, answers=EDITS)
    assert done.code == 0, done.out
    check = done.json["verified"]["check"]
    assert (check["passed"], check["folder"]) == (True, "pkg")
    assert (repository / "a.py").read_text() == "x = 1\n"


def batch(home: Path, cwd: Path, tasks: list[dict[str, Any]], *answers: Answer) -> tuple[Done, str]:
    with ScriptedProvider(answers=list(answers), models=("scripted",)) as local:
        profile(home, "coding-local", local.base_url)
        profile(home, "coding-burst", local.base_url)
        stdin = json.dumps(tasks).encode()
        done = call("batch", "--tasks-json", "-", "--json", home=home, cwd=cwd, stdin=stdin)
        return done, local.chats[0]["messages"][-1]["content"] if local.chats else ""


def test_in_the_copy_of_a_batch_it_is_the_same_folder(tmp_path: Path, repository: Path) -> None:
    task = {"goal": "set x in a.py", "files": ["a.py"], "check": CHECK, "profile": "coding-local"}
    done, text = batch(tmp_path, repository / "pkg", [task], *EDITS)
    (result,) = done.json["results"]
    assert result["status"] == "ok", done.out
    assert result["merge"] == {"merged": True, "changed": ["pkg/a.py"]}
    assert "set x in pkg/a.py" in text
    assert (repository / "pkg/a.py").read_text() == "x = 3\n"


def test_a_task_on_stdin_is_placed_as_one_of_flags(tmp_path: Path, repository: Path) -> None:
    task = json.dumps({"goal": "explain a.py", "files": ["./a.py"], "profile": "coding-local"}).encode()
    with ScriptedProvider(answers=[say("done")], models=("scripted",)) as local:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", local.base_url)
        done = call("run", "--task-json", "-", "--json", home=tmp_path, cwd=repository / "pkg", stdin=task)
        text = local.chats[0]["messages"][-1]["content"]
    assert text.startswith("explain pkg/a.py\n"), done.err
    assert "of them): pkg/a.py" in text


def test_another_spelling_of_the_workspace_becomes_one_that_the_tools_take(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "link").symlink_to(repository)
    _, text = ran(tmp_path, repository, f"explain {tmp_path}/link/pkg/a.py and ~/ws/lib/c.py, not {repository}/a.py")
    assert text.startswith(f"explain pkg/a.py and lib/c.py, not {repository}/a.py")
