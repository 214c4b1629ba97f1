"""One minimal call per profile, and only then anything that could cost."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.doctor.scene import Scene
from tests.fakes import BURST, CHEAP, LOCAL, a_policy
from tests.scripted_provider import Answer, ScriptedProvider, call, fail, raw, redirect, say

from profile_router.doctor.finding import Finding
from profile_router.doctor.model_call import SHORT_ANSWER_TOKENS, call_each

KEY = "sk-live-0123456789"


def config(base_url: str, *, provider: str = "custom", key: str = KEY) -> str:
    return f"model: {{provider: {provider}, base_url: '{base_url}', default: asked, api_key: '{key}'}}\n"


def called(folder: Path, *answers: Answer | str, provider: str = "custom", **more: Any) -> tuple[Finding, Any]:
    """Return what the call of the local profile found, and the request that it made."""
    with ScriptedProvider(list(answers), **more) as server:
        scene = Scene(folder)
        scene.home.write(LOCAL, config(server.base_url, provider=provider))
        found = asyncio.run(call_each(scene.facts()))
        assert len(server.chats) == 1
        return found[0], server.requests[-1]


def test_a_profile_that_answers_passes_with_what_it_cost(tmp_path: Path) -> None:
    finding, request = called(tmp_path, say("ok", model="served", usage=(11, 3)))
    assert (finding.level, finding.name) == ("pass", f"{LOCAL} live")
    assert "served answered in " in finding.measured
    assert "11 tokens in, 3 out, $0.00 (free)" in finding.measured
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_the_call_is_as_small_as_providers_allow(tmp_path: Path) -> None:
    _, request = called(tmp_path, "ok")
    assert request.body["max_tokens"] == SHORT_ANSWER_TOKENS == 16
    assert request.body["model"] == "asked"
    assert len(str(request.body["messages"])) < 80


def test_a_model_that_says_nothing_is_waited_for_as_long_as_a_run_would(tmp_path: Path) -> None:
    with ScriptedProvider([Answer(stall=True)]) as server:
        scene = Scene(tmp_path)
        scene.home.write(LOCAL, config(server.base_url))
        [found, *_] = asyncio.run(call_each(scene.facts(a_policy(limits={"first_token_seconds": 0.2}))))
    assert (found.level, found.measured) == ("fail", "no answer: nothing came in time")


def test_openai_itself_gets_its_own_name_for_the_limit(tmp_path: Path) -> None:
    _, request = called(tmp_path, "ok", provider="openai-api")
    assert "max_tokens" not in request.body
    assert request.body["max_completion_tokens"] == SHORT_ANSWER_TOKENS


def test_openrouter_gets_the_preferences(tmp_path: Path) -> None:
    with ScriptedProvider(["ok"]) as server:
        scene = Scene(tmp_path)
        scene.home.write(LOCAL, config(server.base_url, provider="openrouter") + "provider_routing: {sort: price}\n")
        asyncio.run(call_each(scene.facts()))
        assert server.chats[0]["provider"] == {"sort": "price"}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (fail(401, f"no such key: {KEY}"), "HTTP 401 no such key: ***"),
        (fail(429, "slow down"), "HTTP 429 slow down"),
        (raw(b"<html>", status=502), "HTTP 502"),
        (raw(b"<html>", status=200), "no chat completion"),
        (Answer(body={"choices": []}), "no chat completion"),
        (redirect("http://127.0.0.1:9/v1"), "HTTP 307"),
        (Answer(drop=True), "no answer: the connection broke"),
    ],
)
def test_a_profile_that_does_not_answer_fails_with_the_reason(answer: Answer, says: str, tmp_path: Path) -> None:
    finding, _ = called(tmp_path, answer)
    assert finding.level == "fail"
    assert says in finding.measured
    assert finding.fix
    assert KEY not in repr(finding)


def test_an_answer_of_a_cloud_is_priced_by_the_policy(tmp_path: Path) -> None:
    with ScriptedProvider([say("ok", usage=(100_000, 0))]) as server:
        scene = Scene(tmp_path)
        scene.home.write(BURST, config(server.base_url))
        finding = next(line for line in asyncio.run(call_each(scene.facts())) if line.name == f"{BURST} live")
    assert finding.measured.endswith("≈ $0.90 (tier's price)")


def test_a_profile_without_a_key_is_not_called(tmp_path: Path) -> None:
    with ScriptedProvider(["ok"]) as server:
        scene = Scene(tmp_path)
        scene.home.write(LOCAL, config(server.base_url))
        found = {line.name: line for line in asyncio.run(call_each(scene.facts()))}
    for name in (BURST, CHEAP):
        assert (found[f"{name} live"].level, found[f"{name} live"].measured) == ("warn", "not called: it has no key")


RETURNED = "pear"


def round_trip(folder: Path, *answers: Answer | str) -> tuple[Finding, list[Any]]:
    """Return what the round trip of a tool found, and its requests."""
    with ScriptedProvider(list(answers)) as server:
        scene = Scene(folder)
        scene.home.write(LOCAL, config(server.base_url))
        found = asyncio.run(call_each(scene.facts(), tools=True))
        return found[0], server.chats


def test_a_round_trip_calls_a_tool_and_gives_its_result_back(tmp_path: Path) -> None:
    first = call("functions.look_up", json.dumps({"number": 7}), reasoning="I ponder", usage=(50, 9))
    finding, (_, second) = round_trip(tmp_path, first, say(RETURNED, usage=(70, 1)))
    assert finding.level == "pass"
    assert "called a tool and took its result, 120 tokens in, 10 out" in finding.measured
    _, _, asked, given = second["messages"]
    assert (given["content"], given["tool_call_id"], asked["reasoning_content"]) == (RETURNED, "call00001", "I ponder")
    assert asked["tool_calls"][0]["id"] == given["tool_call_id"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (say("It is a pear."), "makes no tool call when asked for one"),
        (
            say('<tool_call>{"name": "look_up", "arguments": {"number": 7}}</tool_call>'),
            "writes its tool calls as text",
        ),
        (call("look_down", {"number": 7}), "makes a tool call that does not fit"),
        (call("look_up", {"number": "seven"}), "makes a tool call that does not fit"),
        (call("look_up", "{nonsense"), "makes a tool call that does not fit"),
    ],
)
def test_a_model_that_does_not_call_is_told_apart(answer: Answer, says: str, tmp_path: Path) -> None:
    finding, chats = round_trip(tmp_path, answer)
    assert (finding.level, len(chats)) == ("warn", 1)
    assert says in finding.measured
    assert finding.fix.endswith(", where MODEL is one that calls tools")


@pytest.mark.parametrize(
    ("answers", "says", "fix"),
    [
        ([fail(400, "gemma does not support tools")], "HTTP 400", "it takes no tools"),
        ([fail(500, "tools param requires --jinja flag")], "HTTP 500", "start llama-server with `--jinja`"),
        (
            [call("look_up", {"number": 7}), fail(500, "conversation roles must alternate user/assistant")],
            "the result of its call is refused: HTTP 500",
            "it takes no results of tools",
        ),
        (
            [call("look_up", {"number": 7}), Answer(drop=True)],
            "the result of its call is refused: no answer",
            "profiles",
        ),
    ],
)
def test_an_unfit_model_fails_with_its_fix(answers: list[Answer], says: str, fix: str, tmp_path: Path) -> None:
    finding, _ = round_trip(tmp_path, *answers)
    assert finding.level == "fail"
    assert says in finding.measured
    assert fix in finding.fix
