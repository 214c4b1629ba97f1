"""A real `hermes chat` of 0.19 in a terminal: the call awaits its children, shows each step, ends by Ctrl-C."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.stage import nobody
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import KEYS, Parent, keys_sent, server
from tests.hermes_plugin.test_provider_chat import LINT, REFACTOR, TYPO, Watched, routers
from tests.runners.hermes.installed import OLD, installed_hermes
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import ScriptedProvider, call, say

SCHEMA = {"type": "object", "required": ["line"], "properties": {"line": {"type": "integer"}}}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "stage", installed_hermes(OLD)) as stage:
        yield stage


def told_of(model: ScriptedProvider) -> dict[str, Any]:
    """Return what the parent's model was told of its only delegation."""
    [result] = [message for message in model.chats[-1]["messages"] if message["role"] == "tool"]
    found: dict[str, Any] = json.loads(result["content"])
    return found


@pytest.mark.nightly
def test_a_batch_of_three_comes_back_with_its_verdicts_first_and_a_receipt_each(stage: Stage) -> None:
    gate = threading.Event()
    script = [call("delegate_task", {"tasks": [TYPO, REFACTOR, LINT]}), say("all three are back")]
    with (
        ScriptedProvider(script) as model,
        server(say("local did it", gate=gate)) as local,
        server(say("burst did it", gate=gate)) as burst,
        server(say("cheap did it", gate=gate)) as cheap,
    ):
        servers = {LOCAL: local, BURST: burst, CHEAP: cheap}
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles(servers)
        with Watched(parent) as chat:
            chat.say("please do all three", model, 1)
            for place in ("1/3", "2/3", "3/3"):
                chat.wait_for(f"{place} classify: ")
            gate.set()
            chat.wait_for("all three are back")
        entries = told_of(model)["results"]
        for name, its in servers.items():
            assert keys_sent(its) == {f"Bearer {KEYS[name]}"}
        assert [entry["summary"] for entry in entries] == ["local did it", "burst did it", "cheap did it"]
        assert all(list(entry)[:3] == ["task_index", "status", "verdict"] for entry in entries)
        assert all(entry["verdict"].startswith("unverified: no check command was named") for entry in entries)
        assert [entry["receipts"][-1]["profile"] for entry in entries] == list(servers)
        assert routers(stage) == []


@pytest.mark.nightly
def test_a_private_child_is_refused_with_what_helps_and_a_schema_is_said_to_be_unused(stage: Stage) -> None:
    (stage.workspace / "deploy").mkdir(parents=True)
    (stage.workspace / "deploy" / ".env").write_text("API_KEY=sk-live-0123456789abcdef0123456789\n")
    tasks = [{"goal": "Rotate the key in deploy/.env"}, {**LINT, "output_schema": SCHEMA}]
    with (
        ScriptedProvider([call("delegate_task", {"tasks": tasks}), say("both are back")]) as model,
        server() as local,
        server() as burst,
        server("it is clean") as cheap,
        nobody() as closed,
    ):
        local.base_url = closed
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: burst, CHEAP: cheap})
        with Watched(parent) as chat:
            chat.say("please do both", model, 1)
            chat.wait_for("both are back")
        told = told_of(model)
        assert (burst.chats, len(cheap.chats)) == ([], 1), told
    private, unfit = told["results"]
    assert (private["status"], unfit["status"], unfit["summary"]) == ("failed", "completed", "it is clean")
    assert any(way.startswith("start the server") for way in private["unblock"])
    assert any("output_schema" in note for note in told["notes"]), told


@pytest.mark.nightly
def test_ctrl_c_ends_all_children_of_a_batch_at_once_and_leaves_no_process(stage: Stage) -> None:
    script = [call("delegate_task", {"tasks": [TYPO, REFACTOR, LINT]}), say("they were stopped")]

    def hangs() -> ScriptedProvider:
        return server(call("list_files", {"path": "."}), say("late", gate=threading.Event()))

    with ScriptedProvider(script) as model, hangs() as local, hangs() as burst, hangs() as cheap:
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: burst, CHEAP: cheap})
        with Watched(parent) as chat:
            chat.say("please do it", model, 1)
            chat.wait_until(lambda: all(len(its.chats) == 2 for its in (local, burst, cheap)), "the second turns")
            assert routers(stage)
            chat.press(b"\x03")
            begun = time.monotonic()
            while routers(stage) and time.monotonic() - begun < 30:
                threading.Event().wait(0.02)
            assert time.monotonic() - begun < 2
            chat.say("are you there", model, 2)
            chat.wait_for("they were stopped")
    told = parent.run("profile-router", "history", "--json")
    costs = {run["profile"]: run["cost_usd"] for run in json.loads(told.stdout)["runs"]}
    assert (costs[LOCAL], costs[BURST] > 0, costs[CHEAP] > 0) == (0.0, True, True)
