"""A repair as a process: a new prompt with what the check said, at home, once, whatever interrupts it."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.cli import forked
from tests.cli.command import call, environment
from tests.cli.stage import Gate, profile, workspace
from tests.cli.test_handoff import BEFORE, BURST, CHECK, LOCAL, PROGRAM, WRONG, last_words, run
from tests.examples import by_night
from tests.scripted_provider import Answer, ScriptedProvider, say
from tests.scripted_provider import call as tool

CLAIM = say("`add` multiplies now, and all tests pass.")
RIGHT = tool("edit_file", {"path": "calc.py", "old": "a * b", "new": "a + b"})
AFTER = BEFORE.replace("a - b", "a + b")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return workspace(tmp_path / "ws", {"calc.py": BEFORE, "check.py": PROGRAM, ".gitignore": "*.pyc\n"})


@pytest.mark.parametrize("options", [(), ("--local-only",)], ids=["any", "private"])
def test_the_same_model_repairs_its_work_by_what_the_check_said_in_a_new_prompt(
    tmp_path: Path, repository: Path, options: tuple[str, ...]
) -> None:
    with ScriptedProvider([WRONG, CLAIM, RIGHT, say("It adds.")]) as local, ScriptedProvider([]) as burst:
        profile(tmp_path, LOCAL, local.base_url)
        profile(tmp_path, BURST, burst.base_url)
        code, result = run(tmp_path, repository, *options)
    assert (code, result["summary"], (repository / "calc.py").read_text()) == (0, "It adds.", AFTER)
    assert [one["step"] for one in result["attempts"]] == ["route", "repair"]
    assert result["steps"] == ["the verification failed → coding-local repairs it, once"]
    assert [name for name in result if name not in ("v", "time", "run")][:4] == [
        "status",
        "verdict",
        "verified",
        "summary",
    ]
    told = last_words(local, 2)
    assert told.startswith("fix add in calc.py\n\nRepair: ")
    assert (
        "ended with exit 1, and failed before any attempt, too:\nexpected 3 and got 2\n\nThe work is still in the files"
        in told
    )
    assert "-    return a - b\n+    return a * b" in told
    assert [message["role"] for message in local.chats[2]["messages"]] == ["system", "user"]
    assert "multiplies now" not in json.dumps(local.chats[2])
    assert burst.requests == []


@pytest.mark.parametrize("held", [by_night(2, name="before its answer"), pytest.param(3, id="after its edit")])
def test_a_repair_that_is_killed_is_taken_up_and_not_made_twice(tmp_path: Path, repository: Path, held: int) -> None:
    gate = Gate()
    script: list[Answer] = [WRONG, CLAIM, RIGHT, say("It adds.")]
    waits = Answer(calls=script[held].calls, text=script[held].text, gate=gate)
    answers = [*script[:held], waits, *script[held:]]
    with ScriptedProvider(answers) as local, ScriptedProvider([]) as burst:
        profile(tmp_path, LOCAL, local.base_url)
        profile(tmp_path, BURST, burst.base_url)
        words = ("run", "fix add in calc.py", "--check", CHECK, "--thread", "t")
        with forked.start(*words, cwd=repository, environ=environment(tmp_path)) as running:
            assert gate.reached.wait(60)
            running.send_signal(signal.SIGKILL)
            running.communicate(timeout=60)
        gate.set()
        done = call("resume", "t", "--json", home=tmp_path, cwd=repository)
    assert (done.code, len(local.chats), burst.requests) == (0, 5, []), done.err
    assert [(one["step"], one["verdict"]) for one in done.json["attempts"]] == [
        ("route", "verification-failed"),
        ("repair", "ok"),
    ]
    assert (repository / "calc.py").read_text() == AFTER


def test_in_a_batch_a_repair_works_in_its_copy_and_is_merged(tmp_path: Path, repository: Path) -> None:
    tasks: list[dict[str, Any]] = [{"goal": "fix add in calc.py", "check": CHECK}]
    with ScriptedProvider([WRONG, CLAIM, RIGHT, say("It adds.")]) as local, ScriptedProvider([]) as burst:
        profile(tmp_path, LOCAL, local.base_url)
        profile(tmp_path, BURST, burst.base_url)
        arguments = ("batch", "--tasks-json", "-", "--json")
        done = call(*arguments, home=tmp_path, cwd=repository, stdin=json.dumps(tasks).encode())
    assert done.code == 0, done.err
    (result,) = done.json["results"]
    assert ([one["step"] for one in result["attempts"]], result["merge"]["changed"]) == (
        ["route", "repair"],
        ["calc.py"],
    )
    assert (repository / "calc.py").read_text() == AFTER
    assert "Repair: " in last_words(local, 2)


def test_a_check_whose_output_holds_a_secret_is_repaired_here_and_its_secret_is_masked(
    tmp_path: Path, repository: Path
) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
    (repository / "check.py").write_text(f"print('{token}')\nraise SystemExit(1)\n")
    with ScriptedProvider([WRONG, CLAIM, say("no better")]) as local, ScriptedProvider([]) as burst:
        profile(tmp_path, LOCAL, local.base_url)
        profile(tmp_path, BURST, burst.base_url)
        code, result = run(tmp_path, repository)
    assert (code, len(local.chats), burst.requests) == (1, 3, [])
    assert token not in last_words(local, 2) + json.dumps(result)
    assert "token of GitHub" in last_words(local, 2)
