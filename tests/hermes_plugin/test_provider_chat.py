"""A real `hermes chat` of 0.22 in a terminal: children in the background, lines while they run, and a stop."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
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
            chat.wait_for("3 tasks delegated: looking where each goes")
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
def test_a_child_that_is_stopped_in_the_chat_ends_at_once_and_leaves_no_process(stage: Stage) -> None:
    script = [call("delegate_task", {"tasks": [REFACTOR]}), say("it runs"), say("it was stopped")]
    with (
        ScriptedProvider(script) as model,
        server(call("list_files", {"path": "."}), say("late", gate=threading.Event())) as burst,
        server() as others,
    ):
        parent = Parent(stage, model, native=True)
        parent.set_up()
        parent.profiles({LOCAL: others, BURST: burst, CHEAP: others})
        with Watched(parent) as chat:
            chat.say("please do it", model, 2)
            chat.wait_for("it runs")
            with chat._more:
                assert chat._more.wait_for(lambda: len(burst.chats) == 2, 60)
            assert len(routers(stage)) == 1
            chat.type("/stop")
            begun = time.monotonic()
            while routers(stage) and time.monotonic() - begun < 30:
                threading.Event().wait(0.02)
            assert time.monotonic() - begun < 3  # one second of it is Hermes' own
            chat.type("/profile-router")
            chat.wait_for("  stopped  ")
