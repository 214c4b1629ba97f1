"""What a delegate_task says of a task reaches its run, on a Hermes whose children have us as their model."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.forked_router import ForkedRouter
from tests.hermes_plugin.parent import KEYS, Parent, delegates, keys_sent, server
from tests.hermes_plugin.test_both_versions import LOOP
from tests.hermes_plugin.test_in_hermes import SEED, TYPO
from tests.runners.hermes.installed import NEW, installed_hermes
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import ScriptedProvider, call


@pytest.fixture
def today(stage: Stage) -> Stage:
    stage.hermes = installed_hermes(NEW)
    return stage


def test_the_authors_own_call_runs_under_the_profile_it_names(today: Stage) -> None:
    with (
        ForkedRouter(today.folder) as router,
        ScriptedProvider(delegates(**SEED)) as model,
        server(call("write_file", {"path": "auth.py", "content": "claims = 1\n"}), "auth.py uses claims now") as burst,
        server() as others,
    ):
        parent = Parent(today, model, native=True)
        parent.set_up(router.command)
        parent.profiles({LOCAL: others, BURST: burst, CHEAP: others})
        parent.say()
        told = json.dumps(parent.told)
        sent = json.dumps(burst.chats[0]["messages"])
        assert (len(model.chats), others.chats) == (2, [])
    assert keys_sent(burst) == {f"Bearer {KEYS[BURST]}"}
    assert {body["model"] for body in burst.chats} == {f"model-of-{BURST}"}
    assert SEED["goal"] in sent
    assert SEED["context"] in sent
    assert "profile-router task" not in sent + told
    assert "auth.py uses claims now" in told


@pytest.mark.nightly
def test_a_child_that_never_ends_makes_no_more_requests_than_the_call_allows(today: Stage) -> None:
    endless = [call("list_files", {"path": "."}) for _ in range(9)]
    with ScriptedProvider(delegates(**LOOP)) as model, server(*endless) as burst, server() as others:
        parent = Parent(today, model, native=True)
        parent.set_up()
        parent.profiles({LOCAL: others, BURST: burst, CHEAP: others})
        parent.say()
        assert (len(burst.chats), len(model.chats), others.chats) == (5, 2, [])
        assert "did not finish in 5 turns" in json.dumps(parent.told)


@pytest.mark.nightly
def test_a_label_of_the_call_keeps_each_of_its_tasks_on_this_machine(today: Stage) -> None:
    tasks = [{"goal": "Refactor the whole code base", "local_only": False}, {"goal": "Lint all of it, please"}]
    call_of_both: dict[str, Any] = {"tasks": tasks, "local_only": "true"}
    with ScriptedProvider(delegates(**call_of_both)) as model, server("here", "here") as local, server() as others:
        parent = Parent(today, model, native=True)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: others, CHEAP: others})
        parent.say()
        assert len(local.chats) >= 2
        assert others.chats == []


@pytest.mark.nightly
def test_in_observe_mode_hermes_delegates_as_ever_and_the_ledger_has_what_it_cost(today: Stage) -> None:
    with ScriptedProvider(delegates(["the child of Hermes did it"], **TYPO)) as model, server() as ours:
        parent = Parent(today, model)
        parent.set_up()
        parent.profiles({LOCAL: ours, BURST: ours, CHEAP: ours})
        parent.policy("observe")
        parent.say()
        assert len(model.chats) == 3
        assert "profile_router" not in parent.told
        until = time.monotonic() + 30
        [group] = [one for one in observed(parent) if one["ended"]] or [{}]
        while not group and time.monotonic() < until:
            time.sleep(0.1)
            [group] = [one for one in observed(parent) if one["ended"]] or [{}]
        assert ours.chats == []
    assert (group["profile"], group["children"], group["expected_usd"]) == (LOCAL, 1, 0.0)
    assert group["tokens_in"] > 0
    assert group["paid_usd"] > 0


def observed(parent: Parent) -> list[dict[str, Any]]:
    return list(json.loads(parent.run("profile-router", "observe", "--json").stdout)["groups"])
