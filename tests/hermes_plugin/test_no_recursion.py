"""What was delegated delegates nothing, not even where its own profile has the plugin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.fakes import BURST, CHEAP, LOCAL, a_task
from tests.hermes_plugin.parent import Parent, delegates, program, server, write_plugin
from tests.runners.hermes.stage import Stage, an_errand, tool_results
from tests.scripted_provider import ScriptedProvider, call, say

TASK: dict[str, Any] = {
    "goal": "Say what auth.py does",
    "profile": BURST,
    "toolsets": ["file", "delegation", "profile_router"],
}
TRIES = [
    *(call("delegate_task", {"goal": "do it for me"}), call("route_task", {"goal": "do it for me", "run": True})),
    say("I did it myself"),
]


def test_a_hermes_child_has_nothing_to_delegate_with_and_its_plugin_does_nothing(stage: Stage) -> None:
    with ScriptedProvider(TRIES) as provider:
        stage.profile(provider.base_url)
        called = plugin_of_the_child(stage, LOCAL)
        attempt = stage.run(an_errand(a_task("Say what auth.py does", toolsets=tuple(TASK["toolsets"]))))
        assert attempt.text == "I did it myself"
        assert_delegated_nothing(provider.chats, called)


@pytest.mark.nightly
def test_nor_has_one_that_a_parent_delegated_to(stage: Stage) -> None:
    with ScriptedProvider(delegates(**TASK)) as model, server(*TRIES) as burst:
        parent = Parent(stage, model)
        parent.set_up()
        parent.policy(ask_above_usd="5")
        stage.environ["PROFILE_ROUTER_HERMES_PYTHON"] = str(stage.hermes.python)
        parent.profiles({LOCAL: burst, BURST: burst, CHEAP: burst}, window=128_000)
        called = plugin_of_the_child(stage, BURST)
        parent.say()
        [entry] = parent.told["results"]
        assert entry["receipts"][0]["runner"] == "hermes"
        assert entry["summary"].startswith("I did it myself")
        assert_delegated_nothing(burst.chats, called)


def assert_delegated_nothing(chats: Sequence[Any], called: Path) -> None:
    offered = {tool["function"]["name"] for tool in chats[0]["tools"]}
    assert "read_file" in offered
    assert not offered & {"delegate_task", "route_task"}
    answers = tool_results(chats[-1])
    assert len(answers) == 2
    assert all("does not exist" in answer for answer in answers)
    assert not called.exists()
    assert len(chats) == 3


def plugin_of_the_child(stage: Stage, profile: str) -> Path:
    """Enable the plugin in the child's own *profile*; return the file that is there once its router was called."""
    folder = stage.root / "profiles" / profile
    called = stage.folder / "called"
    other = stage.folder / "other"
    other.mkdir()
    command = program(other, f"open({str(called)!r}, 'w')")
    write_plugin(folder / "plugins" / "profile-router", {"command": command})
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["plugins"] = {"enabled": ["profile-router"]}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return called
