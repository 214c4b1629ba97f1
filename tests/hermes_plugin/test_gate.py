"""Before a child is made: who is asked about its price, who is not, what a running one refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from profile_router.hermes_plugin import gate
from profile_router.hermes_plugin.children import CHILDREN
from profile_router.hermes_plugin.gate import on_tool_call

CHEAP, EXPENSIVE = "Fix the typo in README.md", "Refactor all 60 files of the service"
PRICES = {CHEAP: 0.02, EXPENSIVE: 2.4}


@pytest.fixture(autouse=True)
def quotes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def quoted(tasks: Any) -> Mapping[str, Any]:
        told = [{"profile": "burst", "rule": "r", "usd": PRICES[task["goal"]]} for task in tasks]
        return {"mode": "on", "ask_above_usd": 1.0, "tasks": told}

    monkeypatch.setattr(gate, "native", lambda: True)
    monkeypatch.setattr(gate, "_quoted", quoted)
    for name in ("HERMES_SINGLE_QUERY_SESSION", "HERMES_CRON_SESSION"):
        monkeypatch.delenv(name, raising=False)
    CHILDREN.clear()
    yield
    CHILDREN.clear()


def delegated(*goals: str, **more: Any) -> dict[str, str] | None:
    args = {"tasks": [{"goal": goal} for goal in goals], **more}
    return on_tool_call(tool_name="delegate_task", args=args, session_id="p", task_id="t")


def agreed(goal: str) -> float:
    """Return what the child of *goal* that Hermes makes now may cost because somebody agreed."""
    CHILDREN.made(child_session_id=goal, parent_session_id="p", child_goal=goal)
    child = CHILDREN.find(goal)
    assert child is not None
    return child.agreed_usd


def test_a_costly_task_is_asked_about_once_with_its_bound_and_the_others_are_not() -> None:
    said = delegated(CHEAP, EXPENSIVE)
    assert said is not None
    assert (said["action"], said["rule_key"]) == ("approve", "profile-router:price-up-to-3")
    assert said["message"] == f"delegate '{EXPENSIVE}' up to $2.40 by burst"
    assert (agreed(CHEAP), agreed(EXPENSIVE)) == (0.0, 2.4)


def test_cheap_tasks_are_not_asked_about() -> None:
    assert delegated(CHEAP, CHEAP) is None
    assert agreed(CHEAP) == 0.0


def test_who_said_no_has_agreed_to_nothing_later() -> None:
    delegated(EXPENSIVE)  # said no: Hermes makes no child
    delegated(CHEAP)
    assert agreed(EXPENSIVE) == 0.0


def test_an_agreement_holds_for_one_child_of_that_chat() -> None:
    delegated(EXPENSIVE)
    CHILDREN.made(child_session_id="other", parent_session_id="q", child_goal=EXPENSIVE)
    assert CHILDREN.find("other").agreed_usd == 0.0  # type: ignore[union-attr]  # it was made above
    assert agreed(EXPENSIVE) == 2.4
    CHILDREN.made(child_session_id="again", parent_session_id="p", child_goal=EXPENSIVE)
    assert CHILDREN.find("again").agreed_usd == 0.0  # type: ignore[union-attr]  # it was made above


@pytest.mark.parametrize("name", ["HERMES_SINGLE_QUERY_SESSION", "HERMES_CRON_SESSION"])
def test_where_nobody_can_be_asked_the_run_itself_refuses_what_is_costly(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    assert delegated(EXPENSIVE) is None
    assert agreed(EXPENSIVE) == 0.0


@pytest.mark.parametrize("surface", ["api_server", "webhook", "msgraph_webhook", "cron"])
def test_a_program_is_not_asked_so_of_its_batch_only_the_costly_task_is_refused_by_its_run(
    monkeypatch: pytest.MonkeyPatch, surface: str
) -> None:
    monkeypatch.setattr(gate, "surface_of", {"p": surface}.get)
    assert delegated(CHEAP, EXPENSIVE) is None
    assert (agreed(CHEAP), agreed(EXPENSIVE)) == (0.0, 0.0)


@pytest.mark.parametrize("surface", ["cli", "telegram", "irc", "tui", ""])
def test_where_a_person_may_be_there_hermes_asks(monkeypatch: pytest.MonkeyPatch, surface: str) -> None:
    monkeypatch.setattr(gate, "surface_of", {"p": surface}.get)
    said = delegated(CHEAP, EXPENSIVE)
    assert said is not None
    assert said["action"] == "approve"


def test_a_price_that_cannot_be_told_is_left_to_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Any) -> Any:
        raise OSError("no router")

    monkeypatch.setattr(gate, "_quoted", fails)
    assert delegated(EXPENSIVE) is None
    assert agreed(EXPENSIVE) == 0.0


@pytest.mark.parametrize("call", [{"tool_name": "terminal", "args": {"command": "ls"}}, {"args": {}}, {}])
def test_other_tools_are_none_of_its_business(call: dict[str, Any]) -> None:
    assert on_tool_call(**call) is None


def test_where_delegation_does_not_lead_to_us_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "native", lambda: False)
    assert delegated(EXPENSIVE) is None


def test_a_steer_of_a_running_child_is_refused_in_words() -> None:
    CHILDREN.made(child_session_id="s", parent_session_id="p", child_goal=CHEAP, child_subagent_id="sa-0-1")
    steer = {"action": "steer", "subagent_id": "sa-0-1", "message": "look into docs"}
    assert on_tool_call(tool_name="delegate_task", args=steer) is None  # it has not begun
    child = CHILDREN.find("s")
    assert child is not None
    child.begun, child.thread = 1.0, "7f3c"
    said = on_tool_call(tool_name="delegate_task", args=steer)
    assert said is not None
    assert said["action"] == "block"
    assert said["message"].startswith("7f3c is one run of its own and takes no words while it works; stop it")
    assert on_tool_call(tool_name="delegate_task", args={**steer, "subagent_id": "sa-9"}) is None
