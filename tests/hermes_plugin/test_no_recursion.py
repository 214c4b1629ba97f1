"""What was delegated delegates nothing, not even where its own profile has the plugin."""

from __future__ import annotations

from pathlib import Path

import yaml
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import Parent, delegates, program, server, write_plugin
from tests.runners.hermes.stage import Stage, tool_results
from tests.scripted_provider import ScriptedProvider, call, say

TASK = {"goal": "Say what auth.py does", "profile": BURST, "toolsets": ["file", "delegation", "profile_router"]}


def test_a_hermes_child_has_nothing_to_delegate_with_and_its_plugin_does_nothing(stage: Stage) -> None:
    tries = [call("delegate_task", {"goal": "do it for me"}), call("route_task", {"goal": "do it for me", "run": True})]
    with ScriptedProvider(delegates(**TASK)) as model, server(*tries, say("I did it myself")) as burst:
        parent = Parent(stage, model)
        parent.set_up()
        parent.policy(ask_above_usd="5")
        stage.environ["PROFILE_ROUTER_HERMES_PYTHON"] = str(stage.hermes.python)
        parent.profiles({LOCAL: burst, BURST: burst, CHEAP: burst}, window=128_000)
        called = plugin_of_the_child(stage)
        parent.say()
        [entry] = parent.told["results"]
        first = burst.chats[0]
        answers = tool_results(burst.chats[-1])
    assert entry["receipts"][0]["runner"] == "hermes"
    assert entry["summary"].startswith("I did it myself")
    offered = {tool["function"]["name"] for tool in first["tools"]}
    assert "read_file" in offered
    assert not offered & {"delegate_task", "route_task"}
    assert len(answers) == 2
    assert all("does not exist" in answer for answer in answers)
    assert not called.exists()
    assert len(burst.chats) == 3


def plugin_of_the_child(stage: Stage) -> Path:
    """Enable the plugin in the child's own profile; return the file that is there once its router was called."""
    folder = stage.root / "profiles" / BURST
    called = stage.folder / "called"
    other = stage.folder / "other"
    other.mkdir()
    command = program(other, f"open({str(called)!r}, 'w')")
    write_plugin(folder / "plugins" / "profile-router", {"command": command})
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["plugins"] = {"enabled": ["profile-router"]}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return called
