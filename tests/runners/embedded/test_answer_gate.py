"""Every streamed answer comes through one gate: bounded in nesting, length and number, whoever sends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes import PAID, a_policy, an_order
from tests.runners.embedded.a_runner import cloud, cloud_order, failed, run
from tests.scripted_answers import events
from tests.scripted_provider import Answer, ScriptedProvider, call, raw, say

from profile_router.core.ladder.receipt import Receipt
from profile_router.errors import AttemptError
from profile_router.outside.json_reader import UnreadableJson
from profile_router.runners.calls.call import RecordedCalls, SingleCall
from profile_router.runners.embedded.model import answer_gate
from profile_router.runners.embedded.model.answer_gate import AnswerGate

DEEP = "[" * 5_000 + "]" * 5_000
NESTED = '{"a": ' * 300 + "1" + "}" * 300
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
SHORT = 10  # tokens asked for
LONG = 2_000  # characters, with the bounds of `tight`


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_gate, "_FREE_CHARACTERS", 1_000)
    monkeypatch.setattr(answer_gate, "_FREE_EVENTS", 50)


def event(delta: Any, **more: Any) -> bytes:
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta}], **more})}\n\n".encode()


async def chunks(body: bytes, cuts: Sequence[int]) -> AsyncIterator[bytes]:
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    for start, end in pairwise(places):
        yield body[start:end]


def through(body: bytes, gate: AnswerGate | None = None, cuts: Sequence[int] = ()) -> list[Any]:
    async def read() -> list[Any]:
        passed = (gate or AnswerGate(where="there", tokens=SHORT)).through(chunks(body, cuts))
        text = b"".join([piece async for piece in passed]).decode()
        return [
            json.loads(line.removeprefix("data: ")) for line in text.split("\n\n") if line and line != "data: [DONE]"
        ]

    return asyncio.run(read())


WHOLE = "".join(f"data: {text}\r\n\r\n" for text in events(say("é\u2028\u0085 done", reasoning="hm"), True)).encode()


@given(st.lists(st.integers(0, 10_000), max_size=8))
def test_an_answer_reads_the_same_wherever_it_is_cut_on_the_way(cuts: list[int]) -> None:
    gate = AnswerGate(where="there")
    body = b"\xef\xbb\xbf: ping\nevent: message\nid: 1\n" + WHOLE
    assert through(body, gate, cuts) == through(WHOLE)
    assert "".join(gate.streamed.written) == "hmé\u2028\u0085 done"


def test_the_arguments_of_a_call_are_kept_here_and_read_by_nobody_on_the_way() -> None:
    gate = AnswerGate(where="there")
    body = "".join(f"data: {text}\n\n" for text in events(call("read_file", {"path": "a.py"}), True)).encode()
    passed = through(body, gate)
    assert [(one.name, one.arguments) for one in gate.streamed.whole()] == [("read_file", '{"path": "a.py"}')]
    assert "a.py" not in json.dumps(passed)


@pytest.mark.parametrize(
    "answer",
    [
        raw(b'data: {"x": ' + DEEP.encode() + b"}\n\n" + END),
        raw(event({"content": "x"}, usage=json.loads(NESTED)) + END),
        raw(event({"content": json.loads(NESTED)}) + END),
        raw(event({"tool_calls": [{"index": 0, "function": {"name": "x", "arguments": json.loads(NESTED)}}]}) + END),
        raw(b"data: " + DEEP.encode() + b"\n\n" + END),
        raw(DEEP.encode()),
        raw(b'{"choices": ' + DEEP.encode() + b"}", content_type="application/json"),
    ],
    ids=["event", "usage", "content", "call", "no object", "body", "plain body"],
)
def test_nested_json_is_an_answer_that_cannot_be_read(answer: Answer) -> None:
    with ScriptedProvider([answer, answer]) as provider:
        attempt = run(cloud(provider.base_url), cloud_order())
        assert failed(attempt) == ("invalid-json", "failed")
        assert len(provider.chats) == attempt.receipt.turns == 1
        assert single(provider).outcome == "failed"


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize(
    "body", [DEEP, f'{{"error": {DEEP}}}', f'{{"error": {NESTED}}}', f'{{"error": {{"message": {NESTED}}}}}']
)
def test_a_nested_error_is_its_status(status: int, body: str) -> None:
    with ScriptedProvider([raw(body.encode(), status=status, content_type="application/json")]) as provider:
        attempt = run(cloud(provider.base_url), cloud_order())
    assert failed(attempt)[0] == ("server-error" if status == 500 else "bad-request")
    assert len(attempt.receipt.error or "") < 400


@pytest.mark.parametrize("arguments", [f'{{"path": {DEEP}}}', f'{{"path": {NESTED}}}', '{"path": "' + "x" * 400_000])
def test_arguments_that_cannot_be_read_are_a_call_that_does_not_fit(arguments: str, tmp_path: Path) -> None:
    with ScriptedProvider([call("read_file", arguments)] * 3) as provider:
        attempt = run(
            cloud(provider.base_url), cloud_order(), workspace=tmp_path, policy=a_policy(limits={"bad_calls": 3})
        )
    assert failed(attempt) == ("bad-arguments", "failed")


def test_a_usage_that_no_field_can_hold_counts_as_none() -> None:
    odd = b'data: {"choices":[],"usage":{"prompt_tokens":' + b"9" * 9_000 + b',"completion_tokens":NaN}}\n\n'
    with ScriptedProvider(
        [raw(event({"content": "done"}) + END.replace(b"data: [DONE]", odd + b"data: [DONE]"))]
    ) as provider:
        attempt = run(cloud(provider.base_url), cloud_order())
    assert attempt.failure is None
    assert 0 < attempt.receipt.tokens_in < 10_000


@pytest.mark.usefixtures("tight")
@pytest.mark.parametrize(
    "body",
    [
        event({"content": "x" * LONG}),
        event({"content": "word "}) * (LONG // 5),
        event({"content": "漢" * LONG}),
        event({"content": "\u200b" * LONG}),
        event({"content": "> " * LONG}),
        event({"reasoning_content": "hm " * LONG}),
        event({"reasoning": "hm " * LONG}),
        event({"tool_calls": [{"index": 0, "function": {"name": "write_file", "arguments": "x" * LONG}}]}),
        event({"content": ""}) * 200,
    ],
    ids=["one word", "words", "han", "zero width", "quotes", "thoughts", "other thoughts", "arguments", "empty events"],
)
def test_an_answer_far_longer_than_was_asked_for_is_not_read_further(body: bytes) -> None:
    gate = AnswerGate(where="there", tokens=SHORT)
    with pytest.raises(AttemptError, match="far longer than the 10 tokens that were asked for"):
        through(body, gate)
    assert gate.streamed.began


@pytest.mark.parametrize("tokens", [SHORT, None])
@pytest.mark.parametrize(
    "line",
    [b"data: " + b"a" * 64, b'data: {"choices": [{"delta": {"content": "' + b"a" * 64, b": " + b"a" * 64, b"a" * 64],
)
def test_a_line_without_an_end_is_not_kept_beyond_what_an_answer_may_have(line: bytes, tokens: int | None) -> None:
    """One event of 60 MB was read whole, and counted letter by letter, before any limit was looked at."""
    given: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        yield line
        for _ in range(1_000):
            given.append(1)
            yield b"a" * 65_536

    async def read(gate: AnswerGate) -> None:
        async for _ in gate.through(endless()):
            raise AssertionError("no event has ended")

    gate = AnswerGate(where="there", tokens=tokens)
    with pytest.raises(AttemptError, match="far longer than"):
        asyncio.run(read(gate))
    assert len(given) * 65_536 <= 17 * 1024 * 1024
    assert gate.streamed.began
    assert 1_000_000 < len("".join(gate.streamed.written)) <= 16 * 1024 * 1024


@pytest.mark.usefixtures("tight")
def test_a_cut_answer_is_paid_for_by_all_that_came_of_it() -> None:
    with ScriptedProvider([raw(event({"reasoning_content": "hm " * 700_000}))]) as provider:
        attempt = run(cloud(provider.base_url), cloud_order())
    assert failed(attempt) == ("truncated", "failed")
    assert attempt.receipt.tokens_out >= 700_000
    assert "by our own count" in " ".join(attempt.notes)


def test_more_calls_than_anybody_makes_cannot_be_read() -> None:
    calls = [{"index": at, "function": {"name": "list_files", "arguments": "{}"}} for at in range(129)]
    with pytest.raises(UnreadableJson, match="more than 128 tool calls"):
        through(event({"tool_calls": calls}))


def single(provider: ScriptedProvider) -> Receipt:
    profile = cloud(provider.base_url)
    asked = SingleCall(
        profile=profile, rate=PAID, local=False, step="probe", prompt="x", max_tokens=SHORT, seconds=20.0
    )
    text, receipt = asyncio.run(
        asyncio.wait_for(RecordedCalls(load=lambda _: profile, policy=a_policy()).ask(asked), 60)
    )
    assert text is None
    return receipt


def test_a_bug_that_an_answer_brings_to_light_is_a_failed_attempt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An answer is paid for: a run that ended in a traceback would ask again when it goes on."""

    def breaks(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("canary-3f2a")

    monkeypatch.setattr("profile_router.runners.embedded.meter.normalize_answer", breaks)
    monkeypatch.setattr("profile_router.runners.calls.call.cut_short", breaks)
    with ScriptedProvider(["done", "done"]) as provider:
        attempt = run(cloud(provider.base_url), cloud_order(), workspace=tmp_path)
        receipt = single(provider)
    assert failed(attempt) == ("invalid-json", "failed")
    assert "ZeroDivisionError" in (receipt.error or "")
    assert "canary-3f2a" not in f"{attempt} {receipt}"


def test_a_bug_before_any_answer_is_shown_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("profile_router.runners.embedded.forms.attempt_loop.conversation_messages", breaks)
    with ScriptedProvider() as provider, pytest.raises(ZeroDivisionError):
        run(cloud(provider.base_url), an_order(profile="coding-burst", local=False))
