"""Providers' quirks end in the runner. Inputs are captures of a real llama.cpp server (tests/captures).

They stand as they came, or altered where a test says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest
from langchain_core.messages import AIMessage, HumanMessage, convert_to_openai_messages
from tests.captures.capture import CAPTURES, FOLDER, serving, take
from tests.examples import each
from tests.fakes import an_order
from tests.llama.script import SENTENCE, Script
from tests.runners.embedded.a_runner import local, run
from tests.scripted_provider import CHAT, Answer, ScriptedProvider, call, raw, say

from profile_router.core.ladder.receipt import Attempt
from profile_router.runners.embedded.model.quirks import normalize_answer, without_images

BY_ANY_NAME = {"data": [{"id": "scripted", "aliases": ["tiny"]}]}  # the captured answers are of one that is called tiny


def captured(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def stream(name: str, *altered: tuple[str, str]) -> Answer:
    """Return a captured stream as an answer; each alteration is a text that must stand in it, and its replacement."""
    body: str = captured(name)["body"]
    for old, new in altered:
        assert old in body, old
        body = body.replace(old, new)
    return raw(body.encode())


def events(name: str) -> list[Any]:
    lines = captured(name)["body"].splitlines()
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]


def deltas(name: str) -> list[dict[str, Any]]:
    return [choice["delta"] for event in events(name) for choice in event["choices"]]


def attempt(folder: Path, answers: Sequence[Answer]) -> tuple[Attempt, list[Any]]:
    """Run an attempt against these answers in a workspace with a README, and return it and the last history sent."""
    (folder / "README.md").write_text("It adds numbers.\n", encoding="utf-8")
    with ScriptedProvider(answers, pages={"/v1/models": BY_ANY_NAME}) as provider:
        done = run(local(provider.base_url), workspace=folder)
    return done, provider.chats[-1]["messages"]


def calls_and_results(history: list[Any]) -> tuple[list[str], list[str]]:
    called = [call["id"] for message in history for call in message.get("tool_calls", ())]
    return called, [message["tool_call_id"] for message in history if message["role"] == "tool"]


def test_null_content_beside_a_tool_call_does_no_harm(tmp_path: Path) -> None:
    """Input: the captured stream as it came."""
    assert deltas("tool_call_stream")[0] == {"role": "assistant", "content": None}
    done, history = attempt(tmp_path, [stream("tool_call_stream"), say("done")])
    assert (done.failure, done.text) == (None, "done")
    assert history[-1]["content"] == "1\tIt adds numbers."
    assert json.loads(history[-2]["tool_calls"][0]["function"]["arguments"])["path"] == "README.md"


def test_a_thought_is_not_part_of_the_answer(tmp_path: Path) -> None:
    """Input: the captured stream as it came."""
    thought = "".join(delta.get("reasoning_content", "") for delta in deltas("thought_stream"))
    assert "First I think" in thought
    done, _ = attempt(tmp_path, [stream("thought_stream")])
    assert (done.failure, done.text) == (None, SENTENCE)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_a_thought_beside_a_tool_call_goes_back_to_its_server_under_its_own_name(tmp_path: Path, field: str) -> None:
    """Input: the captured tool call, with the captured thought put into its first two deltas by this test."""
    begin = f'"delta":{{"role":"assistant","content":"","{field}":"I pon"}}}}],"model":"tiny"}}'
    go_on = f'data: {{"choices":[{{"index":0,"delta":{{"{field}":"der"}}'
    with_thought = ('"delta":{"role":"assistant","content":null}', f"{begin}\n\n{go_on}")
    answers = [stream("tool_call_stream", with_thought), stream("tool_call_stream"), say("done")]
    done, history = attempt(tmp_path, answers)
    assert (done.text, len(calls_and_results(history)[0])) == ("done", 2)
    thoughtful, other = [message for message in history if message["role"] == "assistant"]
    assert (thoughtful[field], other.get(field)) == ("I ponder", None)
    assert "ponder" not in repr(done)


def test_a_thought_in_front_of_a_tool_call_goes_nowhere(tmp_path: Path) -> None:
    thinking = call("read_file", {"path": "README.md"}, text="<think>I ponder</think>I look.")
    done, history = attempt(tmp_path, [thinking, say("<think>I pon\nder</think>\n\ndone")])
    assert done.text == "done"
    assert [message["content"] for message in history if message["role"] == "assistant"] == ["I look."]
    assert "ponder" not in json.dumps(history)


@pytest.mark.parametrize("text", ["<think>I ponder", "<|channel|>analysis<|message|>I ponder<|end|>", "ponder</think>"])
def test_thoughts_alone_are_an_empty_answer(tmp_path: Path, text: str) -> None:
    done, _ = attempt(tmp_path, [say(text)])
    assert done.failure is not None
    assert done.failure.cause == "empty-answer"


def test_a_thought_that_langchain_would_keep_is_dropped() -> None:
    """Input: the captured thought, put by this test where LangChain's message keeps what it doesn't know."""
    thought = "".join(delta.get("reasoning_content", "") for delta in deltas("thought_stream"))
    answer = normalize_answer(AIMessage(SENTENCE, additional_kwargs={"reasoning_content": thought}), set())
    assert (answer.text, answer.additional_kwargs) == (SENTENCE, {})


@pytest.mark.parametrize("given", ["", "call00001", "AbCdEfGh9", "the-same", "x" * 40])
def test_call_ids_are_unique_and_nine_letters_and_digits(tmp_path: Path, given: str) -> None:
    """Input: the captured tool call twice; this test alters the call's id, which llama.cpp makes unique itself."""
    (own,) = [
        part["id"] for delta in deltas("tool_call_stream") for part in delta.get("tool_calls", ()) if "id" in part
    ]
    altered = stream("tool_call_stream", (f'"id":"{own}"', f'"id":"{given}"'))
    done, history = attempt(tmp_path, [altered, altered, say("done")])
    called, answered = calls_and_results(history)
    assert done.text == "done"
    assert called == answered
    assert len(set(called)) == len(called) == 2
    assert all(re.fullmatch("[A-Za-z0-9]{9}", one) for one in called)


