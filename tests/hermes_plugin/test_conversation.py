"""The parent's conversation goes along with what it delegates, and its own requests do not change for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.forked_router import ForkedRouter
from tests.hermes_plugin.parent import Parent, server
from tests.hermes_plugin.terminal_chat import TerminalChat
from tests.runners.hermes.installed import installed_hermes
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import ScriptedProvider, call, say

ANSWER = "Remember that the answer is forty-two"
KEY = "Our key is -----BEGIN PRIVATE KEY----- MIIEvQIBADANBgkqhkiG9w0BAQ"
ENV = "The password stands in deploy/.env.production"
HERE = {"goal": "Find the typo in README.md"}
ELSEWHERE = {"goal": "Say what auth.py does", "profile": BURST}
Messages = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Told:
    """What the servers were sent in one chat of five messages and two delegations."""

    parent: list[Any]
    local: list[Any]
    burst: list[Any]
    results: list[Any]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    script = [
        *(say(f"noted, {number}") for number in ("one", "two", "three")),
        *(call("delegate_task", {"tasks": [HERE, ELSEWHERE]}), say("both are done")),
        *(call("delegate_task", HERE | {"context": "again"}), say("done again")),
    ]
    with (
        Stage(tmp_path_factory.mktemp("chat") / "stage", installed_hermes()) as stage,
        ScriptedProvider(script) as model,
        ForkedRouter(stage.folder) as router,
        server("it is fixed", "it was fixed") as local,
        server("it checks") as burst,
    ):
        parent = Parent(stage, model)
        parent.set_up(router.command)
        parent.profiles({LOCAL: local, BURST: burst, CHEAP: burst})
        with TerminalChat(parent) as chat:
            for requests, message in enumerate((ANSWER, KEY, ENV), 1):
                chat.say(message, model, requests)
            chat.say("Now fix the typo, and tell me of auth.py", model, 5)
            chat.say("Look at the typo again", model, 7)
        longest = max((body["messages"] for body in model.chats), key=len)
        yield Told(model.chats, local.chats, burst.chats, delegated(longest))


def delegated(messages: Messages) -> list[Any]:
    return [json.loads(message["content"])["results"] for message in messages if message["role"] == "tool"]


def spoken(body: Any) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in body["messages"] if message["role"] != "system"]


def test_a_local_subagent_hears_what_the_user_said_before_once_and_in_order(told: Told) -> None:
    first, second = map(spoken, told.local)
    before = [
        *(("user", ANSWER), ("assistant", "noted, one"), ("user", KEY), ("assistant", "noted, two")),
        *(("user", ENV), ("assistant", "noted, three"), ("user", "Now fix the typo, and tell me of auth.py")),
    ]
    assert first[: len(before)] == before
    assert [role for role, _ in first] == ["user", "assistant"] * 4 + ["user"]
    assert HERE["goal"] in first[-1][1]
    assert second[: len(before)] == before
    assert second[len(before)] == ("assistant", "both are done")
    assert ("user", "Look at the typo again") in second


def test_a_model_elsewhere_hears_nothing_of_the_chat(told: Told) -> None:
    [body] = told.burst
    [(role, task)] = spoken(body)
    assert role == "user"
    assert ELSEWHERE["goal"] in task
    assert not [word for word in (ANSWER, "noted", "MIIE", ".env", "Now fix the typo") if word in json.dumps(body)]
    (_, elsewhere), (again,) = told.results
    assert elsewhere["receipts"][0]["profile"] == BURST
    assert not [note for note in elsewhere.get("notes", ()) if note.startswith("conversation:")]
    assert again["status"] == "completed"


PAYROLL = "Job 1 stays local-only: explain the payroll formula. Job 2 may go out: say what auth.py does"
FORMULA = "base salary times 1.07"


@pytest.mark.nightly
def test_what_was_said_of_private_work_reaches_no_model_elsewhere(stage: Stage) -> None:
    """The chat of two jobs: the user's wish, the first job and the parent's recap of it stay here."""
    first = {"goal": "Explain the payroll formula", "local_only": True}
    bodies, _ = chatted(stage, [(PAYROLL, [first]), ("Thanks. Now job 2", [ELSEWHERE])], recap=FORMULA)
    assert len(bodies) == 1
    assert not [word for word in ("ayroll", "1.07", "local-only", "Thanks") if word in json.dumps(bodies)]


@pytest.mark.nightly
def test_where_the_policy_lets_turns_pass_a_private_task_ends_that_for_its_session(stage: Stage) -> None:
    private = {"goal": "Add the numbers up", "local_only": True}
    said: list[tuple[str, list[dict[str, Any]]]] = [
        ("A chat of nothing", [ELSEWHERE]),
        ("More", [HERE, private, ELSEWHERE]),
        ("At last", [ELSEWHERE]),
    ]
    (innocent, batch, later), results = chatted(stage, said, recap=FORMULA, elsewhere="turns")
    assert spoken(innocent)[0] == ("user", "A chat of nothing")
    assert not [word for word in ("1.07", "A chat", "More", "At last") if word in json.dumps([batch, later])]
    note = "conversation: the parent's chat goes to local models only (a task of its session was private)"
    assert [note in result["notes"] for result in (results[1][2], results[2][0])] == [True, True]


@pytest.mark.nightly
def test_a_session_that_is_resumed_is_the_same_one(stage: Stage) -> None:
    private = {"goal": "Add the numbers up", "profile": LOCAL}
    bodies, _ = chatted(stage, [("One", [private])], [("Two", [ELSEWHERE])], recap=FORMULA, elsewhere="turns")
    assert len(bodies) == 1
    assert not [word for word in ("One", "Two", "1.07") if word in json.dumps(bodies)]


def chatted(
    stage: Stage, *chats: Sequence[tuple[str, Sequence[dict[str, Any]]]], recap: str, **policy: str
) -> tuple[list[Any], list[Any]]:
    """Have *chats*, each going on with the one before: a message, the tasks that delegate it, the *recap*.

    Return what the server of burst was sent, and the parent's results.
    """
    script = [
        answer
        for chat in chats
        for _, tasks in chat
        for answer in (call("delegate_task", tasks[0] if len(tasks) == 1 else {"tasks": list(tasks)}), say(recap))
    ]
    with (
        ScriptedProvider(script) as model,
        server(*["it is so"] * 6) as local,
        server(*["it checks"] * 6) as burst,
    ):
        parent = Parent(stage, model)
        parent.set_up()
        parent.policy(**policy)
        parent.profiles({LOCAL: local, BURST: burst, CHEAP: burst})
        requests = 0
        for number, turns in enumerate(chats):
            with TerminalChat(parent, *(["--continue"] if number else [])) as chat:
                for message, _ in turns:
                    requests += 2
                    chat.say(message, model, requests)
        longest = max((body["messages"] for body in model.chats), key=len)
        return burst.chats, delegated(longest)


def test_the_parents_own_requests_stay_a_growing_prefix_of_themselves(told: Told) -> None:
    assert len(told.parent) == 7
    assert_growing(told.parent)


def assert_growing(bodies: Sequence[Any]) -> None:
    for before, after in pairwise(bodies):
        assert after["tools"] == before["tools"]
        assert after["messages"][: len(before["messages"])] == before["messages"]
        assert len(after["messages"]) > len(before["messages"])


@pytest.mark.nightly
def test_stock_hermes_grows_its_requests_in_the_same_way(stage: Stage) -> None:
    """The control: the same chat without the plugin. Hermes' own subagents ask the same server; they cannot delegate."""
    done = [say("done")] * 3
    script = [say("noted, one"), call("delegate_task", HERE), *done, call("delegate_task", HERE), *done]
    with ScriptedProvider(script) as model:
        parent = Parent(stage, model)
        parent.set_up()
        (parent.folder / "plugin.yaml").unlink()
        with TerminalChat(parent) as chat:
            chat.say(ANSWER, model, 1)
            chat.say("Now fix the typo", model, 5)  # the call, what follows it, the subagent, and its late report
            chat.say("Look at the typo again", model, 9)
        own = [body for body in model.chats if "delegate_task" in {tool["function"]["name"] for tool in body["tools"]}]
    assert len(own) == 7
    assert_growing(own)
