"""A question about running code is asked by Hermes' own approval, once; only what a person answered is an answer."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from profile_router.hermes_plugin import gate
from profile_router.hermes_plugin.children import CHILDREN
from profile_router.hermes_plugin.consent import CONSENT, CodeConsent
from profile_router.hermes_plugin.gate import instead_of_block, on_tool_call

PLAIN, EXPENSIVE = "Fix the typo in README.md", "Refactor all 60 files of the service"
CHECK = "run this repository's own check: `pytest -q` in /w?"
OTHER = "run a check that the model wants: `make` in /w?"
TASKS = {PLAIN: (0.02, CHECK), EXPENSIVE: (2.4, CHECK), "Lint it": (0.0, OTHER), "Say why": (0.0, "")}


@pytest.fixture(autouse=True)
def quotes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def quoted(tasks: Any) -> Mapping[str, Any]:
        told = [
            {"profile": "burst", "rule": "r", "usd": TASKS[task["goal"]][0], "asks": TASKS[task["goal"]][1]}
            for task in tasks
        ]
        return {"mode": "on", "ask_above_usd": 1.0, "tasks": told}

    monkeypatch.setattr(gate, "native", lambda: True)
    monkeypatch.setattr(gate, "at_a_terminal", lambda: True)
    monkeypatch.setattr(gate, "_quoted", quoted)
    for name in ("HERMES_SINGLE_QUERY_SESSION", "HERMES_CRON_SESSION"):
        monkeypatch.delenv(name, raising=False)
    CHILDREN.clear()
    CONSENT.clear()
    yield
    CHILDREN.clear()
    CONSENT.clear()


def delegated(*goals: str, session: str = "p") -> dict[str, str]:
    """Return what Hermes is to ask before it makes the children of *goals*; empty: nothing."""
    args = {"tasks": [{"goal": goal} for goal in goals]}
    return on_tool_call(tool_name="delegate_task", args=args, session_id=session) or {}


def answered(said: Mapping[str, str], choice: str, surface: str = "cli") -> None:
    CONSENT.heard(pattern_key=f"plugin_rule:{said['rule_key']}", choice=choice, session_key="k", surface=surface)


@pytest.mark.parametrize(("choice", "means"), [("once", True), ("session", True), ("always", True), ("deny", False)])
def test_a_person_is_asked_once_and_the_run_that_asks_the_same_hears_the_answer(choice: str, means: bool) -> None:
    said = delegated(PLAIN)
    assert said["action"] == "approve"
    assert said["message"] == f"{CHECK} · no: the tasks run without it"
    answered(said, choice)
    assert CONSENT.of(CHECK) is means
    assert CONSENT.of(f"{CHECK} ") is None
    assert delegated(PLAIN) == {}


@pytest.mark.parametrize("choice", ["timeout", "cancelled", "notify_failed", "", "smart_approve"])
def test_what_no_person_said_is_not_an_answer(choice: str) -> None:
    answered(delegated(PLAIN), choice)
    assert CONSENT.of(CHECK) is None
    assert delegated(PLAIN)["message"].startswith(CHECK)


@pytest.mark.parametrize("surface", ["gateway", "smart", "transport:phone", "mcp-elicitation", ""])
def test_an_answer_from_elsewhere_than_the_terminal_chat_is_none(surface: str) -> None:
    answered(delegated(PLAIN), "once", surface)
    assert CONSENT.of(CHECK) is None


def test_what_hermes_allows_for_ever_is_asked_again_once_it_was_forgotten_here() -> None:
    first = delegated(PLAIN)
    answered(first, "always")
    CONSENT.clear()
    assert delegated(PLAIN)["rule_key"] != first["rule_key"]


@pytest.mark.parametrize(("rows", "asked"), [(24, False), (60, True)])
def test_a_check_of_which_hermes_panel_would_cut_off_the_end_is_not_asked_about(
    monkeypatch: pytest.MonkeyPatch, rows: int, asked: bool
) -> None:
    long = f"run a check that the model wants: `make {'a' * 430}` in /w? (it is the model's)"
    monkeypatch.setitem(TASKS, "Say why", (0.0, long))
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *_: os.terminal_size((100, rows)))
    assert (long in delegated("Say why").get("message", "")) is asked
    together = delegated(PLAIN, "Say why")
    assert long not in together["message"]
    answered(together, "once")
    assert (CONSENT.of(CHECK), CONSENT.of(long)) == (True, None)


def test_where_hermes_approves_everything_unasked_nothing_is_agreed_to() -> None:
    delegated(PLAIN)  # and no word of an answer
    assert CONSENT.of(CHECK) is None


def test_an_answer_to_another_question_is_none_to_ours() -> None:
    said = delegated(PLAIN)
    CONSENT.heard(pattern_key="plugin_rule:another", choice="once", surface="cli")
    CONSENT.heard(pattern_key=said["rule_key"], choice="once", surface="cli")
    assert CONSENT.of(CHECK) is None


def test_a_price_and_a_check_are_one_question_that_names_both_and_a_no_to_it_is_none_to_the_check() -> None:
    said = delegated(EXPENSIVE)
    assert said["message"] == f"delegate '{EXPENSIVE}' up to $2.40 by burst · {CHECK} · no: nothing is delegated"
    answered(said, "deny")
    assert CONSENT.of(CHECK) is None
    answered(delegated(EXPENSIVE), "once")
    assert CONSENT.of(CHECK) is True
    assert delegated(EXPENSIVE)["rule_key"] == "profile-router:price-up-to-3"


def test_a_yes_to_a_price_is_none_to_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS, EXPENSIVE, (2.4, ""))
    said = delegated(EXPENSIVE)
    answered(said, "always")
    monkeypatch.setitem(TASKS, EXPENSIVE, (2.4, CHECK))
    assert CONSENT.of(CHECK) is None
    assert CHECK in delegated(EXPENSIVE)["message"]


def test_the_tasks_of_a_batch_are_one_question_with_each_check_once() -> None:
    said = delegated(PLAIN, "Lint it", PLAIN, "Say why")
    assert said["message"] == f"{CHECK} · {OTHER} · no: the tasks run without it"
    answered(said, "once")
    assert (CONSENT.of(CHECK), CONSENT.of(OTHER)) == (True, True)


def test_who_says_no_to_the_check_alone_has_the_tasks_delegated_by_the_next_call() -> None:
    blocked = json.dumps({"error": "BLOCKED"})
    answered(delegated(PLAIN), "deny")
    assert instead_of_block(blocked, "q") == blocked
    assert "they run without it" in json.loads(instead_of_block(blocked, "p"))["error"]
    assert instead_of_block(blocked, "p") == blocked
    assert delegated(PLAIN) == {}


def test_away_from_a_terminal_no_check_is_asked_about_and_no_task_blocked_by_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "at_a_terminal", lambda: False)
    assert delegated(PLAIN) == {}
    assert CHECK not in delegated(EXPENSIVE)["message"]


@pytest.mark.parametrize("name", ["HERMES_SINGLE_QUERY_SESSION", "HERMES_CRON_SESSION"])
def test_where_no_one_is_there_no_one_is_asked(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    assert delegated(PLAIN) == {}
    assert CONSENT.of(CHECK) is None


@pytest.mark.parametrize(
    ("choice", "minutes", "means"),
    [("deny", 0, False), ("deny", 9, False), ("deny", 10, None), ("deny", 600, None), ("once", 600, True)],
)
def test_a_no_is_dropped_ten_minutes_after_it_was_given_and_can_be_asked_again(
    choice: str, minutes: int, means: bool | None
) -> None:
    now = [1_000.0]
    consent = CodeConsent(lambda: now[0])
    consent.heard(pattern_key=f"plugin_rule:{consent.ask('p', [CHECK], rule='')}", choice=choice, surface="cli")
    now[0] += 60.0 * minutes
    assert consent.of(CHECK) is means
    assert consent.open([CHECK]) == ((CHECK,) if means is None else ())
