"""A delegation in Hermes' TUI, whose process serves chats that work in folders of their own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.examples import by_night
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.forked_router import ForkedRouter
from tests.hermes_plugin.parent import Parent, delegates, server
from tests.hermes_plugin.tui import Tui
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import CHAT, ScriptedProvider, call, say

_PATIENCE_S = 60.0
REFACTOR = {"goal": "Refactor the session handling across all 60 files of the service"}


def begun(tui: Tui, workspace: Path) -> str:
    """Give a new chat in *workspace* a message; return the chat's id."""
    session: str = tui.ask("session.create", cols=100, cwd=str(workspace))["session_id"]
    tui.ask("prompt.submit", session_id=session, text="please do it")
    return session


def asked(model: ScriptedProvider) -> None:
    """Wait until *model* is asked."""
    deadline = time.monotonic() + _PATIENCE_S
    while not model.to(CHAT):
        assert time.monotonic() < deadline, "the subagent did not ask its model"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("choice", "status", "text"), [("once", "completed", "# A typo\n"), by_night("deny", "failed", None)]
)
def test_a_task_is_done_in_the_folder_of_its_chat_once_its_user_agrees_to_the_price(
    stage: Stage, tmp_path: Path, choice: str, status: str, text: str | None
) -> None:
    fixes = [call("edit_file", {"path": "README.md", "old": "tpyo", "new": "typo"}), say("burst did it")]
    with (
        ForkedRouter(stage.folder) as router,
        ScriptedProvider(delegates(**REFACTOR)) as model,
        server(*fixes) as burst,
        server() as others,
    ):
        parent = Parent(stage, model)
        parent.set_up(router.command)
        parent.policy(ask_above_usd="0")
        parent.profiles({LOCAL: others, BURST: burst, CHEAP: others})
        before = (stage.workspace / "README.md").read_text()
        with Tui(parent, tmp_path) as tui:
            session = begun(tui, stage.workspace)
            assert "coding-burst is expected to cost" in tui.wait_for("approval.request")["description"]
            tui.ask("approval.respond", session_id=session, choice=choice)
            assert tui.wait_for("message.complete")["text"] == "the parent is done"
            shown = tui.shown
        [entry] = parent.told["results"]
    assert entry["status"] == status
    assert (stage.workspace / "README.md").read_text() == (text or before)
    assert shown[0].startswith("🧭 classify: coding-burst")
    assert len(set(shown)) == len(shown)


@pytest.mark.nightly
def test_an_interrupt_ends_the_subagent(stage: Stage, tmp_path: Path) -> None:
    with ScriptedProvider(delegates(goal="Find the typo in README.md")) as model, server(say("", stall=True)) as local:
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: local, CHEAP: local})
        with Tui(parent, tmp_path) as tui:
            session = begun(tui, stage.workspace)
            asked(local)
            tui.ask("session.interrupt", session_id=session)
            assert local.to(CHAT)[0].hung_up.wait(_PATIENCE_S), "the subagent was not ended"
            ended = tui.wait_for("tool.complete")["result"]
    assert [entry["status"] for entry in ended["results"]] == ["interrupted"]
