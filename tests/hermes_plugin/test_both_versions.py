"""A Hermes without a seam for our model, with our plugin in it: a delegation is bounded and shown."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import KEYS, Parent, delegates, keys_sent, server
from tests.runners.hermes.installed import OLD, installed_hermes
from tests.runners.hermes.stage import Stage
from tests.runners.hermes.versions import in_turn
from tests.scripted_provider import ScriptedProvider, call

# A model that never ends, as it was met in the wild.
LOOP: dict[str, Any] = {"goal": "LOOP over README.md", "profile": BURST, "max_turns": 5}


@pytest.fixture(params=[OLD])
def either(request: pytest.FixtureRequest, stage: Stage) -> Stage:
    stage.hermes = installed_hermes(request.param)
    return stage


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("either", "window"), in_turn([OLD], {"hermes": (128_000,), "embedded": (32_768,)}, each=2), indirect=["either"]
)
def test_a_child_that_never_ends_makes_no_more_requests_than_the_call_allows(either: Stage, window: int) -> None:
    tool = "write_file" if window > 64_000 else "list_files"
    endless = [
        call(tool, {"path": f"{n}.txt", "content": "x\n"} if window > 64_000 else {"path": "."}) for n in range(9)
    ]
    with ScriptedProvider(delegates(**LOOP)) as model, server(*endless) as burst, server() as others:
        parent = Parent(either, model)
        parent.set_up()
        parent.policy(ask_above_usd="5")  # a Hermes child of a model without a price likely costs more than 1
        either.environ["PROFILE_ROUTER_HERMES_PYTHON"] = str(either.hermes.python)
        parent.profiles({LOCAL: others, BURST: burst, CHEAP: others}, window=window)
        parent.say()
        [entry] = parent.told["results"]
        assert len(burst.chats) == 5, str(entry)
        assert (len(model.chats), others.chats) == (2, [])
    assert keys_sent(burst) == {f"Bearer {KEYS[BURST]}"}
    receipts = [receipt for receipt in entry["receipts"] if receipt["turns"]]
    runner = "hermes" if window > 64_000 else "embedded"
    assert [(receipt["runner"], receipt["profile"], receipt["turns"]) for receipt in receipts] == [(runner, BURST, 5)]
    assert list(entry)[:5] == ["task_index", "status", "verdict", "verified", "summary"]
    assert entry["verdict"].startswith("failed: ")
    assert "did not finish in 5 turns" in entry["verdict"]


@pytest.mark.nightly
def test_the_options_of_a_routed_delegation_stand_beside_those_of_hermes(either: Stage) -> None:
    with ScriptedProvider(["the parent is done"]) as model:
        parent = Parent(either, model, granted=True)
        parent.set_up()
        parent.say()
    schemas = {tool["function"]["name"]: tool["function"] for tool in model.chats[0]["tools"]}
    shown = schemas["delegate_task"]["parameters"]["properties"]
    for properties in (shown, shown["tasks"]["items"]["properties"]):
        assert {"profile", "toolsets", "max_turns"} <= properties.keys()
