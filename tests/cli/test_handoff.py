"""Promotion as a process: what the next model is told and finds. Nothing is lost, or told to the wrong one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli import forked
from tests.cli.command import call, environment
from tests.cli.stage import Gate, profile, without_repair, workspace
from tests.examples import by_night
from tests.scripted_provider import Answer, ScriptedProvider, say
from tests.scripted_provider import call as tool

LOCAL, BURST = "coding-local", "coding-burst"
BEFORE = "def add(a, b):\n    return a - b\n"
WRONG = tool("edit_file", {"path": "calc.py", "old": "a - b", "new": "a * b"})
# Not a real one: the shape alone counts.
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
PROGRAM = "import sys, calc\nprint('expected 3 and got', calc.add(1, 2))\nsys.exit(0 if calc.add(1, 2) == 3 else 1)\n"
CHECK = f"PYTHONDONTWRITEBYTECODE=1 {sys.executable} check.py"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return workspace(tmp_path / "ws", {"calc.py": BEFORE, "check.py": PROGRAM, ".gitignore": "*.pyc\n"})


def policy(home: Path, tree: str) -> str:
    """Return the shipped policy with promotion.tree *tree* and without the row `repair`, as a file."""
    return without_repair(home, ("  tree: keep\n", f"  tree: {tree}\n"))


def last_words(provider: ScriptedProvider, request: int = 0) -> str:
    """Return the last user turn of a request."""
    turns = [message for message in provider.chats[request]["messages"] if message["role"] == "user"]
    content = turns[-1]["content"]
    return content if isinstance(content, str) else json.dumps(content)


def run(home: Path, cwd: Path, *more: str) -> Any:
    done = call("run", "fix add in calc.py", "--check", CHECK, "--json", *more, home=home, cwd=cwd)
    return done.code, done.json


def test_the_next_model_is_told_what_was_tried_what_the_check_said_and_what_changed(
    tmp_path: Path, repository: Path
) -> None:
    right = tool("edit_file", {"path": "calc.py", "old": "a * b", "new": "a + b"})
    with (
        ScriptedProvider([WRONG, say("`add` multiplies now.")]) as local,
        ScriptedProvider([right, say("It adds.")]) as burst,
    ):
        profile(tmp_path, LOCAL, local.base_url)
        profile(tmp_path, BURST, burst.base_url)
        code, result = run(tmp_path, repository, "--policy", policy(tmp_path, "keep"))
    assert (code, result["status"], result["summary"]) == (0, "ok", "It adds.")
    told = last_words(burst)
    assert told.startswith("fix add in calc.py\n\nHandoff: ")
    for said in (
        "coding-local (scripted), 2 turns: the verification failed. It said: `add` multiplies now.",
        "ended with exit 1, and failed before any attempt, too:\nexpected 3 and got 2",
        "-    return a - b\n+    return a * b",
        "Its changes are still in the files",
    ):
        assert said in told
    assert "Handoff" not in last_words(local)


def test_with_a_clean_tree_the_next_model_finds_the_original_and_the_first_work_is_kept(
    tmp_path: Path, repository: Path
) -> None:
    more = tool("write_file", {"path": "new.py", "content": "1\n"})
    right = tool("edit_file", {"path": "calc.py", "old": "a - b", "new": "a + b"})
    with (
        ScriptedProvider([WRONG, more, say("half")]) as local,
        ScriptedProvider([tool("read_file", {"path": "calc.py"}), right, say("It adds.")]) as burst,
    ):
        profile(tmp_path, LOCAL, local.base_url)
        profile(tmp_path, BURST, burst.base_url)
        code, result = run(tmp_path, repository, "--policy", policy(tmp_path, "clean"))
    assert (code, result["status"]) == (0, "ok")
    assert "a - b" in burst.chats[1]["messages"][-1]["content"]
    assert "Its changes were taken back" in last_words(burst)
    assert "+    return a * b" in last_words(burst)
    assert (repository / "calc.py").read_text() == BEFORE.replace("a - b", "a + b")
    assert not (repository / "new.py").exists()
    (patch,) = (tmp_path / "state" / "diffs").iterdir()
    assert patch.stat().st_mode & 0o777 == 0o600
    (note,) = [note for note in result["notes"] if "what was tried in them is kept" in note]
    subprocess.run(["git", "checkout", "-q", "calc.py"], cwd=repository, check=True)
    subprocess.run(note.partition("apply it with: ")[2], shell=True, check=True, capture_output=True)
    assert (repository / "calc.py").read_text() == BEFORE.replace("a - b", "a * b")
    assert (repository / "new.py").read_text() == "1\n"


@pytest.mark.parametrize("tree", ["keep", "clean"])
def test_a_secret_that_the_local_model_wrote_never_reaches_another(tmp_path: Path, repository: Path, tree: str) -> None:
    leak = tool("write_file", {"path": "conf.py", "content": f'TOKEN = "{TOKEN}"\n'})
    with ScriptedProvider([WRONG, leak, say("half")]) as local, ScriptedProvider([]) as burst:
        profile(tmp_path, LOCAL, local.base_url)
        profile(tmp_path, BURST, burst.base_url)
        code, result = run(tmp_path, repository, "--policy", policy(tmp_path, tree))
    assert (code, result["status"], burst.requests) == (1, "failed", [])
    assert "the diff of conf.py" in result["steps"][-1]
    assert "coding-burst" not in [attempt["profile"] for attempt in result["attempts"]]
    assert TOKEN not in json.dumps(result)
    assert (repository / "conf.py").exists()
    assert result["summary"] == "half"


def test_a_secret_that_only_the_check_prints_stays_here_too(tmp_path: Path, repository: Path) -> None:
    (repository / "check.py").write_text(f"print('{TOKEN}')\nraise SystemExit(1)\n")
    with ScriptedProvider([WRONG, say("half")]) as local, ScriptedProvider([]) as burst:
        profile(tmp_path, LOCAL, local.base_url)
        profile(tmp_path, BURST, burst.base_url)
        code, result = run(tmp_path, repository, "--policy", policy(tmp_path, "keep"))
    assert (code, burst.requests) == (1, [])
    assert "the last errors" in result["steps"][-1]
    everything = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert all(TOKEN.encode() not in path.read_bytes() for path in everything if path.suffix != ".sqlite-shm")


def test_a_private_path_that_the_local_model_wrote_keeps_the_task_here(tmp_path: Path, repository: Path) -> None:
    (repository / "secrets").mkdir()
    private = tool("write_file", {"path": "secrets/plan.md", "content": "the launch is on Friday\n"})
    with ScriptedProvider([private, say("half")]) as local, ScriptedProvider([]) as burst:
        profile(tmp_path, LOCAL, local.base_url)
        profile(tmp_path, BURST, burst.base_url)
        code, result = run(tmp_path, repository, "--policy", policy(tmp_path, "keep"))
    assert (code, burst.requests) == (1, [])
    assert "secrets/plan.md" in result["steps"][-1]


def test_when_the_promoted_attempt_fails_the_first_ones_summary_check_and_work_are_reported(
    tmp_path: Path, repository: Path
) -> None:
    with (
        ScriptedProvider([WRONG, say("I made it multiply.")]) as local,
        ScriptedProvider([Answer(status=400, body={"error": {"message": "no"}})]) as burst,
    ):
        profile(tmp_path, LOCAL, local.base_url)
        profile(tmp_path, BURST, burst.base_url)
        code, result = run(tmp_path, repository, "--policy", policy(tmp_path, "keep"))
    assert (code, result["status"], result["summary"]) == (1, "failed", "I made it multiply.")
    assert [file["path"] for file in result["verified"]["files_changed"]] == ["calc.py"]
    assert result["verified"]["check"]["exit_code"] == 1
    assert "the check ran before the last attempt, which did not finish" in result["verified"]["unverified"]


@pytest.mark.parametrize("answers_before", [by_night(0), 1])
@pytest.mark.parametrize("sign", [signal.SIGKILL, by_night(signal.SIGINT)])
def test_an_end_in_between_loses_no_work_and_takes_back_none_of_the_next_attempts(
    tmp_path: Path, repository: Path, answers_before: int, sign: signal.Signals
) -> None:
    right = tool("edit_file", {"path": "calc.py", "old": "a - b", "new": "a + b"})
    gate = Gate()
    waits = [right, say("It adds.", gate=gate)] if answers_before else [Answer(calls=right.calls, gate=gate)]
    rest = [say("It adds.")] if answers_before else [right, say("It adds.")]
    with ScriptedProvider([WRONG, say("half")]) as local, ScriptedProvider([*waits, *rest]) as burst:
        profile(tmp_path, LOCAL, local.base_url)
        profile(tmp_path, BURST, burst.base_url)
        arguments = (
            "run",
            "fix add in calc.py",
            "--check",
            CHECK,
            "--thread",
            "t",
            "--policy",
            policy(tmp_path, "clean"),
        )
        with forked.start(*arguments, cwd=repository, environ=environment(tmp_path)) as running:
            assert gate.reached.wait(60)
            running.send_signal(sign)
            _, errors = running.communicate(timeout=60)
        gate.set()
        (patch,) = (tmp_path / "state" / "diffs").iterdir()
        assert b"+    return a * b" in patch.read_bytes()
        assert str(patch) in errors.decode()
        now = BEFORE.replace("a - b", "a + b") if answers_before else BEFORE
        assert (repository / "calc.py").read_text() == now
        done = call("resume", "t", "--json", home=tmp_path, cwd=repository)
    assert done.code == 0, done.err
    assert (repository / "calc.py").read_text() == BEFORE.replace("a - b", "a + b")
    assert list((tmp_path / "state" / "diffs").iterdir()) == [patch]
    assert len(local.chats) == 2


def test_in_a_batch_the_handoff_names_the_workspace_and_the_kept_work_applies_to_it(
    tmp_path: Path, repository: Path
) -> None:
    right = tool("edit_file", {"path": "calc.py", "old": "a - b", "new": "a + b"})
    where = tool("write_file", {"path": "where.txt", "content": "x\n"})
    with (
        ScriptedProvider([WRONG, where, say("half")]) as local,
        ScriptedProvider([right, say("It adds.")]) as burst,
    ):
        profile(tmp_path, LOCAL, local.base_url)
        profile(tmp_path, BURST, burst.base_url)
        task = {"goal": "fix add in calc.py", "check": CHECK}
        tasks = json.dumps([task]).encode()
        arguments = ("batch", "--tasks-json", "-", "--json", "--policy", policy(tmp_path, "clean"))
        done = call(*arguments, home=tmp_path, cwd=repository, stdin=tasks)
    assert done.code == 0, done.err
    (result,) = done.json["results"]
    assert (result["status"], result["merge"]["changed"]) == ("ok", ["calc.py"])
    (note,) = [note for note in result["notes"] if "what was tried in them is kept" in note]
    assert f"git -C {repository} apply" in note
    assert "worktrees" not in note + last_words(burst)
    assert (repository / "calc.py").read_text() == BEFORE.replace("a - b", "a + b")
    assert not (repository / "where.txt").exists()
    assert "+    return a * b" in last_words(burst)
