"""What can be called by name: the tool route_task, `/profile-router` in a chat, `hermes profile-router …`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import Parent, program, server
from tests.runners.hermes.stage import Stage

from profile_router.hermes_older import asking
from profile_router.hermes_plugin import surfaces
from profile_router.hermes_plugin.settings import Settings

TELLS_ITS_WORDS = "import sys; print(sys.argv[1:])"


@pytest.fixture
def router(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what puts a router that runs the given Python code in the place of ours."""

    def put(code: str) -> None:
        wanted = Settings(command=program(tmp_path, code))
        monkeypatch.setattr(surfaces, "plugin_settings", lambda: wanted)

    return put


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('route "fix the typo"', ["route", "--", "fix the typo"]),
        ("route the requests through a proxy", ["route", "--", "the requests through a proxy"]),
        ('route "fix it" --as coding-burst --json', ["route", "fix it", "--profile", "coding-burst", "--json"]),
        ("doctor", ["doctor"]),
        ("doctor --json", ["doctor", "--json"]),
        ("doctor the broken test", ["route", "--", "doctor the broken test"]),
        ("profiles of all users leak", ["route", "--", "profiles of all users leak"]),
        ("route", ["route", "--", "route"]),
        ("budget", ["budget"]),
        ("history --json", ["history", "--json"]),
        ("history of the crash", ["route", "--", "history of the crash"]),
        ("show the crash", ["route", "--", "show the crash"]),
    ],
)
def test_what_is_not_a_command_in_a_chat_is_a_task(router: Any, text: str, words: list[str]) -> None:
    router(TELLS_ITS_WORDS)
    assert surfaces.in_chat(text) == str(words)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no delegated child has begun"),
        (" ", "no delegated child has begun"),
        ('route "fix', "No closing quotation"),
    ],
)
def test_a_chat_is_told_in_one_line_what_was_wrong(router: Any, text: str, said: str) -> None:
    router("raise SystemExit('it was called')")
    assert said in surfaces.in_chat(text)
    assert len(surfaces.in_chat(text).splitlines()) == 1


def test_while_one_chat_waits_for_its_answer_the_others_go_on(
    router: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hermes' gateway calls a command in the one loop of all its chats."""
    went_on = tmp_path / "went on"
    monkeypatch.setattr(surfaces, "_DECIDING_S", 20.0)
    router(f"import os, time\nwhile not os.path.exists({str(went_on)!r}): time.sleep(0.01)\nprint('decided')")

    async def chats() -> str:
        waiting = asyncio.create_task(surfaces.answer_in_chat("do it"))
        await asyncio.sleep(0)
        went_on.touch()
        return await waiting

    assert asyncio.run(chats()) == "decided"


def test_a_router_that_hangs_is_said_to(router: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surfaces, "_DECIDING_S", 0.2)
    router("import time; time.sleep(60)")
    assert surfaces.in_chat("do it") == "profile-router: the router did not answer within 0.2 s"
    assert "did not answer" in json.loads(surfaces.handle_route_task({"goal": "do it"}))["error"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (None, "goal is missing"),
        ({}, "goal is missing"),
        ({"goal": " "}, "goal is missing"),
        ({"goal": "do it", "modle": "x"}, "unknown argument 'modle' (allowed: goal, context, "),
        ({"goal": "do it", "run": "perhaps"}, "'run' is \"perhaps\" (allowed: true or false)"),
    ],
)
def test_the_tool_says_what_is_wrong_with_its_arguments(router: Any, args: Any, said: str) -> None:
    router("raise SystemExit('it was called')")
    assert said in json.loads(asking.route_task_and_run(args))["error"]


@pytest.mark.parametrize("run", [True, False])
def test_the_tool_of_a_hermes_with_a_seam_runs_nothing(router: Any, run: bool) -> None:
    router("raise SystemExit('it was called')")
    said = json.loads(surfaces.handle_route_task({"goal": "do it", "run": run}))["error"]
    assert said.startswith("unknown argument 'run' (allowed: goal, ")


def test_the_tool_tells_why_the_router_did_not_decide(router: Any) -> None:
    router("import sys; print('garbage'); sys.exit('profile-router: the policy cannot be read')")
    error = json.loads(surfaces.handle_route_task({"goal": "do it"}))["error"]
    assert error == "the router ended with 1 and said: profile-router: the policy cannot be read"


def test_the_tool_runs_nothing_while_the_operator_has_paused_delegation(
    router: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegation = types.ModuleType("tools.delegate_tool")
    vars(delegation)["is_spawn_paused"] = lambda: True
    monkeypatch.setitem(sys.modules, "tools.delegate_tool", delegation)
    router("raise SystemExit('it was called')")
    monkeypatch.setattr(asking, "plugin_settings", lambda: Settings(command=(sys.executable,)))
    assert "delegation is paused" in json.loads(asking.route_task_and_run({"goal": "do it", "run": True}))["error"]


@pytest.mark.parametrize(
    ("words", "passed"),
    [
        (["run", "it", "--as", "a"], ["run", "it", "--profile", "a"]),
        (["--as=a"], ["--profile=a"]),
        (["route", "--", "--as", "a"], ["route", "--", "--as", "a"]),
        (["route", "use --as"], ["route", "use --as"]),
        (["--", "route", "it", "--profile", "a"], ["route", "it", "--profile", "a"]),
    ],
)
def test_as_is_what_the_router_calls_profile(
    router: Any, capfd: pytest.CaptureFixture[str], words: list[str], passed: list[str]
) -> None:
    router(TELLS_ITS_WORDS)
    with pytest.raises(SystemExit) as ended:
        surfaces.command_line(argparse.Namespace(arguments=words))
    assert (ended.value.code, capfd.readouterr().out.strip()) == (0, str(passed))


@pytest.mark.nightly
def test_the_command_line_of_hermes_names_a_profile_with_as_and_says_when_hermes_took_it(stage: Stage) -> None:
    with server() as nobody:
        parent = Parent(stage, nobody)
        parent.set_up()
        parent.profiles({LOCAL: nobody, BURST: nobody, CHEAP: nobody})
        named = parent.run("profile-router", "route", "--json", "fix the typo in README.md", "--as", BURST)
        assert (json.loads(named.stdout)["profile"], named.stderr) == (BURST, "")
        taken = parent.run("profile-router", "route", "--json", "fix the typo in README.md", "--profile", "default")
        assert json.loads(taken.stdout)["profile"] == LOCAL
        assert taken.stderr.splitlines() == [
            "profile-router: Hermes took --profile for itself; to name the task's profile write --as NAME"
        ]
        assert "write --as NAME for --profile NAME" in parent.run("profile-router", "route", "--help").stdout
        unreadable = parent.folder / "router.json"
        unreadable.write_text('{"command": ["/nowhere/profile-router"]}')
        missing = parent.run("profile-router", "profiles")
        assert (missing.returncode, len(missing.stderr.splitlines())) == (1, 1)
        assert "profile-router: the router is not at /nowhere/profile-router; " in missing.stderr
