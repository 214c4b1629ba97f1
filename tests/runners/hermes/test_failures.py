"""How a turn of the real Hermes fails: the cause, what is said, and exactly how many requests it took."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest
from tests.examples import by_night
from tests.fakes import LOCAL, a_task
from tests.runners.hermes.installed import NEW, installed_hermes
from tests.runners.hermes.stage import KEY, Stage, an_errand
from tests.runners.hermes.versions import EITHER, in_turn
from tests.scripted_provider import Answer, ScriptedProvider, call, fail, say

WRITES = call("write_file", {"path": "a.txt", "content": "a\n"})


@pytest.mark.parametrize(
    ("answers", "cause", "said", "requests"),
    [
        by_night([fail(500)], "server-error", "HTTP 500: it failed", 1, name="500"),
        by_night([fail(401, f"bad key {KEY}")], "key-refused", "HTTP 401: bad key ***", 1, name="401"),
        by_night([fail(429, headers={"Retry-After": "1"})], "rate-limited", "HTTP 429: it failed", 1, name="429"),
        by_night([Answer(drop=True)], "bad-gateway", "", 1, name="dropped"),
        by_night([say("I began", ends="cut")], "cut-short", "the answer broke off in the middle", 1, name="cut"),
        by_night([WRITES, fail(503)], "unavailable", "HTTP 503: it failed", 2, name="503 on the second turn"),
        by_night([WRITES] * 2, "turn-limit", "did not finish in 2 turns", 2, name="turn limit"),
        # These are not repeated requests: Hermes tells the model what was wrong, each time in a longer conversation.
        by_night([say("")] * 4, "empty-answer", "the answer is empty", 4, name="empty"),
        by_night([call("no_such_tool")] * 3, "unknown-tool", "invalid tool call: no_such_tool", 3, name="unknown tool"),
    ],
)
def test_a_failed_turn_has_a_cause_and_asked_no_more_than_it_says(
    stage: Stage, answers: Sequence[Answer], cause: str, said: str, requests: int
) -> None:
    limit = 2 if cause == "turn-limit" else None
    with ScriptedProvider(answers) as provider:
        stage.profile(
            provider.base_url,
            fallback_providers=[{"provider": "custom", "model": "m", "base_url": "http://127.0.0.1:9"}],
        )
        attempt = stage.run(an_errand(a_task(toolsets=("file",), max_turns=limit)))
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.outcome) == (cause, "failed")
    assert said in attempt.failure.message
    assert (len(provider.chats), attempt.receipt.turns) == (requests, requests)
    assert attempt.text == ""


FAILURES: dict[str, tuple[Answer, str]] = {
    "500": (fail(500), "server-error"),
    "503": (fail(503), "unavailable"),
    "529": (fail(529, "overloaded"), "server-error"),
    "429": (fail(429), "rate-limited"),
    "dropped": (Answer(drop=True), "bad-gateway"),
    "cut": (say("half", ends="cut"), ""),  # the versions tell it differently: cut short, or dropped
    "cut in its thoughts": (say("", reasoning="half", ends="cut"), ""),
}


@pytest.mark.parametrize(("version", "answer", "cause"), in_turn(EITHER, FAILURES, each=len(FAILURES)))
def test_a_request_that_failed_is_not_made_again_by_any_hermes(
    stage: Stage, version: str, answer: Answer, cause: str
) -> None:
    stage.hermes = installed_hermes(version)
    with ScriptedProvider([answer] * 9) as provider:
        stage.profile(provider.base_url)
        attempt = stage.run(an_errand(seconds=60.0))
        assert len(provider.chats) == attempt.receipt.turns == 1
    assert attempt.failure is not None
    assert attempt.failure.cause == cause or (not cause and attempt.failure.cause in ("cut-short", "bad-gateway"))


REFUSES_AN_OPTION = fail(400, "stream_options: extra fields not permitted")


@pytest.mark.parametrize(
    ("answers", "most", "text", "cause"),
    [
        by_night([REFUSES_AN_OPTION], 1, "", "", name="at the limit"),
        by_night([REFUSES_AN_OPTION, say("done")], 2, "done", "", name="below it"),
        pytest.param([REFUSES_AN_OPTION, WRITES], 2, "", "turn-limit", id="past it"),
    ],
)
def test_a_request_that_goes_again_without_a_refused_option_counts_for_the_limit_of_turns(
    stage: Stage, answers: Sequence[Answer], most: int, text: str, cause: str
) -> None:
    stage.hermes = installed_hermes(NEW)
    with ScriptedProvider(answers) as provider:
        stage.profile(provider.base_url)
        attempt = stage.run(an_errand(a_task(toolsets=("file",), max_turns=most)))
        assert len(provider.chats) == len(answers)
    assert (attempt.receipt.turns, attempt.text) == (len(answers), text)
    assert not cause or (attempt.failure and attempt.failure.cause) == cause


@pytest.mark.nightly
@pytest.mark.parametrize(("local", "cause"), [(True, "refused"), (False, "refused")])
def test_a_server_that_is_down_costs_nothing(stage: Stage, local: bool, cause: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        stage.profile(f"http://127.0.0.1:{closed.getsockname()[1]}/v1")
        attempt = stage.run(an_errand(local=local))
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.outcome, attempt.receipt.cost_usd) == (cause, "unavailable", 0.0)


@pytest.mark.nightly
def test_a_window_below_64k_is_refused_by_hermes_before_any_request(stage: Stage) -> None:
    with ScriptedProvider() as provider:
        stage.profile(provider.base_url, window=8_192)
        attempt = stage.run()
        assert provider.chats == []
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.outcome, attempt.receipt.turns) == ("over-window", "unavailable", 0)
    assert "8,192 tokens, which is below the minimum 64,000" in attempt.failure.message
    assert "`runner: auto` in the policy" in attempt.failure.message


def test_a_profile_that_hermes_reads_otherwise_is_not_run(stage: Stage) -> None:
    """What a profile inherits from the home's config.yaml is nothing to Hermes: it would ask another model."""
    with ScriptedProvider() as provider:
        stage.profile(provider.base_url)
        own = stage.root / "profiles" / LOCAL / "config.yaml"
        (stage.root / "config.yaml").write_text(own.read_text())
        own.write_text("agent: {max_turns: 3}\n")
        attempt = stage.run()
        assert provider.chats == []
    assert attempt.failure is not None
    assert attempt.failure.cause == "bad-request"
    assert "Hermes does not inherit it" in attempt.failure.message
