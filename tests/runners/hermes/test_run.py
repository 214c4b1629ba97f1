"""`profile-router run` with Hermes installed: which runner an attempt gets, and that its receipt names it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.cli import forked
from tests.cli.command import Done, call, environment
from tests.cli.mortal import killed_at_work
from tests.examples import by_night
from tests.fakes import BURST
from tests.git.git_repository import run_git, write_files
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import Answer, ScriptedProvider, say
from tests.scripted_provider import call as tool

from profile_router.machine.hermes_program import HERMES_VARIABLE
from profile_router.policies.file import SHIPPED


def run(stage: Stage, *more: str, python: Path | str | None = None) -> Done:
    extra = {**stage.environ, HERMES_VARIABLE: str(python or stage.hermes.python)}
    wanted = ("run", "find a typo", "--workspace", str(stage.workspace), "--json", *more)
    return call(*wanted, home=stage.folder, extra=extra)


@pytest.mark.parametrize(
    ("window", "more", "runner"),
    [by_night(65_536, (), "hermes"), (32_768, (), "embedded"), (65_536, ("--local-only",), "embedded")],
)
def test_hermes_runs_what_is_large_enough_and_not_private_and_starts_for_nothing_else(
    stage: Stage, window: int, more: tuple[str, ...], runner: str
) -> None:
    python = stage.folder / "python"
    python.write_text(f'#!/bin/sh\necho $$ >> "{stage.folder}/children"\nexec "{stage.hermes.python}" "$@"\n')
    python.chmod(0o755)
    with ScriptedProvider([say("did it")]) as local, ScriptedProvider() as burst:
        stage.profile(local.base_url, window=window)
        stage.profile(burst.base_url, BURST)
        done = run(stage, *more, python=python)
    assert done.code == 0, done.err
    assert (stage.folder / "children").exists() is (runner == "hermes")
    (receipt,) = done.json["attempts"]
    assert (receipt["runner"], receipt["outcome"]) == (runner, "ok")
    assert done.json["summary"] == "did it"


def test_a_model_elsewhere_is_sent_nothing_of_a_private_folder_that_git_ignores(stage: Stage) -> None:
    """Hermes' own tools would read it out: so Hermes is not chosen, though on PATH with a wide window."""
    plan = "the merger with Umbra is signed on Friday"
    write_files(stage.workspace, {"app.py": "x = 1\n", ".gitignore": "secrets/\n", "secrets/plan.txt": f"{plan}\n"})
    reads = [tool("read_file", {"path": "secrets/plan.txt"}), tool("search_files", {"pattern": "merger"})]
    with ScriptedProvider([*reads, say("fixed")]) as burst, ScriptedProvider() as local:
        stage.profile(local.base_url)
        stage.profile(burst.base_url, BURST, window=200_000)
        wanted = ("run", "Read app.py", "--profile", BURST, "--toolsets", "file", "--yes", "--json")
        path = f"{stage.hermes.python.parent}{os.pathsep}{os.environ['PATH']}"
        extra = {**stage.environ, "PATH": path, HERMES_VARIABLE: ""}
        done = call(*wanted, "--workspace", str(stage.workspace), home=stage.folder, extra=extra)
    assert done.code == 0, done.err
    assert [attempt["runner"] for attempt in done.json["attempts"]] == ["embedded"]
    assert len(burst.chats) == 3
    sent = json.dumps(burst.chats)
    assert "withheld: secrets/plan.txt is private" in sent
    assert "Umbra" not in sent


def test_a_policy_that_insists_on_hermes_is_refused_where_there_is_none(stage: Stage) -> None:
    stage.profile("http://127.0.0.1:9/v1")
    stage.profile("http://127.0.0.1:9/v1", BURST)
    policy = stage.folder / "policy.yaml"
    policy.write_text(SHIPPED.read_text().replace("\nrunner: auto\n", "\nrunner: hermes\n"))
    done = run(stage, "--policy", str(policy), python="none")
    assert done.code == 2
    assert "says `runner: hermes`, but there is no hermes on PATH" in done.err


def test_a_hermes_on_the_machine_does_not_take_the_demos_part(stage: Stage) -> None:
    """The demo's stand-ins know the embedded runner's tools, and its cloud window is large enough for Hermes."""
    path = f"{stage.hermes.python.parent}{os.pathsep}{os.environ['PATH']}"
    done = call("demo", "--json", home=stage.folder, extra={"PATH": path, HERMES_VARIABLE: ""})
    assert done.code == 0, done.err
    assert [attempt["runner"] for attempt in done.json["attempts"]] == ["none", "embedded"]


@pytest.mark.nightly
def test_what_hermes_own_tool_wrote_is_taken_back_unasked(stage: Stage) -> None:
    write_files(stage.workspace, {"app.py": "x = 1\n"})
    run_git(stage.workspace, "init", "-q")
    make = tool("write_file", {"path": "new.txt", "content": "y = 1\n"})
    with (
        ScriptedProvider([make, *[say("did it")] * 4]) as local,
        ScriptedProvider() as burst,
    ):
        stage.profile(local.base_url)
        stage.profile(burst.base_url, BURST)
        done = run(stage, "--toolsets", "file")
    assert (done.json["attempts"][0]["runner"], (stage.workspace / "new.txt").exists()) == ("hermes", True), done.err
    (stage.workspace / "app.py").write_text("mine\n")
    back = call("undo", done.json["run"], "--json", home=stage.folder, extra=stage.environ).json
    assert (back["status"], back["files"], back["during"]) == ("ok", ["new.txt"], ["new.txt"])
    assert (stage.workspace / "new.txt").exists() is False
    assert (stage.workspace / "app.py").read_text() == "mine\n"


@pytest.mark.nightly
def test_killed_within_hermes_turn_what_it_wrote_is_taken_back_and_what_came_later_is_asked_about(stage: Stage) -> None:
    write_files(stage.workspace, {"app.py": "x = 1\n"})
    run_git(stage.workspace, "init", "-q")
    make, made = tool("write_file", {"path": "new.txt", "content": "y = 1\n"}), stage.workspace / "new.txt"
    extra = {**stage.environ, HERMES_VARIABLE: str(stage.hermes.python)}
    wanted = ("run", "fix a typo", "--workspace", str(stage.workspace), "--toolsets", "file", "--thread", "t", "--json")
    with ScriptedProvider([make, *[Answer(stall=True)] * 3]) as local, ScriptedProvider() as burst:
        stage.profile(local.base_url)
        stage.profile(burst.base_url, BURST)
        with forked.start(*wanted, cwd=stage.folder, environ=environment(stage.folder, extra)) as fork:
            killed_at_work(fork, made, stage.folder)
    (stage.workspace / "app.py").write_text("mine\n")
    asked = call("undo", "t", "--json", home=stage.folder, extra=stage.environ).json
    assert (asked["status"], asked["unsure"]) == ("unsure", ["app.py"])
    (stage.workspace / "app.py").write_text("x = 1\n")
    back = call("undo", "t", "--json", home=stage.folder, extra=stage.environ).json
    assert (back["status"], back["files"], made.exists()) == ("ok", ["new.txt"], False)
