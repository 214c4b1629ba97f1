"""A delegate_task that orders no new subagent is Hermes' own: Hermes lists, steers, stops or refuses it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import BURST, CHEAP, LOCAL
from tests.fuzz.mutations import VALUES
from tests.hermes_plugin.parent import Parent, server
from tests.runners.hermes.installed import NEW, installed_hermes
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import ScriptedProvider, call, say

from profile_router.hermes_older import middleware
from profile_router.hermes_plugin.arguments import tasks_of

BESIDE = {"goal": "LOOP over README.md", "profile": BURST, "max_turns": 5, "subagent_id": "sa-1", "message": "hurry"}
WORDS = ("steer", "list", "stop", "LIST", " Stop\n", "\tsteer", "resume", "spawn!", "spawn,list", "ｓｐａｗｎ", "none")
NATIVE = "what Hermes said, as it said it"


class Touched(BaseException):
    """Something of ours was asked, though the call is Hermes'."""


@pytest.mark.parametrize("action", [*WORDS, True, 1, 2.5, ["spawn"], {"spawn": True}])
@pytest.mark.parametrize("tasks", [None, [{"goal": "one"}, {"goal": "two"}], '[{"goal": "one"}]'])
def test_any_action_but_spawn_reaches_hermes_as_it_was_before_anything_is_looked_at(
    action: Any, tasks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def touched(*_: Any, **__: Any) -> Any:
        raise Touched

    for name in ("paused", "conversation_of", "plugin_settings", "folder_of", "run_router", "tell_once"):
        monkeypatch.setattr(middleware, name, touched)
    args = {**BESIDE, "action": action, **({} if tasks is None else {"tasks": tasks})}
    before, given_on = copy.deepcopy(args), []

    def by_hermes(passed: Any) -> str:
        given_on.append(passed)
        return NATIVE

    told = middleware.on_tool_middleware(
        tool_name="delegate_task", args=args, next_call=by_hermes, session_id="s", task_id="t"
    )
    assert told == NATIVE
    assert given_on == [before]
    assert given_on[0] is args


@pytest.mark.parametrize("action", [None, "", "  ", "spawn", "Spawn", " SPAWN\n", False, 0, [], {}])
def test_what_hermes_reads_as_spawn_is_routed(action: Any) -> None:
    """Else a task would go round the router, a private one too, by a blank or a capital letter."""
    assert tasks_of({"goal": "do it", "action": action}) == [{"goal": "do it"}]


def _hermes_spawns(action: Any) -> bool:
    """Do as Hermes 0.22.2 does (tools/delegate_tool.py)."""
    try:
        return (action or "").strip().lower() in ("", "spawn")
    except AttributeError:
        return False


@examples(200)
@given(action=st.one_of(st.sampled_from(VALUES), st.text(), st.text(" \t\nspawnSPAWN", max_size=9)))
def test_a_call_is_ours_exactly_where_hermes_would_start_a_subagent(action: Any) -> None:
    assert (tasks_of({"goal": "do it", "action": action}) is not None) == _hermes_spawns(action)


@pytest.mark.nightly
def test_in_hermes_the_actions_make_no_request_and_get_the_answers_of_hermes(stage: Stage) -> None:
    stage.hermes = installed_hermes(NEW)
    actions = ("list", "steer", "Stop", "resume")
    script = [*(call("delegate_task", {**BESIDE, "action": action}) for action in actions), say("the parent is done")]
    with ScriptedProvider(script) as model, server() as others:
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: others, BURST: others, CHEAP: others})
        parent.say()
        said = [message["content"] for message in model.chats[-1]["messages"] if message["role"] == "tool"]
        told = [json.JSONDecoder().raw_decode(text)[0] for text in said]  # Hermes may warn of a loop after it
        assert others.chats == []
        assert len(model.chats) == len(script)
    listed, steered, stopped, unknown = told
    assert "profile_router" not in json.dumps(told)
    assert all("results" not in answer for answer in told)
    assert listed.get("error") is None
    assert all("sa-1" in json.dumps(answer) for answer in (steered, stopped))
    assert "Unknown action 'resume'" in unknown["error"]
