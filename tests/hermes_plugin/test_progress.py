"""What the user sees of a delegation while it goes on, and where nobody is to see anything."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

import pytest
from tests.examples import by_night
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import Parent, delegates, server
from tests.hermes_plugin.terminal_chat import TerminalChat
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import ScriptedProvider, call, say

from profile_router.hermes_older.hermes import alive_sign


class Agent:
    """Notes what Hermes' agent is told; `callbacks` are what its driver gave it."""

    def __init__(self, **callbacks: Any) -> None:
        self.touched: list[str] = []
        self.printed: list[str] = []
        self.tool_progress_callback: Any = lambda *_: None
        self.status_callback: Any = None
        vars(self).update(callbacks)

    def _touch_activity(self, what: str) -> None:
        self.touched.append(what)

    def _vprint(self, text: str, *, force: bool) -> None:
        assert force
        self.printed.append(text)


@pytest.fixture
def works_for(monkeypatch: pytest.MonkeyPatch) -> Callable[[Agent], None]:
    """Return what makes this thread one that works for an agent, as Hermes does before it calls a tool."""

    def work(agent: Agent) -> None:
        base = types.ModuleType("tools.environments.base")
        vars(base)["_get_activity_callback"] = lambda: agent._touch_activity
        vars(base)["touch_activity_if_due"] = lambda _, what: agent._touch_activity(what)
        monkeypatch.setitem(sys.modules, "tools.environments.base", base)

    return work


def test_each_line_is_printed_once_however_often_it_is_the_last(works_for: Callable[[Agent], None]) -> None:
    agent = Agent()
    works_for(agent)
    alive = alive_sign()
    for line in ("", "", "classify: a", "classify: a", "attempt: \x1b[2Jb\n", "attempt: \x1b[2Jb\n"):
        alive(line)
    assert agent.printed == ["  ┊ 🧭 classify: a", "  ┊ 🧭 attempt:  [2Jb "]
    assert agent.touched[0] == "profile-router: measuring the task"
    assert agent.touched[2] == "profile-router: classify: a"


def test_a_messenger_gets_the_lines_as_messages(works_for: Callable[[Agent], None]) -> None:
    told: list[tuple[str, str]] = []
    agent = Agent(status_callback=lambda *status: told.append(status))
    works_for(agent)
    alive_sign()("classify: " + "a" * 1_000)
    [(kind, text)] = told
    assert (kind, text[:15], len(text), agent.printed) == ("lifecycle", "🧭 classify: aaa", 200, [])


class Screen:
    """Stands in for the terminal of `hermes chat`, whose user has switched off that tools are shown."""

    tool_progress_mode = "off"

    def on_tool_progress(self, *_: Any) -> None:
        """Be told of a tool."""


def fails(*_: Any) -> None:
    raise RuntimeError("the chat is gone")


@pytest.mark.parametrize(
    "agent",
    [
        Agent(tool_progress_callback=None),
        Agent(tool_progress_callback=Screen().on_tool_progress),
        Agent(status_callback=fails),
    ],
    ids=["no tools shown", "tool_progress off", "nobody there"],
)
def test_where_tools_are_not_shown_only_the_clock_goes_on(works_for: Callable[[Agent], None], agent: Agent) -> None:
    works_for(agent)
    alive_sign()("classify: a")
    assert (agent.printed, len(agent.touched)) == ([], 1)


def test_a_hermes_that_has_no_such_clock_is_left_in_peace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tools.environments.base", types.ModuleType("tools.environments.base"))
    alive_sign()("classify: a")


class Watched(TerminalChat):
    """A chat that can be looked at."""

    def wait_for(self, text: str) -> None:
        """Wait until *text* was shown."""
        self._wait_for(lambda: text.encode() in self._shown, text)

    def times(self, text: str) -> int:
        return self._shown.count(text.encode())


@pytest.mark.nightly
def test_hermes_chat_shows_each_step_above_its_prompt(stage: Stage) -> None:
    with ScriptedProvider(delegates(goal="Find the typo in README.md")) as model, server("local did it") as local:
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: local, CHEAP: local})
        with Watched(parent) as chat:
            chat.say("please do it", model, requests=2)
            for step in ("classify: coding-local · small-change", "attempt: coding-local", "verify: no file changed"):
                chat.wait_for(f"┊ 🧭 {step}")
                assert chat.times(step) == 1


@pytest.mark.nightly
def test_hermes_chat_shows_how_each_task_of_a_batch_ended(stage: Stage) -> None:
    tasks = [{"goal": "Find the typo in README.md"}, {"goal": "Lint README.md"}]
    with (
        ScriptedProvider(delegates(tasks=tasks)) as model,
        server(call("edit_file", {"path": "README.md", "old": "tpyo", "new": "typo"}), say("local did it")) as local,
        server(call("edit_file", {"path": "README.md", "old": "tpyo", "new": "pity"}), say("cheap did it")) as cheap,
    ):
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: local, CHEAP: cheap})
        with Watched(parent) as chat:
            chat.say("please do it", model, requests=2)
            chat.wait_for("┊ 🧭 1/2 result: ok, 1 file merged")
            chat.wait_for(f"┊ 🧭 2/2 result: failed, its work is kept in {stage.folder / 'state' / 'diffs'}")


@pytest.mark.nightly
@pytest.mark.parametrize(
    "how",
    [pytest.param(("-z", "please do it"), id="-z"), by_night(("chat", "-Q", "-q", "please do it"), name="chat -Q")],
)
def test_what_a_program_reads_of_hermes_holds_no_step(stage: Stage, how: tuple[str, ...]) -> None:
    with ScriptedProvider(delegates(goal="Find the typo in README.md")) as model, server("local did it") as local:
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: local, CHEAP: local})
        ended = parent.run(*how)
        assert len(local.chats) == 1
    assert ended.stdout.strip() == "the parent is done"
