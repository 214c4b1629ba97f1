"""A paid step that costs much is asked for by Hermes' own approval; where nobody can answer it is not taken."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from tests.examples import by_night
from tests.fakes import BURST, LOCAL
from tests.hermes_plugin.parent import Parent, delegates, server
from tests.hermes_plugin.test_gateway import DONE, in_a_chat
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import ScriptedProvider

from profile_router.hermes_older import hermes

EXPENSIVE = {"goal": "Refactor the whole code base", "profile": BURST}


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("reply", "status", "requests"), [by_night("/approve", "completed", 1), ("/deny", "failed", 0)]
)
def test_in_a_messenger_chat_the_user_is_asked_for_the_price(
    stage: Stage, reply: str, status: str, requests: int
) -> None:
    with (
        ScriptedProvider(delegates(**EXPENSIVE)) as model,
        server("burst did it") as burst,
        in_a_chat(stage, model, burst, ask_above_usd="0") as (parent, chat),
    ):
        chat.say("please do it")
        chat.wait_for(f"{BURST} is expected to cost ≈ $")
        chat.say(reply)
        chat.wait_for(DONE)
        [entry] = parent.told["results"]
    assert (entry["status"], len(burst.chats)) == (status, requests)
    if status == "failed":
        assert "declined" in entry["error"]


@pytest.mark.nightly
def test_where_nobody_can_answer_the_step_is_not_taken(stage: Stage) -> None:
    with ScriptedProvider(delegates(**EXPENSIVE)) as model, server("burst did it") as burst:
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: burst, BURST: burst})
        parent.policy(ask_above_usd="0")
        parent.run("-z", "please do it")
        [entry] = parent.told["results"]
    assert (entry["status"], entry["exit_reason"], len(burst.chats)) == ("failed", "unapproved", 0)
    assert "no one is there to give it" in entry["error"]


class Approval(ModuleType):
    """Hermes' module as the plugin uses it."""

    def __init__(
        self, answer: dict[str, Any], *, cli: bool = True, gateway: bool = False, one_question: bool | None = None
    ) -> None:
        super().__init__("tools.approval")
        self._is_interactive_cli = lambda: cli
        self._is_gateway_approval_context = lambda: gateway
        if one_question is not None:  # 0.19 does not tell
            self._is_single_query_approval_context = lambda: one_question
        self.request_tool_approval = lambda tool, reason: {**answer, "asked": (tool, reason)}


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (Approval({"approved": True}), True),
        (Approval({"approved": False}), False),
        (Approval({"approved": True}, cli=False, gateway=True), True),
        (Approval({"approved": False, "status": "approval_required"}, cli=False, gateway=True), None),
        (Approval({"approved": True}, cli=False), None),
        (Approval({"approved": True}, one_question=False), True),
        (Approval({"approved": True}, one_question=True), None),
        (ModuleType("tools.approval"), None),
    ],
)
def test_what_hermes_says_is_a_yes_a_no_or_that_no_one_is_there(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, said: bool | None
) -> None:
    monkeypatch.setitem(sys.modules, "tools", ModuleType("tools"))
    monkeypatch.setitem(sys.modules, "tools.approval", module)
    assert hermes.agrees("it costs") is said
