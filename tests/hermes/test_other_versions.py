"""A Hermes of a version that nobody has read is asked by its command line, and only its usage file is believed."""

from __future__ import annotations

import json

import pytest
from tests.fakes import BURST, BURST_ORDER, a_task
from tests.hermes.stage import Stage, an_errand
from tests.scripted_provider import Answer, ScriptedProvider, call, fail, say

from profile_router.adapters.hermes.installation import Hermes
from profile_router.adapters.tokens import exact_tokens
from profile_router.core.conversation import Turn


@pytest.fixture
def other(stage: Stage) -> Stage:
    """Let the stage's Hermes say that it is 0.20.1."""
    told = stage.folder / "other" / "hermes_agent-0.20.1.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: hermes-agent\nVersion: 0.20.1\n")
    python = stage.folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{told.parent}" exec "{stage.hermes.python}" "$@"\n')
    python.chmod(0o755)
    stage.hermes = Hermes(python=python, command=stage.hermes.command)
    return stage


def test_its_command_line_does_the_task(other: Stage) -> None:
    steps = [call("write_file", {"path": "a.txt", "content": "a\n"}), say("wrote a.txt")]
    with ScriptedProvider(steps) as provider:
        other.profile(provider.base_url)
        earlier = (Turn("user", "earlier task"), Turn("assistant", "earlier summary"))
        wanted = a_task("do it now", toolsets=("file", "terminal"))
        attempt = other.run(an_errand(wanted, conversation=earlier))
    assert attempt.failure is None
    assert attempt.text == "wrote a.txt"
    assert (other.workspace / "a.txt").read_text() == "a\n"
    assert (attempt.receipt.turns, attempt.receipt.tokens_in, attempt.receipt.tokens_out) == (2, 20, 10)
    [note] = attempt.notes
    assert note.startswith("Hermes 0.20.1 is not the version that profile-router knows (0.19)")
    asked = provider.chats[0]["messages"][-1]["content"]
    assert all(text in asked for text in ("[user]\nearlier task", "[assistant]\nearlier summary", "do it now"))
    # It approves every command by itself, so without the policy's grant it gets none to run.
    assert "terminal" not in {tool["function"]["name"] for tool in provider.chats[0]["tools"]}


def test_where_its_usage_file_counts_nothing_the_requests_are_paid_for_by_their_size(other: Stage) -> None:
    steps = [call("write_file", {"path": "a.txt", "content": "a\n"}, usage=None), say("wrote a.txt", usage=None)]
    with ScriptedProvider(steps) as provider:
        other.profile(provider.base_url, BURST)
        attempt = other.run(an_errand(a_task("do it", toolsets=("file",)), **BURST_ORDER))
        sent = sum(exact_tokens(json.dumps(body)) for body in provider.chats)
    assert attempt.failure is None
    assert attempt.receipt.tokens_in >= sent
    assert attempt.receipt.cost_usd > 0
    assert [note for note in attempt.notes if "sent no usage" in note]


def test_its_failure_is_seen_though_it_ends_with_0(other: Stage) -> None:
    with ScriptedProvider([fail(401)] * 9) as provider:
        other.profile(provider.base_url)
        attempt = other.run()
    assert attempt.failure is not None
    assert attempt.failure.cause == "key-refused"
    assert "HTTP 401: it failed" in attempt.failure.message
    assert attempt.receipt.tokens_in == 0


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (a_task("x" * 120_001, toolsets=("file",)), "a command line takes 120,000"),
        (a_task(toolsets=("terminal",)), "the policy grants no unattended approval"),
    ],
)
def test_what_a_command_line_cannot_carry_is_refused_before_any_request(other: Stage, task: object, said: str) -> None:
    with ScriptedProvider([Answer()]) as provider:
        other.profile(provider.base_url)
        attempt = other.run(an_errand(task))
        assert provider.requests == []
    assert attempt.failure is not None
    assert attempt.failure.cause == "bad-request"
    assert said in attempt.failure.message
