"""What goes wrong in an attempt: one request, one cause, no key in sight."""

from __future__ import annotations

import logging
from dataclasses import astuple
from typing import Any

import httpx2
import openai
import pytest
from tests.adapters.embedded.a_runner import KEY, cloud, cloud_order, failed, local, run
from tests.fakes import an_order
from tests.scripted_provider import Answer, ScriptedProvider, call, fail, raw, redirect, say, stream_error

from profile_router.adapters.embedded.failures import failure_of

OVERFLOW = {"type": "exceed_context_size_error", "n_prompt_tokens": 3011, "n_ctx": 2048}
# Statuses and bodies of llama.cpp's server are real ones (shared reference, captures of b11549).
ENDINGS: dict[str, tuple[Answer, str]] = {
    "400": (fail(400, "bad"), "bad-request"),
    "401": (fail(401, "bad key"), "key-exhausted"),
    "402": (fail(402, "no credit"), "key-exhausted"),
    "403": (fail(403), "key-exhausted"),
    "404": (fail(404, "no such model"), "bad-request"),
    "408": (fail(408), "timeout"),
    "413": (fail(413), "over-window"),
    "429": (fail(429, headers={"Retry-After": "1"}), "key-exhausted"),
    "500": (fail(500), "server-error"),
    "502": (fail(502), "bad-gateway"),
    "503 while llama.cpp loads": (fail(503, "Loading model", type="unavailable_error"), "unavailable"),
    "504": (fail(504), "unavailable"),
    "llama.cpp's overflow": (fail(400, "request (3011 tokens) exceeds the available", **OVERFLOW), "over-window"),
    "OpenAI's overflow": (fail(400, "too long", code="context_length_exceeded"), "over-window"),
    "llama.cpp's overflow in a stream": (stream_error("Context size has been exceeded."), "over-window"),
    "an error in a stream": (stream_error("it crashed"), "server-error"),
    "a reset": (Answer(drop=True), "bad-gateway"),
    "a stream cut in the middle": (say("half an answer", ends="cut"), "bad-answer"),
    "a stream without an end": (say("half an answer", ends="silent"), "bad-answer"),
    "the token limit": (say("half an answer", finish="length"), "bad-answer"),
    "a tool call cut at the limit": (call("read_file", '{"path": "a', finish="length"), "bad-answer"),
    "an empty answer": (say(""), "bad-answer"),
    "a blank answer": (say(" \n"), "bad-answer"),
    "thoughts alone": (say("", reasoning="hm"), "bad-answer"),
    "an empty body": (raw(b""), "bad-answer"),
    "nothing but the end": (raw(b"data: [DONE]\n\n"), "bad-answer"),
    "a web page": (raw(b"<html>log in</html>", content_type="text/html"), "bad-answer"),
    "no JSON": (raw(b"data: {nonsense\n\n"), "bad-answer"),
    "JSON of another kind": (raw(b"data: [1]\n\n"), "bad-answer"),
    "no choices": (raw(b'data: {"choices": null}\n\n'), "bad-answer"),
    "a null delta": (raw(b'data: {"choices": [{"index": 0, "delta": null}]}\n\n'), "bad-answer"),
    "a hollow tool call": (raw(b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{}]}}]}\n\n'), "bad-answer"),
    "no UTF-8": (raw(b"\xff\xfe\n\n"), "bad-answer"),
    "a redirect": (redirect("http://127.0.0.1:9/v1/chat/completions"), "bad-request"),
}


@pytest.mark.parametrize(("answer", "cause"), ENDINGS.values(), ids=ENDINGS)
def test_a_failed_request_is_one_request_with_one_cause(answer: Answer, cause: str) -> None:
    with ScriptedProvider([answer, "a retry would get this"]) as provider:
        attempt = run(local(provider.base_url))
    assert failed(attempt) == (cause, "failed")
    assert len(provider.requests) == 1
    assert attempt.receipt.turns == 1
    assert attempt.text == ""


