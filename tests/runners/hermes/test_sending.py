"""Once a local turn opened a private file, Hermes uses no tool that may send something of it away."""

from __future__ import annotations

import json
import queue
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import Heard, a_task
from tests.runners.hermes.stage import Stage, an_errand, tool_results
from tests.runners.hermes.versions import TRIED, hermes_of
from tests.scripted_provider import ScriptedProvider, call, say

from profile_router.runners.hermes.child import reading
from profile_router.runners.hermes.child.meter import Meter
from profile_router.runners.hermes.child.sending import stand_between, stays
from profile_router.runners.hermes.child_process import _Wire
from profile_router.runners.hermes.turn_account import Account


@pytest.mark.parametrize(
    ("name", "arguments", "here"),
    [
        ("read_file", {"path": "a"}, True),
        ("write_file", {"path": "a", "content": "see https://a.example"}, True),
        ("terminal", {"command": "ls"}, True),
        ("vision_analyze", {"image_url": "shot.png"}, True),
        ("vision_analyze", {"image_url": "https://a.example/?q=x"}, False),
        ("web_search", {"query": "x"}, False),
        ("web_extract", {}, False),
        ("browser_navigate", {"url": "x"}, False),
        ("mcp__notes__add", {"text": "x"}, False),
        ("send_message", None, False),
        ("a_plugins_own", {}, False),
    ],
)
def test_a_tool_that_nobody_knows_may_send(name: str, arguments: Any, here: bool) -> None:
    assert stays(name, arguments) is here


def test_a_tool_that_may_send_is_used_where_whoever_ordered_the_turn_agrees() -> None:
    class Registry:
        def dispatch(self, name: str, args: Any, **named: Any) -> str:
            return f"{name} did {args} for {named}"

    asked: list[str] = []

    def may_leave(name: str) -> bool:
        asked.append(name)
        return len(asked) == 1

    stand_between(Registry, may_leave)
    used = [Registry().dispatch(name, {}, scope="s") for name in ("read_file", "web_search", "read_file", "web_search")]
    assert [text for text in used if " did " in text] == used[:3]
    assert asked == ["tool web_search"] * 2
    assert "web_search was not used" in json.loads(used[3])["error"]


def test_the_word_comes_from_whoever_watches() -> None:
    """Child and parent, without a process between them."""
    words: queue.SimpleQueue[int] = queue.SimpleQueue()
    account = Account(emit=Heard())
    wire = _Wire(account, go=lambda word: words.put(word[0]))
    meter = Meter(words.get, reading)

    def say(event: str, **told: Any) -> None:
        wire.data_received(json.dumps({"event": event, **told}).encode() + b"\n")

    assert meter.may_leave(say, "tool web_search")
    account.opened = lambda: "notes.env"
    assert not meter.may_leave(say, "tool web_search")
    assert not meter.may_leave(say, "tool web_search")
    (note,) = account.notes
    assert "web_search was refused once notes.env was opened" in note


SENDS = """\
def register(ctx):
    def send(args, **_):
        with open("sent.txt", "a") as file:
            file.write(args["text"] + "\\n")
        return "sent"
    parameters = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    ctx.register_tool("send_out", "file", {"name": "send_out", "description": "send", "parameters": parameters}, send)
"""


@pytest.mark.nightly
@pytest.mark.parametrize("version", list(TRIED))
def test_hermes_sends_by_no_tool_what_comes_after_a_private_file(tmp_path: Path, version: str) -> None:
    def sends(text: str) -> Any:  # 0.22.2 finds a plugin's tool by a search, and uses it by `tool_call`
        if version.startswith("0.19"):
            return call("send_out", {"text": text})
        return call("tool_call", {"name": "send_out", "arguments": {"text": text}})

    turn = [sends("before"), call("read_file", {"path": "notes.env"}), sends("after"), say("done")]
    with Stage(tmp_path / "stage", hermes_of(version, tmp_path)) as stage, ScriptedProvider(turn) as local:
        stage.profile(local.base_url, plugins={"enabled": ["sends"]})
        (stage.workspace / "notes.env").write_text("TOKEN=umbra\n")
        folder = stage.root / "profiles" / "coding-local" / "plugins" / "sends"
        folder.mkdir(parents=True)
        (folder / "plugin.yaml").write_text("name: sends\nversion: '1'\nprovides_tools: [send_out]\n")
        (folder / "__init__.py").write_text(SENDS)
        attempt = stage.run(an_errand(a_task("do it", toolsets=("file", "image_gen"), max_turns=9)))
        assert "was not used" in tool_results(local.chats[-1])[-1], tool_results(local.chats[-1])
        assert (stage.workspace / "sent.txt").read_text() == "before\n"
    assert attempt.failure is None
    assert [note for note in attempt.notes if "send_out was refused once notes.env was opened" in note]
    assert [note for note in attempt.notes if "are off here: image_gen" in note]
