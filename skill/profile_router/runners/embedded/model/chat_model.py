"""Build the chat model of a profile: LangChain's ChatOpenAI, with everything hidden switched off."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from profile_router.core.profile import Profile, is_loopback
from profile_router.machine.imports import gather_late, import_large
from profile_router.runners.embedded.model.answer_gate import AnswerGate
from profile_router.runners.embedded.model.plain_error import as_event
from profile_router.runners.embedded.model.returned_thoughts import put_back
from profile_router.servers.http import idle_client, open_client

if TYPE_CHECKING:
    from langchain_openai.chat_models.base import ChatOpenAI

_NO_KEY = "not-needed"
# OpenAI's package gathers the values of all its interfaces. A chat asks a few.
# LangChain's gathers models of Azure, embeddings and older interfaces.
_OTHERS = ("openai.types", "openai.types.responses", "langchain_openai", "langchain_openai.chat_models")
_PLAIN_LIMIT = "max_tokens"  # LangChain would send it by the newer name: it goes out past LangChain
_COOL = 0.2  # the temperature of a local profile that states none: llama.cpp samples at 0.8 by itself


def import_chat_model(*besides: str) -> None:
    """Import LangChain's chat model and the modules *besides*. Nothing comes with it that only other interfaces need.

    The values of those are a third of what a run imports.
    """
    gather_late(*_OTHERS)
    import_large("langchain_openai.chat_models.base", *besides)


@asynccontextmanager
async def open_model(
    profile: Profile,
    *,
    local: bool,
    connect_s: float,
    read_s: float,
    max_tokens: int | None,
    schema: Mapping[str, Any] | None = None,
    gate: AnswerGate | None = None,
    room: Callable[[], int] | None = None,
) -> AsyncIterator[ChatOpenAI]:
    """Open the model of *profile*, streaming, without retries, redirects or another provider behind it.

    Leaving it closes its connections. *local*: the endpoint is attested, no proxy may come between. *max_tokens* bounds
    one answer. The temperature is the profile's. OpenRouter alone gets the profile's preferences, as the request's
    `provider`. *schema* (name, strict, schema) binds the answer. It is sent past LangChain, which would parse the
    answer and raise by itself. Every answer comes through *gate*. *room* tells before each request how many tokens the
    window has left for the answer. No more are asked for, as some servers refuse such a request.
    """
    # A server may say something of the wrong type. A warning would quote it on somebody's stderr, where it is of no
    # use.
    warnings.filterwarnings("ignore", message="Pydantic serializer warnings", category=UserWarning)
    endpoint = profile.endpoint
    direct = local or is_loopback(endpoint.base_url)
    gate = gate or AnswerGate(where=profile.where)
    async with open_client(endpoint.base_url, direct=direct, connect_s=connect_s, read_s=read_s) as client:
        hooks = client.event_hooks
        client.event_hooks = {**hooks, "response": [*hooks["response"], as_event, gate.guard]}
        model = _thinking_model()(
            model=endpoint.model,
            base_url=endpoint.base_url,
            api_key=lambda: endpoint.api_key.reveal() if endpoint.api_key else _NO_KEY,
            organization="",
            max_retries=0,
            streaming=True,
            stream_usage=True,
            use_responses_api=False,
            stream_chunk_timeout=None,
            http_async_client=client,
            http_client=idle_client(),
            timeout=client.timeout,  # else None is sent with each request, which means for ever
            openai_proxy=None,
            http_socket_options=(),  # the clients are ours; else it warns that no proxy is taken
            extra_body=_extra_body(profile, max_tokens, schema, local=local) or None,
            max_completion_tokens=None if endpoint.limit_name == _PLAIN_LIMIT else max_tokens,
        )
        model._room = room
        yield model


@cache
def _thinking_model() -> Any:
    """Return the class of the models: LangChain's, which alone would leave the thoughts of a turn out of the next."""
    import_chat_model()
    from langchain_openai.chat_models.base import ChatOpenAI
    from pydantic import PrivateAttr

    class ThinkingModel(ChatOpenAI):
        _room: Callable[[], int] | None = PrivateAttr(default=None)

        def _get_request_payload(self, input_: Any, *, stop: list[str] | None = None, **kwargs: Any) -> dict[str, Any]:
            payload: dict[str, Any] = super()._get_request_payload(input_, stop=stop, **kwargs)
            put_back(payload["messages"], self._convert_input(input_).to_messages())
            return payload if self._room is None else _within(payload, max(1, self._room()))

    return ThinkingModel


def _within(payload: dict[str, Any], room: int) -> dict[str, Any]:
    """Return *payload* so that it asks for no longer an answer than *room* tokens."""
    name, body = _PLAIN_LIMIT, payload.get("extra_body") or {}
    if name in body:
        return {**payload, "extra_body": {**body, name: min(body[name], room)}}
    name = "max_completion_tokens"
    return {**payload, name: min(payload[name], room)} if payload.get(name) else payload


def _extra_body(
    profile: Profile, max_tokens: int | None, schema: Mapping[str, Any] | None, *, local: bool
) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if (temperature := _COOL if local and profile.temperature is None else profile.temperature) is not None:
        body["temperature"] = temperature
    if schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": dict(schema)}
    if max_tokens is not None and profile.endpoint.limit_name == _PLAIN_LIMIT:
        body[_PLAIN_LIMIT] = max_tokens
    if profile.preferences and profile.endpoint.provider == "openrouter":
        body["provider"] = dict(profile.preferences)
    return body