@pytest.mark.parametrize("answer", [fail(500), fail(429), Answer(drop=True), say("half", ends="cut")])
def test_a_failure_after_good_turns_ends_the_attempt_too(answer: Answer) -> None:
    with ScriptedProvider([call("nothing_like_it"), answer, "a retry would get this"]) as provider:
        attempt = run(local(provider.base_url))
    assert failed(attempt)[1] == "failed"
    assert len(provider.chats) == attempt.receipt.turns == 2
    assert attempt.receipt.tokens_in >= 10


def closed_port() -> str:
    with ScriptedProvider() as provider:
        return provider.base_url


@pytest.mark.parametrize(("is_local", "cause"), [(True, "refused"), (False, "no-network")])
def test_a_server_never_reached_is_unavailable(is_local: bool, cause: str) -> None:
    attempt = run(local(closed_port()), an_order(local=is_local))
    assert failed(attempt) == (cause, "unavailable")
    assert attempt.receipt.ttft_s is None
    assert (attempt.receipt.tokens_in, attempt.receipt.tokens_out, attempt.receipt.cost_usd) == (0, 0, 0.0)


def wrapped(cause: BaseException, outer: type[openai.APIConnectionError] = openai.APIConnectionError) -> Exception:
    error = outer(request=httpx2.Request("POST", "http://there"))
    error.__cause__ = cause
    return error


TRANSPORT: dict[str, tuple[BaseException, str]] = {
    "no name": (wrapped(httpx2.ConnectError("[Errno -2] Name or service not known")), "no-network"),
    "no way": (wrapped(httpx2.ConnectTimeout("timed out"), openai.APITimeoutError), "no-network"),
    "no answer": (wrapped(httpx2.ReadTimeout("timed out"), openai.APITimeoutError), "timeout"),
    "our clock": (TimeoutError(), "timeout"),
    "a reset": (wrapped(httpx2.ReadError("reset")), "bad-gateway"),
    "a hang-up": (
        wrapped(httpx2.RemoteProtocolError("Server disconnected without sending a response.")),
        "bad-gateway",
    ),
    "a bare httpx error": (httpx2.RemoteProtocolError("peer closed connection"), "bad-answer"),
    "bad compression": (httpx2.DecodingError("not gzip"), "bad-answer"),
}


@pytest.mark.parametrize(("error", "cause"), TRANSPORT.values(), ids=TRANSPORT)
def test_errors_of_the_transport_have_a_cause(error: BaseException, cause: str) -> None:
    failure = failure_of(error, where="there", local=False, secret=None)
    assert failure is not None
    assert failure.cause == cause


@pytest.mark.parametrize("error", [RuntimeError("ours"), ZeroDivisionError(), AssertionError("ours"), OSError("disk")])
def test_a_bug_of_ours_is_no_failure_of_the_attempt(error: Exception) -> None:
    assert failure_of(error, where="there", local=True, secret=None) is None


@pytest.mark.parametrize(
    "answer",
    [
        fail(401, f"the key {KEY} is not valid"),
        fail(500, f"Bearer {KEY}"),
        stream_error(f"upstream rejected {KEY}"),
        raw(f"data: {KEY}\n\n".encode()),
        raw(KEY.encode(), status=400, content_type="text/plain"),
    ],
)
def test_a_key_that_the_server_echoes_is_shown_nowhere(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with ScriptedProvider([answer]) as provider:
        attempt = run(cloud(provider.base_url), cloud_order())
    assert provider.requests[0].headers["authorization"] == f"Bearer {KEY}"
    shown: tuple[Any, ...] = (astuple(attempt), repr(attempt), caplog.text)
    assert KEY not in str(shown)


def test_messages_are_one_short_line_that_names_profile_and_address() -> None:
    with ScriptedProvider([fail(500, "bad\nthing\t" + "x" * 5_000)]) as provider:
        attempt = run(local(provider.base_url))
    assert attempt.failure is not None
    message = attempt.failure.message
    assert message.startswith(f"coding-local at {provider.url.removeprefix('http://')}: HTTP 500 bad thing x")
    assert len(message) < 300
    assert "\n" not in message