PATH = {"path": "README.md"}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("functions.read_file", json.dumps(PATH)),
        ("read_file", json.dumps(json.dumps(PATH))),
        ("default_api.read_file", json.dumps(json.dumps(json.dumps(PATH)))),
        ("read_file<|channel|>commentary", json.dumps(PATH)),
    ],
)
def test_a_call_is_understood_in_another_dress(tmp_path: Path, name: str, arguments: str) -> None:
    done, history = attempt(tmp_path, [call(name, arguments), say("done")])
    assert (done.failure, history[-1]["content"]) == (None, "1\tIt adds numbers.")
    assert history[-2]["tool_calls"][0]["function"]["name"] == "read_file"


def test_arguments_that_are_an_object_are_understood(tmp_path: Path) -> None:
    """Input: the captured tool call; this test sends its arguments as objects, an empty one ahead."""
    function = {"name": "read_file", "arguments": {}}
    events: list[dict[str, Any]] = [
        {"delta": {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": function}]}},
        {"delta": {"tool_calls": [{"index": 0, "function": {"arguments": PATH}}]}},
        {"delta": {}, "finish_reason": "tool_calls"},
    ]
    body = "".join(f"data: {json.dumps({'model': 'tiny', 'choices': [{'index': 0, **one}]})}\n\n" for one in events)
    done, history = attempt(tmp_path, [raw(body.encode()), say("done")])
    assert (done.failure, history[-1]["content"]) == (None, "1\tIt adds numbers.")


def test_a_good_end_that_is_said_twice_is_one(tmp_path: Path) -> None:
    end = '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
    body = f'data: {{"choices":[{{"index":0,"delta":{{"content":"done"}}}}]}}\n\ndata: {end}\n\ndata: {end}\n\n'
    done, _ = attempt(tmp_path, [raw(body.encode())])
    assert (done.failure, done.text) == (None, "done")


def test_a_call_cut_at_the_token_limit_is_not_a_call(tmp_path: Path) -> None:
    """Input: the captured stream as it came."""
    arguments = [
        part["function"].get("arguments", "")
        for delta in deltas("cut_tool_call_stream")
        for part in delta.get("tool_calls", ())
    ]
    with pytest.raises(json.JSONDecodeError):
        json.loads("".join(arguments))
    done, _ = attempt(tmp_path, [stream("cut_tool_call_stream")])
    assert done.failure is not None
    assert (done.failure.cause, done.receipt.turns) == ("truncated", 1)


@pytest.fixture(scope="module")
def real() -> Iterator[httpx2.Client]:
    """A real server, to take what is sent."""
    with (
        serving(Script()) as url,
        httpx2.Client(base_url=url, timeout=60, limits=httpx2.Limits(max_keepalive_connections=0)) as client,
    ):
        yield client


def status(real: httpx2.Client, history: list[Any]) -> int:
    return real.post(CHAT, json={"model": "tiny", "messages": history}).status_code


@pytest.mark.parametrize("broken", [(), ((': 40"', ': nonsense"'),)], ids=["cut", "nonsense"])
def test_a_history_with_arguments_that_are_not_json_is_fixed_so_that_the_real_server_takes_it(
    tmp_path: Path, real: httpx2.Client, broken: tuple[tuple[str, str], ...]
) -> None:
    """Input: the captured cut call; this test alters its finish reason, or the run would end there, and its end."""
    answer = stream("cut_tool_call_stream", ('"finish_reason":"length"', '"finish_reason":"tool_calls"'), *broken)
    done, history = attempt(tmp_path, [answer, say("done")])
    assert done.text == "done"
    assert isinstance(json.loads(history[-2]["tool_calls"][0]["function"]["arguments"]), dict)
    refused = captured("history_that_is_not_json")
    assert (refused["status"], "Failed to parse tool call arguments as JSON" in refused["body"]) == (500, True)
    assert status(real, refused["request"]["messages"]) == 500
    assert status(real, history) == 200


def test_a_call_that_is_not_streamed_is_normalized_alike() -> None:
    """Input: the captured body as it came; the runner streams, so its message is built as LangChain builds it."""
    message = json.loads(captured("tool_call")["body"])["choices"][0]["message"]
    (call,) = message["tool_calls"]
    arguments = json.loads(call["function"]["arguments"])
    answer = AIMessage(
        message["content"] or "", tool_calls=[{"name": "read_file", "args": arguments, "id": call["id"]}]
    )
    (call,) = normalize_answer(answer, set()).tool_calls
    assert (call["id"], call["args"]) == ("call00001", arguments)


def test_an_image_for_a_text_model_is_left_out_so_that_the_real_server_takes_the_rest(real: httpx2.Client) -> None:
    """Input: the captured refusal as it came, and its request."""
    refused = captured("image_to_a_text_model")
    assert (refused["status"], "image input is not supported" in refused["body"]) == (500, True)
    (message,) = refused["request"]["messages"]
    (said,) = convert_to_openai_messages(without_images([HumanMessage(message["content"])]))
    assert said["content"] == "What is this?\n[an image is left out: this model reads text only]"
    assert status(real, [message]) == 500
    assert status(real, [said]) == 200


def test_the_runner_leaves_an_image_out_where_the_model_reads_text_only(tmp_path: Path) -> None:
    with ScriptedProvider([say("done")]) as provider:
        run(local(provider.base_url), an_order(f"What is this? ![]({image_url()})", vision=False), workspace=tmp_path)
    assert "image_url" not in json.dumps(provider.chats)


def image_url() -> str:
    parts = captured("image_to_a_text_model")["request"]["messages"][0]["content"]
    url: str = parts[1]["image_url"]["url"]
    return url


@pytest.mark.parametrize("name", each(3, CAPTURES, str))
def test_a_capture_is_what_the_real_server_says_today(name: str) -> None:
    committed = captured(name)
    assert committed["captured"].startswith("python -m tests.captures.capture, xllamacpp ")
    with serving(CAPTURES[name].script) as url:
        anew = take(name, url)
    assert {key: anew[key] for key in ("what", "request", "status", "content_type")} == {
        key: committed[key] for key in ("what", "request", "status", "content_type")
    }
    assert keys_in(anew["body"]) == keys_in(committed["body"])


def keys_in(body: str) -> list[Any]:
    """Return the fields of each event of a stream, or of the body, without their values."""
    parts = [line.removeprefix("data: ") for line in body.splitlines() if line.startswith(("data: {", "{"))]
    return [_keys(json.loads(part)) for part in parts]


def _keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _keys(part) for key, part in value.items()}
    return [_keys(part) for part in value] if isinstance(value, list) else type(value).__name__
