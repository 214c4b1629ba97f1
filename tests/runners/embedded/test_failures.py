"""What goes wrong in an attempt: one request, one cause, no key in sight."""

from __future__ import annotations

import errno
import json
import logging
import socket
import ssl
from dataclasses import astuple
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from tests.fakes import a_policy, a_profile, an_order
from tests.runners.embedded.a_runner import KEY, cloud, cloud_order, failed, local, run
from tests.scripted_provider import Answer, ScriptedProvider, call, fail, raw, redirect, say, stream_error
from tests.tls_server import self_signed

from profile_router.runners.embedded.failures import failure_of_error
from profile_router.servers import bounded_body as bounded_answer

OVERFLOW: dict[str, Any] = {"type": "exceed_context_size_error", "n_prompt_tokens": 3011, "n_ctx": 2048}
# Statuses and bodies of llama.cpp's server are real ones (shared reference, captures of b11549).
ENDINGS: dict[str, tuple[Answer, str]] = {
    "400": (fail(400, "bad"), "bad-request"),
    "401": (fail(401, "bad key"), "key-refused"),
    "402": (fail(402, "no credit"), "payment-required"),
    "403": (fail(403), "forbidden"),
    "404": (fail(404, "no such model"), "model-missing"),
    "408": (fail(408), "request-timeout"),
    "413": (fail(413), "over-window"),
    "429": (fail(429, headers={"Retry-After": "1"}), "rate-limited"),
    "a 429 of one model": (fail(429, metadata={"provider_name": "Nebius", "raw": "busy"}), "model-limited"),
    "a 429 in a stream": (stream_error("slow down", code=429), "rate-limited"),
    "a 402 in a stream": (stream_error("no credit", code=402), "payment-required"),
    "500": (fail(500), "server-error"),
    "502": (fail(502), "bad-gateway"),
    "503 while llama.cpp loads": (fail(503, "Loading model", type="unavailable_error"), "loading"),
    "504": (fail(504), "unavailable"),
    "llama.cpp's overflow": (fail(400, "request (3011 tokens) exceeds the available", **OVERFLOW), "over-window"),
    "OpenAI's overflow": (fail(400, "too long", code="context_length_exceeded"), "over-window"),
    "llama.cpp's overflow in a stream": (stream_error("Context size has been exceeded."), "over-window"),
    "an error in a stream": (stream_error("it crashed"), "stream-error"),
    "a reset": (Answer(drop=True), "bad-gateway"),
    "a stream cut in the middle": (say("half an answer", ends="cut"), "cut-short"),
    "a stream without an end": (say("half an answer", ends="silent"), "cut-short"),
    "the token limit": (say("half an answer", finish="length"), "truncated"),
    "a tool call cut at the limit": (call("read_file", '{"path": "a', finish="length"), "truncated"),
    "an empty answer": (say(""), "empty-answer"),
    "a blank answer": (say(" \n"), "empty-answer"),
    "thoughts alone": (say("", reasoning="hm"), "empty-answer"),
    "an empty body": (raw(b""), "invalid-json"),
    "nothing but the end": (raw(b"data: [DONE]\n\n"), "invalid-json"),
    "a web page": (raw(b"<html>log in</html>", content_type="text/html"), "invalid-json"),
    "no JSON": (raw(b"data: {nonsense\n\n"), "invalid-json"),
    "JSON of another kind": (raw(b"data: [1]\n\n"), "invalid-json"),
    "no choices": (raw(b'data: {"choices": null}\n\n'), "cut-short"),
    "a null delta": (raw(b'data: {"choices": [{"index": 0, "delta": null}]}\n\n'), "invalid-json"),
    "a hollow tool call": (raw(b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{}]}}]}\n\n'), "invalid-json"),
    "no UTF-8": (raw(b"\xff\xfe\n\n"), "invalid-json"),
    "JSON that is not a stream": (raw(b'{"choices": []}', content_type="application/json"), "invalid-json"),
    "half an error": (raw(b'{"error": {"mess', content_type="application/json"), "invalid-json"),
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


@pytest.mark.parametrize("is_local", [True, False])
def test_a_server_never_reached_is_unavailable(is_local: bool) -> None:
    attempt = run(local(closed_port()), an_order(local=is_local))
    assert failed(attempt) == ("refused", "unavailable")
    assert attempt.receipt.ttft_s is None
    assert (attempt.receipt.tokens_in, attempt.receipt.tokens_out, attempt.receipt.cost_usd) == (0, 0, 0.0)


def wrapped(cause: BaseException, outer: type[openai.APIConnectionError] = openai.APIConnectionError) -> Exception:
    error = outer(request=httpx2.Request("POST", "http://there"))
    error.__cause__ = cause
    return error


def unreached(cause: OSError) -> Exception:
    error = httpx2.ConnectError("it did not work")
    error.__cause__ = cause
    return wrapped(error)


