"""One turn of the real Hermes: what its model is sent, what it may do, what comes back."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import BURST, BURST_ORDER, LOCAL, MODEL, Heard, a_task
from tests.runners.hermes.stage import KEY, WINDOW, Stage, an_errand, tool_results
from tests.runners.hermes.versions import saying
from tests.scripted_provider import CHAT, Answer, ScriptedProvider, call, calls, say
from tests.scripted_provider import Call as Named

from profile_router.core.attempt.handoff import Handoff
from profile_router.core.conversation import Turn
from profile_router.core.evidence import ImageFact
from profile_router.core.ladder.receipt import Attempt
from profile_router.machine.hermes_program import Hermes
from profile_router.prompting.texts import handoff_text
from profile_router.prompting.tokens import exact_tokens

CONVERSATION = (Turn("user", "earlier task"), Turn("assistant", "earlier summary"))
# What a parent that is itself a Hermes has in its environment.
OF_THE_PARENT = {
    "OWN_KEY": "sk-of-the-parent",
    "OPENAI_API_KEY": "sk-parent-openai",
    "OPENROUTER_API_KEY": "sk-parent-openrouter",
    "GITHUB_TOKEN": "ghp-parent",
    "DEPLOY_PASSPHRASE": "open sesame",
    "TERMINAL_ENV": "docker",
    "TERMINAL_CWD": "/",
    "HERMES_YOLO_MODE": "1",
    "HERMES_INFERENCE_MODEL": "another-model",
    "HERMES_KANBAN_TASK": "17",
    "PYTHONPATH": "/nowhere",
}


LEFT = Handoff(tried=("coding-local (m), 2 turns: the answer broke off",), errors=("boom",), diff="+1\n", tree="clean")
OWN_KEYS = {LOCAL: KEY, BURST: "sk-burst-2222"}


@dataclass(frozen=True, slots=True)
class Told:
    """A turn here, and one under another profile at the same time."""

    attempt: Attempt
    provider: ScriptedProvider
    stage: Stage
    heard: Heard
    elsewhere: Attempt
    burst: ScriptedProvider

    @property
    def first(self) -> Any:
        return self.provider.chats[0]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, hermes: Hermes) -> Iterator[Told]:
    """Run two turns at once: one start of each Hermes serves all the rules of a turn.

    The one here reads its environment, writes a file, removes a folder and says so. The one elsewhere goes on after
    other attempts, looks at an image and writes a file. Its provider counts nothing, and its Hermes has a version that
    nobody has heard of.
    """
    steps = [
        calls(
            Named(name="write_file", arguments={"path": "made.txt", "content": "made\n"}),
            Named(name="terminal", arguments={"command": "pwd; env"}),
        ),
        call("terminal", {"command": "rm -rf kept"}),
        say("wrote made.txt", usage=(100, 20)),
    ]
    folder = tmp_path_factory.mktemp("told")
    with (
        Stage(folder / "stage", hermes) as stage,
        ScriptedProvider(steps) as provider,
        ScriptedProvider(uncounted(None)) as burst,
    ):
        stage.profile(provider.base_url, fallback_providers=[{"provider": "openrouter", "model": "another"}])
        stage.profile(burst.base_url, BURST, key=OWN_KEYS[BURST])
        stage.environ |= OF_THE_PARENT
        (stage.workspace / "kept").mkdir()
        (stage.workspace / "shot.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
        heard = Heard()
        task = a_task("do it", toolsets=("file", "terminal", "no-such-toolset"))
        image = ImageFact(place="shot.png", form="png", bytes=28)
        looks = an_errand(a_task("look", toolsets=("file",)), **BURST_ORDER, images=(image,), handoff=LEFT)
        unheard_of = stage.runner(hermes=saying(hermes, "7.1.0", folder))

        async def both() -> tuple[Attempt, Attempt]:
            here = stage.runner().run(an_errand(task, conversation=CONVERSATION), heard)
            return await asyncio.gather(here, unheard_of.run(looks, Heard()))

        attempt, elsewhere = asyncio.run(both())
        yield Told(attempt, provider, stage, heard, elsewhere, burst)


def uncounted(usage: Any) -> list[Answer]:
    """Return the answers of a provider that sends *usage* as what it counted."""
    return [call("write_file", {"path": "a.txt", "content": "a\n"}, usage=usage), say("done " * 200, usage=usage)]


def test_the_subagent_works_in_the_workspace(told: Told) -> None:
    assert (told.stage.workspace / "made.txt").read_text() == "made\n"
    shown = "".join(tool_results(told.provider.chats[1]))
    assert f"{told.stage.workspace}\\n" in shown


def test_its_last_words_and_a_receipt_come_back(told: Told) -> None:
    receipt = told.attempt.receipt
    assert told.attempt.failure is None
    assert told.attempt.text == "wrote made.txt"
    assert (receipt.runner, receipt.outcome, receipt.turns) == ("hermes", "ok", 3)
    assert (receipt.tokens_in, receipt.tokens_out, receipt.cost_usd) == (120, 30, 0.0)
    assert (receipt.model_asked, receipt.model_served, receipt.provider) == (MODEL, MODEL, "custom")
    assert receipt.ttft_s is not None
    assert receipt.ttft_s < receipt.seconds


def test_its_turns_are_told_as_they_happen(told: Told) -> None:
    assert told.heard.events == [
        {"event": "turn", "turn": 1, "tools": ["write_file", "terminal"], "tokens_in": 10, "tokens_out": 5},
        {"event": "turn", "turn": 2, "tools": ["terminal"], "tokens_in": 20, "tokens_out": 10},
        {"event": "turn", "turn": 3, "tools": [], "tokens_in": 120, "tokens_out": 30},
    ]


def test_the_shared_conversation_is_its_history(told: Told) -> None:
    system, *rest = told.first["messages"]
    assert [(message["role"], message["content"]) for message in rest] == [
        ("user", "earlier task"),
        ("assistant", "earlier summary"),
        ("user", "do it"),
    ]
    assert "another agent delegated one task to you" in system["content"]
    assert str(told.stage.workspace) in system["content"]


def test_it_has_the_toolsets_of_the_task_and_no_delegation(told: Told) -> None:
    names = {tool["function"]["name"] for tool in told.first["tools"]}
    assert names >= {"read_file", "write_file", "patch", "search_files", "terminal"}
    assert names.isdisjoint({"delegate_task", "clarify", "memory", "execute_code", "web_search", "skill_manage"})
    assert told.attempt.notes == ("toolsets that Hermes does not offer under this profile: no-such-toolset",)


def test_every_request_goes_out_with_the_profiles_own_key_and_model(told: Told) -> None:
    assert {request.headers["authorization"] for request in told.provider.to(CHAT)} == {f"Bearer {KEY}"}
    assert {body["model"] for body in told.provider.chats} == {MODEL}
    assert "sk-parent" not in str(told.provider.requests)


def test_nothing_of_the_parents_environment_reaches_its_commands(told: Told) -> None:
    shown = "".join(tool_results(told.provider.chats[1])).split("\\n")
    assert any(line.startswith("PATH=") for line in shown)
    assert [name for name, value in OF_THE_PARENT.items() if f"{name}={value}" in shown] == []


def test_its_temporary_files_are_gone(told: Told) -> None:
    shown = "".join(tool_results(told.provider.chats[1])).split("\\n")
    [scratch] = {line.removeprefix("TMPDIR=") for line in shown if line.startswith("TMPDIR=")}
    assert "profile-router-" in scratch
    assert not Path(scratch).exists()


def test_what_needs_approval_is_refused_though_the_parent_approves_everything(told: Told) -> None:
    assert "BLOCKED" in tool_results(told.provider.chats[2])[-1]
    assert (told.stage.workspace / "kept").is_dir()


@pytest.mark.nightly  # by day test_environment.py has what grants it, and a turn here what does not
def test_what_needs_approval_runs_where_the_policy_grants_it(stage: Stage) -> None:
    with ScriptedProvider([call("terminal", {"command": "rm -rf gone"}), say("removed")]) as provider:
        stage.profile(provider.base_url)
        (stage.workspace / "gone").mkdir()
        assert stage.run(an_errand(a_task(toolsets=("terminal",))), unattended=True).failure is None
    assert not (stage.workspace / "gone").exists()


def test_two_profiles_at_once_keep_their_keys_and_prices_apart(told: Told) -> None:
    assert (told.attempt.text, told.elsewhere.text) == ("wrote made.txt", ("done " * 200).strip())
    assert (told.attempt.receipt.cost_usd, told.elsewhere.receipt.cost_usd > 0) == (0.0, True)
    for name, server in ((LOCAL, told.provider), (BURST, told.burst)):
        assert {request.headers["authorization"] for request in server.to(CHAT)} == {f"Bearer {OWN_KEYS[name]}"}


def test_an_image_is_in_the_request_and_no_other_model_is_asked_to_put_it_into_words(told: Told) -> None:
    sent, _ = told.burst.chats
    assert [part["type"] for part in sent["messages"][-1]["content"]] == ["text", "image_url"]


def test_the_handoff_goes_with_the_task(told: Told) -> None:
    asked = told.burst.chats[0]["messages"][-1]["content"][0]
    assert asked["text"].strip() == f"look\n\n{handoff_text(LEFT)}"


def test_a_version_that_nobody_has_heard_of_runs_where_its_inside_is_as_known(told: Told) -> None:
    assert (told.elsewhere.failure, told.elsewhere.receipt.runner, told.elsewhere.receipt.turns) == (None, "hermes", 2)
    assert (told.stage.workspace / "a.txt").read_text() == "a\n"


def test_a_private_task_is_never_run(stage: Stage) -> None:
    with ScriptedProvider() as provider:
        stage.profile(provider.base_url)
        with pytest.raises(AssertionError, match="a private task was ordered from Hermes"):
            stage.run(an_errand(private=True))
        assert provider.requests == []


def test_a_python_that_cannot_be_started_is_a_failure_that_says_so(stage: Stage) -> None:
    stage.profile("http://127.0.0.1:9/v1")
    attempt = stage.run(hermes=Hermes(python=Path("/nowhere/python"), command=("hermes",)))
    assert attempt.failure is not None
    assert attempt.failure.cause == "interrupted"
    assert f"Hermes cannot be started: /nowhere/python: {os.strerror(errno.ENOENT)}" in attempt.failure.message
    assert attempt.receipt.outcome == "unavailable"


def test_a_provider_that_does_not_count_is_said_not_to_and_is_counted_for(told: Told) -> None:
    assert_counted_for(told.elsewhere, told.burst)


ODD: list[Any] = [
    (0, 0), (-5_000_000, 3), (10, -7), (10**30, 5),
    {"prompt_tokens": 10.5, "completion_tokens": "7"},
    {"prompt_tokens": {"n": 1}, "completion_tokens": True, "prompt_tokens_details": "x"},
]  # fmt: skip


@pytest.mark.nightly  # by day tests/core/attempt/test_usage.py has each of these figures
@pytest.mark.parametrize("usage", ODD)
def test_whatever_else_a_provider_sends_for_a_count_is_none(stage: Stage, usage: Any) -> None:
    with ScriptedProvider(uncounted(usage)) as provider:
        stage.profile(provider.base_url, BURST)
        assert_counted_for(stage.run(an_errand(**BURST_ORDER)), provider)


def assert_counted_for(attempt: Attempt, provider: ScriptedProvider) -> None:
    sent = sum(exact_tokens(json.dumps(body)) for body in provider.chats)
    assert attempt.failure is None
    assert sent < attempt.receipt.tokens_in < 2 * sent
    assert attempt.receipt.tokens_out >= 200
    assert attempt.receipt.cost_usd > 0
    assert [note for note in attempt.notes if "sent no usage" in note]


@pytest.mark.nightly  # by day tests/core/attempt/test_usage.py has it
def test_tokens_that_were_never_sent_are_not_paid_for(stage: Stage) -> None:
    with ScriptedProvider([say("done", usage=(10**12, 10**12))]) as provider:
        stage.profile(provider.base_url, BURST)
        attempt = stage.run(an_errand(**BURST_ORDER))
    assert (attempt.failure, attempt.text) == (None, "done")
    assert 0 < attempt.receipt.cost_usd < 1
    assert [note for note in attempt.notes if "1,000,000,000,000 tokens" in note]


def test_one_that_counts_is_believed_and_nothing_is_said(told: Told) -> None:
    assert not [note for note in told.attempt.notes if "usage" in note]


@pytest.mark.nightly  # by day test_reading.py has it
def test_an_image_is_not_counted_by_the_length_of_its_letters(stage: Stage) -> None:
    (stage.workspace / "shot.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300_000))
    image = ImageFact(place="shot.png", form="png", bytes=300_008)
    with ScriptedProvider([say("seen", usage=None)]) as provider:
        stage.profile(provider.base_url, BURST)
        looks = an_errand(a_task("look", toolsets=("file",)), **{**BURST_ORDER, "images": (image,)})
        receipt = stage.run(looks).receipt
    assert len(str(provider.chats[0])) > 400_000
    assert 2_000 < receipt.tokens_in < 20_000


@pytest.mark.nightly  # by day test_any_child.py has it
def test_an_order_may_be_long(stage: Stage) -> None:
    with ScriptedProvider([say("did it")]) as provider:
        stage.profile(provider.base_url)
        attempt = stage.run(an_errand(a_task("x" * 200_000, toolsets=("file",))))
        assert "x" * 200_000 in str(provider.chats[0]["messages"])
    assert attempt.text == "did it"


def test_the_window_decides_how_long_an_answer_may_be(told: Told) -> None:
    assert told.first["max_tokens"] == WINDOW // 4
