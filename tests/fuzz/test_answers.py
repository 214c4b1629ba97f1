"""Whatever a server answers, an attempt ends well or with a cause: one request a turn, one receipt, no key."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import PAID, Heard, a_policy, an_order
from tests.fuzz.mutations import PIECES, octets, texts, trees
from tests.runners.embedded.a_runner import KEY, a_runner, cloud, cloud_order, local
from tests.scripted_answers import completion, events
from tests.scripted_provider import Answer, ScriptedProvider, call, say

from profile_router.core.ladder.causes import Cause
from profile_router.core.ladder.receipt import Attempt, Receipt
from profile_router.runners.calls.call import RecordedCalls, SingleCall
from profile_router.runners.calls.prober import parsed_probe

CAPTURES = Path(__file__).parents[1] / "captures"
TURNS = 4


def captured() -> Iterator[bytes]:
    for file in sorted(CAPTURES.glob("*.json")):
        found = json.loads(file.read_text())
        body = found["body"]
        yield (body if isinstance(body, str) else json.dumps(body)).encode()


def streamed(answer: Answer) -> bytes:
    return "".join(f"data: {event}\n\n" for event in events(answer, with_usage=True)).encode()


# Streams as a real llama.cpp server sent them, and as other servers do.
STREAMS = [
    *(body for body in captured() if body.startswith(b"data:")),
    streamed(say("The work is done.", model="m")),
    streamed(say("", reasoning="hm", model="m")),
    streamed(call("read_file", {"path": "a.py"}, model="m")),
    streamed(call("write_file", {"path": "b.py", "content": "x = 1\n"}, model="m")),
    b": ping\n\nevent: message\ndata: {}\n\n" + streamed(say("é\u2028", model="m")),
]
BODIES = [body for body in captured() if not body.startswith(b"data:")]
TYPES = ["text/event-stream", "application/json", "text/html", "", "text/event-stream; charset=utf-16", "\u00e9"]
STATUSES = [200, 200, 200, 200, 201, 204, 206, 301, 400, 404, 413, 418, 429, 500, 503, 529, 599]


def headers(kind: str, more: dict[str, str]) -> dict[str, str]:
    return {"Content-Type": kind.encode("latin-1", "replace").decode("latin-1"), **more}


ODD_HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "X-RateLimit-Reset", "Content-Encoding", "Location", "X-Request-Id"]),
    st.sampled_from(["", "-1", "1e400", "nan", "gzip", "br", "://", "http://127.0.0.1:9/", "Wed, 99 Foo", "x" * 5_000]),
    max_size=2,
)
BODY = st.one_of(
    st.sampled_from(STREAMS).flatmap(lambda stream: octets(stream, most=4)),
    st.sampled_from(STREAMS).flatmap(lambda stream: octets(stream, most=4)),
    st.sampled_from(BODIES).flatmap(octets),
    st.binary(max_size=200),
)


def ends(attempt: Attempt, provider: ScriptedProvider) -> None:
    failure, receipt = attempt.failure, attempt.receipt
    assert isinstance(receipt, Receipt)
    assert (failure is None) == (receipt.outcome == "ok")
    if failure is not None:
        assert failure.cause in get_args(Cause)
        assert attempt.text == ""
        assert len(failure.message) < 1_000
    assert receipt.turns == len(provider.chats) <= TURNS
    assert receipt.tokens_in >= 0
    assert receipt.tokens_out >= 0
    assert receipt.cost_usd >= 0
    told = f"{failure} {receipt} {attempt.notes}"
    assert KEY[10:] not in told
    json.dumps(told).encode()


async def several(answers: list[Answer], folder: Path) -> None:
    for answer in answers:
        # What is asked for after a first answer that did not fail is answered well.
        with ScriptedProvider([answer, *(["Done."] * TURNS)]) as provider:
            policy = a_policy(limits={"loading_seconds": 0.0, "max_turns": TURNS})
            runner = a_runner(cloud(provider.base_url), folder, policy)
            attempt = await asyncio.wait_for(runner.run(cloud_order(seconds=20.0), Heard()), 60)
        ends(attempt, provider)


@examples(8, shrunk=False)
@given(
    st.lists(
        st.builds(
            lambda body, status, kind, more: Answer(body=body, status=status, headers=headers(kind, more)),
            BODY,
            st.sampled_from(STATUSES),
            st.sampled_from(TYPES),
            ODD_HEADERS,
        ),
        min_size=4,
        max_size=4,
    )
)
def test_any_answer_ends_an_attempt_in_a_known_way(answers: list[Answer]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(several(answers, Path(folder)))


CHUNK: dict[str, Any] = json.loads(next(iter(events(say("a", model="m"), with_usage=True))))
CHUNK["usage"] = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "prompt_tokens_details": {}}
CHUNK["choices"][0]["delta"] = {
    "role": "assistant",
    "content": "a",
    "reasoning_content": "b",
    "tool_calls": [{"index": 0, "id": "1", "type": "function", "function": {"name": "read_file", "arguments": "{}"}}],
}
LAST = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


@examples(8, shrunk=False)
@given(st.lists(trees(CHUNK, most=4), min_size=4, max_size=4))
def test_any_shape_of_a_chunk_ends_an_attempt_in_a_known_way(chunks: list[Any]) -> None:
    bodies = [f"data: {json.dumps(chunk)}\n\n".encode() + LAST for chunk in chunks]
    answers = [Answer(body=body, headers={"Content-Type": "text/event-stream"}) for body in bodies]
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(several(answers, Path(folder)))


DEEP = "[" * 3_000 + "]" * 3_000
ODD = (*PIECES, DEEP, "[" * 3_000, '{"a":' * 400 + "1" + "}" * 400, '"' * 2_001, "9" * 9_000)


@examples(8, shrunk=False)
@given(st.lists(texts('{"path": "a.py", "lines": [1, 2]}', pieces=ODD, most=3), min_size=4, max_size=4))
def test_any_arguments_of_a_call_end_an_attempt_in_a_known_way(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(several([call("read_file", text, model="m") for text in arguments], Path(folder)))


@examples(8, shrunk=False)
@given(st.lists(texts(json.dumps(CHUNK), pieces=ODD, most=3), min_size=4, max_size=4))
def test_any_text_of_a_chunk_ends_an_attempt_in_a_known_way(chunks: list[str]) -> None:
    bodies = [f"data: {' '.join(chunk.split())}\n\n".encode() + LAST for chunk in chunks]
    answers = [Answer(body=body, headers={"Content-Type": "text/event-stream"}) for body in bodies]
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(several(answers, Path(folder)))


WHOLE = completion(say('{"score": 5, "files_to_edit": 1, "lines_to_edit": 2, "reason": "small"}', model="m"))


@examples(40, shrunk=False)
@given(st.one_of(trees(WHOLE, most=4).map(lambda tree: json.dumps(tree).encode()), octets(json.dumps(WHOLE).encode())))
def test_any_answer_to_a_single_call_is_a_text_or_a_reason(body: bytes) -> None:
    with ScriptedProvider([Answer(body=body)]) as provider:
        profile = cloud(provider.base_url)
        single = SingleCall(
            profile=profile, rate=PAID, local=False, step="probe", prompt="x", max_tokens=10, seconds=20.0
        )
        text, receipt = asyncio.run(
            asyncio.wait_for(RecordedCalls(load=lambda _: profile, policy=a_policy()).ask(single), 60)
        )
    assert (text is None) == (receipt.outcome != "ok")
    assert (receipt.error is None) == (receipt.outcome == "ok")
    assert len(provider.chats) == 1
    if text is not None:
        found, problem = parsed_probe(text)
        assert (found is None) == bool(problem)


@examples(150)
@given(octets(b'```json\n{"score": 5, "files_to_edit": 1, "lines_to_edit": 2, "reason": "small"}\n```'))
def test_any_estimate_is_one_or_says_what_is_wrong(body: bytes) -> None:
    found, problem = parsed_probe(body.decode("utf-8", "replace"))
    assert (found is None) == bool(problem)


@pytest.mark.parametrize("size", [1, 3_000])
def test_many_small_pieces_are_one_answer(size: int) -> None:
    with ScriptedProvider([Answer(body=streamed(say("ab", model="m")) * size), "Done."]) as provider:
        attempt = asyncio.run(a_runner(local(provider.base_url)).run(an_order(), Heard()))
    assert attempt.receipt.turns == len(provider.chats) == 1