TRANSPORT: dict[str, tuple[BaseException, str]] = {
    "no name": (unreached(socket.gaierror(socket.EAI_NONAME, "Name or service not known")), "dns"),
    "no resolver": (unreached(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")), "no-network"),
    "no network": (unreached(OSError(errno.ENETUNREACH, "Network is unreachable")), "no-network"),
    "no route to it": (unreached(OSError(errno.EHOSTUNREACH, "No route to host")), "connect-timeout"),
    "a strange certificate": (unreached(ssl.SSLCertVerificationError("self-signed certificate")), "tls"),
    "nobody there": (unreached(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")), "refused"),
    "no way": (wrapped(httpx2.ConnectTimeout("timed out"), openai.APITimeoutError), "connect-timeout"),
    "no answer": (wrapped(httpx2.ReadTimeout("timed out"), openai.APITimeoutError), "stalled"),
    "our clock": (TimeoutError(), "timeout"),
    "a reset": (wrapped(httpx2.ReadError("reset")), "bad-gateway"),
    "a hang-up": (
        wrapped(httpx2.RemoteProtocolError("Server disconnected without sending a response.")),
        "bad-gateway",
    ),
    "a bare httpx error": (httpx2.RemoteProtocolError("peer closed connection"), "cut-short"),
    "bad compression": (httpx2.DecodingError("not gzip"), "cut-short"),
}


@pytest.mark.parametrize(("error", "cause"), TRANSPORT.values(), ids=TRANSPORT)
def test_errors_of_the_transport_have_a_cause(error: BaseException, cause: str) -> None:
    failure = failure_of_error(error, a_profile("http://127.0.0.1:9/v1"))
    assert failure is not None
    assert failure.cause == cause


@pytest.mark.parametrize("error", [RuntimeError("ours"), ZeroDivisionError(), AssertionError("ours"), OSError("disk")])
def test_a_bug_of_ours_is_not_a_failure_of_the_attempt(error: Exception) -> None:
    assert failure_of_error(error, a_profile("http://127.0.0.1:9/v1")) is None


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


LIMITED = {"error": {"code": 429, "message": "Rate limit exceeded: free-models-per-day", "metadata": {}}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (LIMITED, "error 429 in a 200 answer: Rate limit exceeded: free-models-per-day"),
        ({"error": "no credits left"}, "no credits left"),
        ({"error": {"code": "overloaded", "message": "later"}}, "error overloaded in a 200 answer: later"),
        ({"error": {"detail": "later"}}, "later"),
        ({"error": {"else": "later"}}, '{"else": "later"}'),
        ({"error": f"{KEY} is bad"}, "*** is bad"),
        ({"error": {"code": KEY, "message": "it is bad"}}, "error *** in a 200 answer: it is bad"),
        ({"error": "x" * 900_000}, "x" * 200),
    ],
    ids=["a code", "a text", "a code in letters", "a detail", "neither", "the key", "the key as a code", "long"],
)
@pytest.mark.parametrize("form", ["plain", "indented", "as an event", "without a content type"])
def test_an_error_in_a_200_is_told_in_the_providers_words(body: Any, said: str, form: str) -> None:
    text = json.dumps(body, indent=2 if form == "indented" else None)
    content_type = {"as an event": "text/event-stream", "without a content type": ""}.get(form, "application/json")
    sent = f"data: {text}\n\n" if form == "as an event" else f"\n {text}\n"
    with ScriptedProvider([raw(sent.encode(), content_type=content_type)]) as provider:
        attempt = run(cloud(provider.base_url), cloud_order())
    assert failed(attempt) == ("model-limited" if body is LIMITED else "stream-error", "failed")
    assert attempt.failure is not None
    assert attempt.failure.message.partition(": ")[2] == said
    assert attempt.receipt.cost_usd == 0.0


RAW = json.dumps({"error": {"message": "max_tokens is too large", "type": "invalid"}})


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        (
            {"raw": RAW, "provider_name": "Maker"},
            "HTTP 400 Provider returned error: Maker says max_tokens is too large",
        ),
        ({"raw": "it is full"}, "HTTP 400 Provider returned error: it is full"),
        ({"raw": {"detail": [{"msg": "field required"}]}}, "HTTP 400 Provider returned error: field required"),
        ({"raw": '{"broken', "provider_name": "Maker"}, 'HTTP 400 Provider returned error: Maker says {"broken'),
        ({"provider_name": "Maker"}, "HTTP 400 Provider returned error"),
        ({"raw": f"Bearer {KEY[:4]}\x00{KEY[4:]} and {KEY[2:14]} are bad"}, "error: Bearer *** and *** are bad"),
        ({"raw": "\x1b[2J\u202ered\nherring"}, "HTTP 400 Provider returned error: [2Jred herring"),
        ({"raw": "x" * 900_000}, "HTTP 400 Provider returned error: xxxx"),
        ({"raw": [[[[[["deep"]]]]]]}, "HTTP 400 Provider returned error"),
        ("no object", "HTTP 400 Provider returned error"),
    ],
)
def test_the_upstreams_own_words_are_told_and_no_key_of_theirs(metadata: Any, said: str) -> None:
    with ScriptedProvider([fail(400, "Provider returned error", metadata=metadata)]) as provider:
        attempt = run(cloud(provider.base_url), cloud_order())
    assert attempt.failure is not None
    assert said in attempt.failure.message
    assert len(attempt.failure.message) < 300
    assert attempt.failure.message.isprintable()
    assert KEY[:10] not in repr(attempt)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            {"type": "invalid_request_error"},
            "HTTP 400 invalid_request_error (its message only repeats the request, so it is not shown)",
        ),
        ({"type": "two words"}, "HTTP 400 (its message only repeats the request, so it is not shown)"),
        ({"type": "", "param": "tools"}, "HTTP 400 tools (its message only repeats the request, so it is not shown)"),
    ],
)
def test_an_error_whose_words_all_stand_in_the_request_is_still_told(error: dict[str, Any], said: str) -> None:
    words = "Mend the loader that fails on the file of the second customer"
    with ScriptedProvider([fail(400, words, **error)]) as provider:
        attempt = run(local(provider.base_url), an_order(task=f"Please: {words}"))
    assert attempt.failure is not None
    assert attempt.failure.message.endswith(said)
    assert "customer" not in attempt.failure.message


