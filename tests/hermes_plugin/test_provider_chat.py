"""A real `hermes chat` of 0.22 in a terminal: children in the background, lines while they run, and a stop."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.stage import nobody
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import KEYS, Parent, keys_sent, server
from tests.hermes_plugin.terminal_chat import _CONTROL, TerminalChat
from tests.runners.hermes.installed import NEW, installed_hermes
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import ScriptedProvider, call, say

TYPO = {"goal": "Find the typo in README.md"}
REFACTOR = {"goal": "Refactor the session handling across all 60 files of the service"}
LINT = {"goal": "Lint auth.py and report"}


class Watched(TerminalChat):
    """A chat that can be looked at."""

    def wait_for(self, text: str, times: int = 1) -> None:
        """Wait until *text* was shown so many *times*."""
        self._wait_for(lambda: self._shown.count(text.encode()) >= times, text)

    def wait_until(self, came: Callable[[], bool], what: str) -> None:
        """Wait until *came*."""
        self._wait_for(came, what)

    def press(self, keys: bytes) -> None:
        """Press *keys*, a moment after what was shown last."""
        threading.Event().wait(1)
        os.write(self._terminal, keys)

    def type(self, text: str) -> None:
        """Type *text*, and the return key once it is shown."""
        begun = len(self._shown)
        os.write(self._terminal, text.encode())
        self._wait_for(lambda: text.encode() in _CONTROL.sub(b"", self._shown[begun:]), text)
        self._enter()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "stage", installed_hermes(NEW)) as stage:
        yield stage


def routers(stage: Stage) -> list[str]:
    """Return the processes of routers that this stage's Hermes started."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace") if entry.name.isdigit() else ""
        except OSError:
            continue
        if str(stage.folder / "router.py") in line:
            found.append(line.replace("\0", " "))
    return found


@pytest.mark.nightly
def test_a_batch_of_three_runs_beside_the_chat_and_comes_back_with_receipts(stage: Stage) -> None:
    gate = threading.Event()
    script = [
        call("delegate_task", {"tasks": [TYPO, REFACTOR, LINT]}),
        say("three children run"),
        say("still here"),
        say("all three are back"),
    ]
    with (
        ScriptedProvider(script) as model,
        server(say("local did it", gate=gate)) as local,
        server(say("burst did it", gate=gate)) as burst,
        server(say("cheap did it", gate=gate)) as cheap,
    ):
        servers = {LOCAL: local, BURST: burst, CHEAP: cheap}
        parent = Parent(stage, model, native=True)
        parent.set_up()
        parent.profiles(servers)
        with Watched(parent) as chat:
            chat.say("please do all three", model, 1)
            begun = time.monotonic()
            chat.wait_for("3 tasks delegated: looking where each goes")
            assert time.monotonic() - begun < 2
            chat.wait_for(" begins: ", 3)
            chat.wait_for("three children run")
            chat.say("are you there", model, 3)
            chat.wait_for("still here")
            gate.set()
            chat.wait_for("all three are back")
        told = json.dumps(model.chats[3]["messages"][-1], ensure_ascii=False)
    for name, its in servers.items():
        assert keys_sent(its) == {f"Bearer {KEYS[name]}"}
        assert f"route     {name} · " in told
    assert "local did it" in told
    assert routers(stage) == []


@pytest.mark.nightly
def test_a_batch_that_is_stopped_in_the_chat_ends_at_once_and_leaves_no_process(stage: Stage) -> None:
    script = [call("delegate_task", {"tasks": [TYPO, REFACTOR, LINT]}), say("they run"), say("they were stopped")]

    def hangs() -> ScriptedProvider:
        return server(call("list_files", {"path": "."}), say("late", gate=threading.Event()))

    with ScriptedProvider(script) as model, hangs() as local, hangs() as burst, hangs() as cheap:
        parent = Parent(stage, model, native=True)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: burst, CHEAP: cheap})
        with Watched(parent) as chat:
            chat.say("please do it", model, 2)
            chat.wait_for("they run")
            chat.wait_until(lambda: all(len(its.chats) == 2 for its in (local, burst, cheap)), "the second turns")
            assert len(routers(stage)) == 3
            chat.type("/stop")
            begun = time.monotonic()
            while routers(stage) and time.monotonic() - begun < 30:
                threading.Event().wait(0.02)
            assert time.monotonic() - begun < 2
            chat.type("/profile-router")
            chat.wait_for("  stopped  ", 3)
            chat.wait_for("they were stopped")
    told = parent.run("profile-router", "history", "--json")
    costs = {run["profile"]: run["cost_usd"] for run in json.loads(told.stdout)["runs"]}
    assert (costs[LOCAL], costs[BURST] > 0, costs[CHEAP] > 0) == (0.0, True, True)


@pytest.mark.nightly
def test_in_a_chat_a_private_child_is_refused_with_what_helps_and_an_unfit_answer_is_not_a_second_run(
    stage: Stage,
) -> None:
    (stage.workspace / "deploy").mkdir(parents=True)
    (stage.workspace / "deploy" / ".env").write_text("API_KEY=sk-live-0123456789abcdef0123456789\n")
    schema = {"type": "object", "required": ["line"], "properties": {"line": {"type": "integer"}}}
    tasks = [{"goal": "Rotate the key in deploy/.env"}, {**LINT, "output_schema": schema}]
    script = [call("delegate_task", {"tasks": tasks}), say("they run"), say("one failed"), say("both are back")]
    with (
        ScriptedProvider(script) as model,
        server() as local,
        server() as burst,
        server("it is clean") as cheap,
        nobody() as closed,
    ):
        local.base_url = closed
        parent = Parent(stage, model, native=True)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: burst, CHEAP: cheap})
        with Watched(parent) as chat:
            chat.say("please do both", model, 2)
            chat.wait_for("both are back")
        # Hermes tells of a failure at once, and of both once the last one is done
        told, whole = (str(model.chats[place]["messages"][-1]["content"]) for place in (2, 3))
        assert (burst.chats, len(cheap.chats)) == ([], 1)
    assert "unblock: start the server" in told
    assert "Status: failed" in told
    private, unfit = (part for part in whole.split("--- ") if "TASK " in part)
    assert "status=failed" in private
    assert "it is clean" in unfit
