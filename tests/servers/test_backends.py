"""What a model server says of itself, and what is made of servers that say nothing, or nonsense."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.fakes import BURST, CHEAP, LOCAL, a_policy, a_profile, candidates
from tests.scripted_provider import Answer, ScriptedProvider, fail, raw, redirect

from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.server_report import ServerReport, health_failure
from profile_router.core.profile import Profile
from profile_router.servers.inspect import ModelServers, inspect, server_root

KEY = "sk-local-0123456789"
MODELS, PROPS, SHOW, PS = "/v1/models", "/props", "/api/show", "/api/ps"
# llama.cpp's /props, b11549, shortened; Ollama's answers have the fields of its API reference.
LLAMA = {"default_generation_settings": {"n_ctx": 2_048}, "total_slots": 4, "modalities": {"vision": False}}
OLLAMA = {"model_info": {"gemma.context_length": 131_072}, "details": {"family": "gemma"}, "parameters": ""}


def report_of(provider: ScriptedProvider, *, key: str | None = None, **profile: Any) -> ServerReport:
    return asyncio.run(inspect(a_profile(provider.base_url, key=key, **profile), connect_s=2.0))


def asked(pages: dict[str, Any], **profile: Any) -> ServerReport:
    with ScriptedProvider(pages=pages) as provider:
        return report_of(provider, **profile)


@pytest.mark.parametrize(
    ("answer", "cause", "said"),
    [
        (fail(502, "Bad Gateway"), "bad-gateway", "HTTP 502 Bad Gateway"),
        (fail(503, "Loading model", type="unavailable_error"), "loading", "HTTP 503 Loading model"),
        (raw(b"<html>", status=504), "unavailable", "HTTP 504"),
        (Answer(drop=True), "bad-gateway", "dropped the connection"),
        (raw(b"no gzip", status=200), None, ""),
    ],
)
def test_a_server_that_is_down_is_reported_with_its_cause(answer: Answer, cause: str | None, said: str) -> None:
    report = asked({MODELS: answer})
    assert report.cause == cause
    assert said in report.detail


def test_a_port_where_nobody_listens_refuses() -> None:
    with ScriptedProvider() as provider:
        pass
    report = report_of(provider)
    assert (report.cause, report.detail) == ("refused", "refuses the connection")


def test_a_server_that_stalls_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("profile_router.servers.inspect.INSPECT_SECONDS", 0.2)
    with ScriptedProvider(pages={MODELS: Answer(stall=True)}) as provider:
        report = asyncio.run(inspect(a_profile(provider.base_url), connect_s=0.2))
        assert provider.requests[0].hung_up.wait(10)
    assert report.cause == "request-timeout"
    assert "does not answer" in report.detail


def test_a_server_whose_answer_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("profile_router.servers.inspect.INSPECT_SECONDS", 0.2)
    with ScriptedProvider(pages={MODELS: Answer(trickle=True)}) as provider:
        report = asyncio.run(inspect(a_profile(provider.base_url), connect_s=0.2))
    assert (report.cause, report.detail) == ("request-timeout", "connects, but does not answer")


def test_a_broken_compression_is_not_a_crash() -> None:
    bad = Answer(body=b"this is not a gzip", headers={"Content-Encoding": "gzip"})
    assert asked({MODELS: bad}).cause == "bad-gateway"
    assert asked({PROPS: bad}).cause is None


@pytest.mark.parametrize(
    ("wanted", "loaded", "any_model", "fits"),
    [
        ("gemma", ["gemma"], False, True),
        ("gemma", ["other"], False, False),
        ("gemma", ["other", "gemma"], False, True),
        ("gemma", ["/models/Gemma.gguf"], False, True),
        ("gemma", ["gemma:latest"], False, True),
        ("gemma", ["gemma:27b"], False, False),
        ("gemma", ["other"], True, True),
        ("gemma", [], False, True),
    ],
)
def test_the_model_asked_for_must_be_loaded(wanted: str, loaded: list[str], any_model: bool, fits: bool) -> None:
    with ScriptedProvider(models=loaded) as provider:
        failure = health_failure(report_of(provider), wanted, provider.base_url, accept_any=any_model)
    assert (failure is None) is fits
    if failure is not None:
        assert failure.cause == "wrong-model"
        assert loaded[0] in failure.message
        assert wanted in failure.message


def test_llama_cpp_tells_the_window_of_one_slot_and_counts() -> None:
    report = asked({PROPS: LLAMA})
    assert (report.window, report.counts_prompts, report.vision) == (2_048, True, False)
    assert asked({PROPS: LLAMA | {"modalities": {"vision": True}}}).vision is True


@pytest.mark.parametrize("n_ctx", [0, -1, None, "2048", True, 2_048.5, [], {}])
def test_a_window_that_is_not_a_size_is_none(n_ctx: Any) -> None:
    assert asked({PROPS: {"default_generation_settings": {"n_ctx": n_ctx}}}).window is None


def loaded_in_ollama(name: str, context: Any) -> dict[str, Any]:
    return {
        "models": [{"name": "other:7b", "context_length": 1}, {"name": name, "model": name, "context_length": context}]
    }


NUM_CTX = {"parameters": "temperature 1\nnum_ctx                        16384\nstop <eos>"}


@pytest.mark.parametrize(
    ("show", "ps", "config", "window"),
    [
        (NUM_CTX, loaded_in_ollama("gemma", 32_768), 65_536, 32_768),
        ({}, loaded_in_ollama("gemma:latest", 32_768), 65_536, 32_768),
        (NUM_CTX, loaded_in_ollama("another", 32_768), 65_536, 16_384),
        (NUM_CTX, loaded_in_ollama("gemma", 0), 65_536, 16_384),
        (NUM_CTX, {"models": []}, None, 16_384),
        ({"parameters": "num_ctx 0"}, {}, 65_536, 4_096),
        ({}, {"models": []}, 65_536, 4_096),
        ({}, {"models": []}, 2_048, 2_048),
        ({}, {"models": []}, None, 4_096),
        ({}, {"models": "nonsense"}, None, 4_096),
    ],
)
def test_ollamas_window_is_what_is_loaded_else_what_the_model_says_else_what_it_cuts_at(
    show: dict[str, Any], ps: dict[str, Any], config: int | None, window: int
) -> None:
    report = asked({SHOW: OLLAMA | show, PS: ps}, model="gemma", window=config)
    assert report.window == window
    assert report.counts_prompts is False


def test_another_server_is_not_taken_for_ollama() -> None:
    assert asked({SHOW: {"error": "no such route"}}).window is None
    assert asked({}).window is None


def test_questions_carry_the_key_and_follow_no_redirect() -> None:
    with ScriptedProvider() as elsewhere:
        with ScriptedProvider(pages={PROPS: redirect(f"{elsewhere.url}/props")}) as provider:
            report_of(provider, key=KEY)
        assert elsewhere.requests == []
    assert {request.headers["authorization"] for request in provider.requests} == {f"Bearer {KEY}"}


def test_without_a_key_nothing_is_sent_as_one() -> None:
    with ScriptedProvider() as provider:
        report_of(provider)
    assert all("authorization" not in request.headers for request in provider.requests)


def test_a_key_that_the_server_echoes_is_not_in_the_report() -> None:
    report = asked({MODELS: fail(503, f"not you, {KEY}")}, key=KEY)
    assert KEY not in repr(report)


def test_no_proxy_comes_between_us_and_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedProvider() as proxy, ScriptedProvider() as provider:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert report_of(provider).models == ("scripted",)
    assert proxy.requests == []


@pytest.mark.parametrize(
    ("base_url", "root"),
    [
        ("http://h:1/v1", "http://h:1"),
        ("http://h:1/v1/", "http://h:1"),
        ("http://h:1", "http://h:1"),
        ("http://h/x/v1", "http://h/x"),
    ],
)
def test_a_servers_own_endpoints_lie_beside_v1(base_url: str, root: str) -> None:
    assert server_root(base_url) == root


def live(provider: ScriptedProvider, **profiles: Profile) -> ModelServers:
    found = {LOCAL: a_profile(provider.base_url), **profiles}
    addresses = {name: profile.endpoint.base_url for name, profile in found.items()}
    return ModelServers(policy=a_policy(), profiles=found, candidates=candidates(**addresses))


def test_servers_in_a_cloud_are_asked_nothing() -> None:
    with ScriptedProvider() as provider:
        backends = live(provider, **{BURST: a_profile("https://openrouter.ai/api/v1", name=BURST)})
        assert asyncio.run(backends.inspect(Place(BURST))) is None
        report = asyncio.run(backends.inspect(Place(LOCAL)))
    assert report is not None
    assert report.models == ("scripted",)


def test_a_missing_key_is_said_with_its_variable() -> None:
    with ScriptedProvider() as provider:
        keyless = a_profile("https://x.invalid/v1", name=CHEAP, needs_key=True, key_variable="X_API_KEY")
        backends = live(provider, **{CHEAP: keyless})
        assert "X_API_KEY" in (backends.key_missing(Place(CHEAP)) or "")
        assert backends.key_missing(Place(LOCAL)) is None


def test_a_server_that_is_loading_is_waited_for_a_while() -> None:
    with ScriptedProvider(pages={MODELS: fail(503, "Loading model")}) as provider:
        backends = live(provider)
        backends.policy = a_policy(limits={"loading_seconds": 0.2})
        report = asyncio.run(backends.inspect(Place(LOCAL)))
        assert len(provider.requests) == 2
    assert report is not None
    assert report.cause == "loading"