def test_an_overflow_in_a_plain_200_is_one() -> None:
    body = json.dumps({"error": {"code": 500, "message": "Context size has been exceeded."}}).encode()
    with ScriptedProvider([raw(body, content_type="application/json")]) as provider:
        assert failed(run(local(provider.base_url))) == ("over-window", "failed")


def test_the_status_of_an_error_decides_however_long_its_body_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_answer, "MOST_BODY_BYTES", 100_000)
    with ScriptedProvider([raw(b"it failed " * 50_000, status=500, content_type="text/plain")]) as provider:
        attempt = run(local(provider.base_url))
    assert failed(attempt) == ("server-error", "failed")


def test_messages_are_one_short_line_that_names_profile_and_address() -> None:
    with ScriptedProvider([fail(500, "bad\nthing\t" + "x" * 5_000)]) as provider:
        attempt = run(local(provider.base_url))
    assert attempt.failure is not None
    message = attempt.failure.message
    assert message.startswith(f"coding-local at {provider.url.removeprefix('http://')}: HTTP 500 bad thing x")
    assert len(message) < 300
    assert "\n" not in message


def test_a_rate_limit_knows_how_long_to_wait() -> None:
    with ScriptedProvider([fail(429, headers={"Retry-After": "7"})]) as provider:
        attempt = run(local(provider.base_url))
    assert attempt.failure is not None
    assert attempt.failure.retry_after_s == 7.0


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (Answer(stall=True), "first-token-timeout"),
        (Answer(trickle=True), "first-token-timeout"),
        (say("half an answer", ends="stalls"), "stalled"),
    ],
)
def test_a_server_that_does_not_go_on_is_left(answer: Answer, cause: str) -> None:
    with ScriptedProvider(["warm", answer, "a retry would get this"]) as provider:
        run(local(provider.base_url))  # what is built on first use takes its time on a busy machine
        quick = a_policy(limits={"first_token_seconds": 2.0, "between_tokens_seconds": 0.5})
        attempt = run(local(provider.base_url), policy=quick)
        assert provider.requests[1].hung_up.wait(10)
    assert failed(attempt) == (cause, "failed")
    assert len(provider.requests) == 2


@pytest.mark.parametrize("elsewhere", [True, False], ids=["a model elsewhere", "local"])
def test_a_certificate_that_nobody_signed_ends_the_attempt_before_the_key_is_sent(
    elsewhere: bool, tmp_path: Path
) -> None:
    with self_signed(tmp_path) as base_url:
        attempt = run(cloud(base_url), cloud_order()) if elsewhere else run(local(base_url))
    assert failed(attempt) == ("tls", "unavailable")
    assert attempt.failure is not None
    assert base_url.split("/")[2] in attempt.failure.message
    assert "certificate" in attempt.failure.message
    assert KEY not in repr(attempt)


SLIPS: dict[str, tuple[list[Answer], str]] = {
    "unknown tools": ([call(name, "{}") for name in ("fly", "swim", "run")], "unknown-tool"),
    "unfit arguments": ([call("read_file", {"start": n}) for n in (1, 2, 3)], "bad-arguments"),
    "one failing call": ([call("ask_for_profile", '{"profile": "x", "reason": "y"}')] * 3, "repeated-call"),
}


@pytest.mark.parametrize(("answers", "cause"), SLIPS.values(), ids=SLIPS)
def test_a_model_that_cannot_handle_its_tools_is_left_after_three_slips(
    answers: list[Answer], cause: str, tmp_path: Path
) -> None:
    with ScriptedProvider([*answers, "a fourth request would get this"]) as provider:
        attempt = run(local(provider.base_url), workspace=tmp_path)
    assert failed(attempt) == (cause, "failed")
    assert attempt.receipt.turns == 3


@pytest.mark.parametrize("answers", [row[0] for row in SLIPS.values()], ids=SLIPS)
def test_two_slips_are_forgiven(answers: list[Answer], tmp_path: Path) -> None:
    with ScriptedProvider([*answers[:2], "done"]) as provider:
        assert run(local(provider.base_url), workspace=tmp_path).text == "done"
