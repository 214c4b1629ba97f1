"""Hermes' messenger gateway, real, with our plugin: what a chat sees of a delegation, how a user ends it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.gateway import ANN, BOB, Chat, gateway, processes
from tests.hermes_plugin.parent import KEYS, Parent, delegates, keys_sent, server
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import CHAT, Answer, Call, ScriptedProvider, calls, say

TYPO = {"goal": "Find the typo in README.md"}
DONE = "the parent is done"


@contextmanager
def in_a_chat(
    stage: Stage, model: ScriptedProvider, child: ScriptedProvider, *, ask_above_usd: str = "1", **config: Any
) -> Iterator[tuple[Parent, Chat]]:
    """Give a parent whose profiles are all served by *child*, and the chat its gateway is in."""
    parent = Parent(stage, model)
    parent.set_up()
    parent.policy(ask_above_usd=ask_above_usd)
    parent.profiles({LOCAL: child, BURST: child, CHEAP: child})
    with gateway(parent, **config) as chat:
        yield parent, chat


def hanging() -> tuple[Answer, Event]:
    """Return an answer that does not come before the event is set."""
    gate = Event()
    return replace(say("local did it"), gate=gate), gate


def until(reached: Callable[[], object], chat: Chat, what: str) -> None:
    """Wait until *reached* is true, a minute at most."""
    last = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < last, f"{what}: not in a minute; said was {chat.lines}"
        time.sleep(0.02)


@pytest.mark.nightly
def test_a_message_in_a_chat_is_delegated_and_answered_there_with_each_step_shown_once(stage: Stage) -> None:
    with (
        ScriptedProvider(delegates(**TYPO)) as model,
        server("local did it") as local,
        in_a_chat(stage, model, local) as (parent, chat),
    ):
        chat.say("please do it")
        chat.wait_for(DONE)
        [entry] = parent.told["results"]
        said = chat.lines[ANN]
    assert (entry["status"], entry["summary"], entry["route"]["profile"]) == ("completed", "local did it", LOCAL)
    assert keys_sent(local) == {f"Bearer {KEYS[LOCAL]}"}
    assert TYPO["goal"] in json.dumps(local.chats[0]["messages"])
    shown = [line for line in said if line.startswith("🧭")]
    assert [line.split()[1] for line in shown[:2]] == ["classify:", "attempt:"]
    assert shown[0].startswith(f"🧭 classify: {LOCAL} · small-change")
    assert len(shown) == len(set(shown))
    assert not any(secret in line for line in shown for secret in (TYPO["goal"], "local did it", *KEYS.values()))


@pytest.mark.nightly
def test_stop_in_a_chat_ends_the_child_with_all_its_processes_and_the_chat_goes_on(stage: Stage) -> None:
    with (
        ScriptedProvider([*delegates(**TYPO)[:1], say("what else")]) as model,
        server(Answer(stall=True)) as local,
        in_a_chat(stage, model, local) as (parent, chat),
    ):
        [gateway_alone] = processes(parent)
        chat.say("please do it")
        until(lambda: local.to(CHAT), chat, "the child asks its model")
        assert len(processes(parent)) > 1
        chat.say("/stop")
        chat.wait_for("Stopped")
        assert local.to(CHAT)[0].hung_up.wait(20), "the child was not ended"
        until(lambda: processes(parent) == {gateway_alone}, chat, "nothing but the gateway runs")
        chat.say("and now?")
        chat.wait_for("what else")
        assert len(local.chats) == 1


@pytest.mark.nightly
def test_a_delegation_may_take_longer_than_the_gateway_lets_a_turn_be_silent(stage: Stage) -> None:
    """The gateway looks every five seconds, and says every three what an agent that it has already is at."""
    answer, gate = hanging()
    agent = {"gateway_timeout": 4, "gateway_notify_interval": 3}
    with (
        ScriptedProvider(["hello", *delegates(**TYPO)]) as model,
        server(answer) as local,
        in_a_chat(stage, model, local, agent=agent, display={"busy_input_mode": "queue"}) as (parent, chat),
    ):
        chat.say("hello?")
        chat.wait_for("hello")
        chat.say("please do it")
        until(lambda: local.to(CHAT), chat, "the child asks its model")
        chat.wait_for("delegate_task", times=4)
        gate.set()
        chat.wait_for(DONE)
        assert parent.told["results"][0]["status"] == "completed"
        assert "inactive" not in " ".join(chat.lines[ANN])


@pytest.mark.nightly
def test_while_one_chat_waits_for_its_two_delegations_another_is_told_a_route(stage: Stage) -> None:
    answer, gate = hanging()
    script = [calls(*(Call(name="delegate_task", arguments={"goal": goal}) for goal in ("one", "two"))), say(DONE)]
    with (
        ScriptedProvider(script) as model,
        server(answer, "local did it again") as local,
        in_a_chat(stage, model, local) as (_, chat),
    ):
        chat.say("please do it")
        until(lambda: local.to(CHAT), chat, "the child asks its model")
        chat.say('/profile-router route "fix the typo in README.md"', BOB)
        chat.wait_for(f"{LOCAL}  ·  small-change", BOB)
        assert DONE not in chat.lines[ANN]
        gate.set()
        chat.wait_for(DONE)
        told = [json.loads(message["content"]) for message in model.chats[-1]["messages"] if message["role"] == "tool"]
    assert [one["results"][0]["summary"] for one in told] == ["local did it", "local did it again"]
