"""Which program a local server is, asked on loopback: scripted ones of each kind, and llama.cpp's own."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.fakes import a_profile
from tests.llama.conftest import BuildModel
from tests.llama.server import LlamaServer, flags, running
from tests.scripted_provider import Answer, ScriptedProvider

from profile_router.core.ladder.server_report import ServerReport
from profile_router.machine.machine import Listener, this_machine
from profile_router.servers.inspect import inspect

PROPS = {"default_generation_settings": {"n_ctx": 2_048}, "total_slots": 4, "model_path": "/models/gemma.gguf"}
MODELS = "/v1/models"
# What LM Studio answers to a path it does not know is 200 and an error.
UNEXPECTED = {"error": "Unexpected endpoint or method"}
LM_STUDIO = {
    "data": [
        {"id": "gemma", "state": "loaded", "loaded_context_length": 4_096, "max_context_length": 131_072},
        {"id": "other", "state": "not-loaded"},
    ]
}
OLLAMA: dict[str, Any] = {
    "/api/version": {"version": "0.12.3"},
    "/api/ps": {"models": [{"name": "gemma:latest", "context_length": 8_192}]},
    "/api/show": {"details": {"family": "gemma"}, "model_info": {}},
}
VLLM = {"data": [{"id": "gemma", "owned_by": "vllm", "max_model_len": 32_768}]}


def look(base_url: str, **profile: Any) -> ServerReport:
    profile = {"model": "gemma", **profile}
    return asyncio.run(inspect(a_profile(base_url, **profile), connect_s=2.0))


def seen(pages: dict[str, Any], **profile: Any) -> ServerReport:
    with ScriptedProvider(models=["gemma"], pages=pages) as provider:
        return look(provider.base_url, **profile)


def listener_of(base_url: str) -> Listener:
    found = this_machine(os.environ).listener(urlsplit(base_url).port or 0)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("pages", "kind", "window", "loaded"),
    [
        ({"/props": PROPS}, "llama-server", 2_048, ("gemma",)),
        ({"/props": PROPS, **OLLAMA}, "llama-server", 2_048, ("gemma",)),
        (
            {"/props": UNEXPECTED, "/api/version": UNEXPECTED, "/api/v0/models": LM_STUDIO},
            "LM Studio",
            4_096,
            ("gemma",),
        ),
        (OLLAMA, "Ollama", 8_192, ("gemma:latest",)),
        ({MODELS: VLLM}, "vLLM", 32_768, ("gemma",)),
        ({}, "", None, None),
        ({"/props": Answer(body=b"{"), "/api/v0/models": [1], "/api/version": {"version": 3}}, "", None, None),
    ],
)
def test_a_server_is_known_by_what_only_it_says(
    pages: dict[str, Any], kind: str, window: int | None, loaded: tuple[str, ...] | None
) -> None:
    found = seen(pages)
    assert (found.kind, found.window, found.loaded) == (kind, window, loaded)


CAPS = {"supports_tools": True, "supports_tool_calls": True, "supports_system_role": False}


@pytest.mark.parametrize(
    ("pages", "tools", "system"),
    [
        ({"/props": PROPS | {"chat_template_caps": CAPS}}, True, False),
        ({"/props": PROPS | {"chat_template_caps": CAPS | {"supports_tool_calls": False}}}, False, False),
        ({"/props": PROPS | {"chat_template_caps": {"supports_tools": "yes"}}}, None, None),
        ({"/props": PROPS | {"chat_template_caps": [1]}}, None, None),
        ({"/props": PROPS}, None, None),
        (OLLAMA, None, None),
        (OLLAMA | {"/api/show": {**OLLAMA["/api/show"], "capabilities": ["completion", "tools"]}}, True, None),
        (OLLAMA | {"/api/show": {**OLLAMA["/api/show"], "capabilities": ["completion"]}}, False, None),
        (OLLAMA | {"/api/show": {**OLLAMA["/api/show"], "capabilities": "tools"}}, None, None),
        ({MODELS: VLLM}, None, None),
    ],
)
def test_a_server_tells_what_its_chat_template_takes(
    pages: dict[str, Any], tools: bool | None, system: bool | None
) -> None:
    found = seen(pages)
    assert (found.takes_tools, found.takes_system) == (tools, system)


def test_llama_cpp_tells_its_slots_and_its_file() -> None:
    found = seen({"/props": PROPS})
    assert (found.slots, found.model_path) == (4, "/models/gemma.gguf")


def test_a_model_that_lm_studio_has_not_loaded_has_no_window() -> None:
    assert seen({"/api/v0/models": LM_STUDIO}, model="other").window is None


def test_ollama_tells_of_a_model_that_runs_elsewhere() -> None:
    pages = OLLAMA | {"/api/show": {"details": {}, "remote_host": "https://ollama.com:443", "remote_model": "gemma"}}
    assert seen(pages).elsewhere == "https://ollama.com:443"
    assert seen(OLLAMA).elsewhere == ""


def test_a_server_that_is_down_is_asked_nothing_more() -> None:
    with ScriptedProvider(pages={MODELS: Answer(status=503, body=b"")}) as provider:
        found = look(provider.base_url)
        assert [request.path for request in provider.requests] == [MODELS]
    assert found.cause == "unavailable"


def test_the_key_of_a_local_server_goes_along() -> None:
    with ScriptedProvider(models=["gemma"], pages={"/props": PROPS}) as provider:
        look(provider.base_url, key="sk-local-0123456789")
        assert {request.headers["authorization"] for request in provider.requests} == {"Bearer sk-local-0123456789"}


def test_no_model_is_run_to_find_out() -> None:
    with ScriptedProvider(models=["gemma"], pages=OLLAMA) as provider:
        look(provider.base_url)
        assert not provider.chats
        assert not any("generate" in request.path or "chat" in request.path for request in provider.requests)


def test_llama_cpps_own_server_is_seen_with_its_flags(llama_8k: LlamaServer) -> None:
    found = look(llama_8k.base_url, model="tiny")
    assert (found.kind, found.window, found.slots, found.loaded) == ("llama-server", 2_048, 4, ("tiny",))
    listener = listener_of(llama_8k.base_url)
    assert (listener.number("-c", "--ctx-size"), listener.number("-t", "--threads")) == (8_192, 1)


def test_llama_cpps_shared_cache_shows_in_its_flags(tiny_model: BuildModel) -> None:
    with running(flags(tiny_model(), context=4_096, parallel=2, kv_unified=True)) as server:
        found, listener = look(server.base_url, model="tiny"), listener_of(server.base_url)
    assert (found.window, listener.number("-c")) == (4_096, 4_096)
    assert Path(found.model_path or "").is_file()
