"""A check is run before any work. A misspelt one costs nothing, and the end tells what was red before."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.cli.command import call
from tests.cli.stage import profile, workspace
from tests.examples import each
from tests.scripted_provider import ScriptedProvider, say
from tests.scripted_provider import call as tool

FIX = tool("write_file", {"path": "calc.py", "content": "def add(a, b):\n    return a + b\n"})
CHECK = f'{sys.executable} -B -c "import calc; assert calc.add(1, 2) == 3"'


@pytest.fixture
def ws(tmp_path: Path) -> Path:
    return workspace(tmp_path / "ws", {"calc.py": "def add(a, b):\n    return a - b\n"})


@pytest.mark.parametrize("where", ["run", "batch"])
def test_a_misspelt_check_ends_a_run_before_any_model_is_asked(tmp_path: Path, ws: Path, where: str) -> None:
    with ScriptedProvider([]) as local:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", local.base_url)
        task = {"goal": "fix add in calc.py", "check": "pytset -q"}
        asked = ("run", task["goal"], "--check", task["check"]) if where == "run" else ("batch", "--tasks-json", "-")
        done = call(*asked, "--json", home=tmp_path, cwd=ws, stdin=json.dumps([task]).encode())
        assert local.chats == []
    said = done.err if where == "run" else done.json["results"][0]["error"]
    assert "the check cannot run: `pytset -q` ended with exit 127" in said
    name = "--check" if where == "run" else "check"
    assert f"a command that runs in {ws}, or leave {name} out" in said
    assert done.code == 2
    assert "no run was interrupted" in call("resume", home=tmp_path).err


def test_what_was_red_before_is_told_with_the_verdict_and_in_the_story(tmp_path: Path, ws: Path) -> None:
    with ScriptedProvider([FIX, say("It adds now.")]) as local:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", local.base_url)
        done = call("run", "fix add in calc.py", "--check", CHECK, home=tmp_path, cwd=ws)
    assert done.code == 0, done.err
    assert done.out.startswith("✓ verified")
    assert ": passed, red before" in done.out.splitlines()[0]
    assert "● check       before the work: " in done.err
    run = call("history", "--json", home=tmp_path).json["runs"][0]["id"]
    first, second = call("show", run, "--json", home=tmp_path).json["verifications"]
    assert (first["stage"], first["passed"], second["stage"], second["passed"]) == ("before", False, "after", True)
    told = call("show", run, home=tmp_path).out
    assert "before the work: " in told
    assert "passed, red before" in told


GONE = "http://127.0.0.1:9/v1"  # nobody listens there
TASK = {"goal": "fix add in calc.py", "check": "pytst -q"}
WITHOUT_A_MODEL: dict[str, list[str]] = {
    "flags": ["run", TASK["goal"], "--check", TASK["check"]],
    "only local": ["run", TASK["goal"], "--check", TASK["check"], "--local-only"],
    "a batch": ["batch", "--tasks-json", "-"],
    "as Hermes asks": ["run", "--task-json", "-"],
}


@pytest.mark.parametrize("how", each(2, WITHOUT_A_MODEL, str))
def test_a_misspelt_check_is_named_where_the_server_is_down_and_there_is_no_key(
    tmp_path: Path, ws: Path, how: str
) -> None:
    profile(tmp_path, "coding-local", GONE)
    profile(tmp_path, "coding-burst", "https://models.example.com/v1")
    tasks = json.dumps([TASK] if how == "a batch" else TASK)
    done = call(*WITHOUT_A_MODEL[how], "--json", home=tmp_path, cwd=ws, stdin=tasks.encode())
    said = done.json["results"][0]["error"] if how == "a batch" else done.err
    assert "the check cannot run: `pytst -q` ended with exit 127" in said
    assert done.code == 2
    assert call("history", "--json", home=tmp_path).json["runs"] == [], "no model was asked: it is not a run"


def test_a_check_that_can_run_still_leaves_a_run_without_a_model_refused(tmp_path: Path, ws: Path) -> None:
    profile(tmp_path, "coding-local", GONE)
    done = call("run", "fix add in calc.py", "--check", CHECK, "--local-only", "--json", home=tmp_path, cwd=ws)
    assert (done.code, done.json["verdict"]) == (3, "refused")
    assert done.json["verified"]["before"]["check"]["passed"] is False
