"""Build the chat model of a profile: LangChain's ChatOpenAI, with everything hidden switched off.

It tells which model may answer for an endpoint on this machine: the one asked for, by the names that its server lists.
"""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from profile_router.core.ladder.server_report import other_model, same_model
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile, is_loopback
from profile_router.errors import AttemptError
from profile_router.runners.embedded.answer_gate import AnswerGate
from profile_router.runners.embedded.streamed_calls import StreamedCalls
from profile_router.servers.http import idle_client, open_client
from profile_router.servers.inspect import listed_models

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

_NO_KEY = "not-needed"
# Only OpenAI's own endpoint insists on `max_completion_tokens`; the others have known `max_tokens` for longer.
_NEW_TOKEN_LIMIT = frozenset({"openai-api"})


@dataclass(slots=True, kw_only=True)
class ServedModel:
    """Looks at the names in the answers for *profile*, whose endpoint is attested as local.

    A port of this machine may be a proxy: one that lists a model of ours and lets another one answer, wherever that
    runs. The address says nothing of that; the name in the answer is all that does.
    """

    profile: Profile
    policy: Policy
    _known: set[str] = field(default_factory=set)

    async def look_at(self, name: str) -> None:
        """Raise AttemptError (wrong-model) where *name* is not a name of the model asked for, by what the server lists.

        The server is asked for its list where the names differ, once for each name.
        """
        asked = self.profile.endpoint.model
        if same_model(asked, name) or name in self._known:
            return
        listed = await listed_models(self.profile, connect_s=self.policy.limits.connect_seconds)
        if problem := other_model(asked, name, listed, accept_any=self.policy.accept_any_model):
            raise AttemptError("wrong-model", f"{self.profile.where} {problem}")
        self._known.add(name)


@asynccontextmanager
async def open_model(
    profile: Profile,
    policy: Policy,
    streamed: StreamedCalls,
    *,
    local: bool,
    read_s: float,
    max_tokens: int,
    schema: Mapping[str, Any] | None = None,
) -> AsyncIterator[ChatOpenAI]:
    """Open the model of *profile*, streaming, without retries, redirects or another provider behind it.

    Leaving it closes its connections. *local*: the endpoint is attested, no proxy may come between. *max_tokens*
    bounds one answer. OpenRouter alone gets the profile's preferences, as the request's `provider`. *schema* (name,
    strict, schema) binds the answer; it is sent past LangChain, which would parse the answer and raise by itself.
    Every answer comes through a gate, which keeps it in *streamed*.
    """
    from langchain_openai import ChatOpenAI

    # What a server says of the wrong type is of no use to anybody's stderr, where it would be quoted.
    warnings.filterwarnings("ignore", message="Pydantic serializer warnings", category=UserWarning)
    endpoint = profile.endpoint
    direct = local or is_loopback(endpoint.base_url)
    look_at = ServedModel(profile=profile, policy=policy).look_at if local else None
    gate = AnswerGate(where=profile.where, streamed=streamed, tokens=max_tokens, look_at=look_at)
    async with open_client(direct=direct, connect_s=policy.limits.connect_seconds, read_s=read_s) as client:
        hooks = client.event_hooks
        client.event_hooks = {**hooks, "response": [*hooks["response"], gate.guard]}
        yield ChatOpenAI(
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
            extra_body=_extra_body(profile, max_tokens, schema) or None,
            max_completion_tokens=max_tokens if endpoint.provider in _NEW_TOKEN_LIMIT else None,
        )


def _extra_body(profile: Profile, max_tokens: int, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": dict(schema)}
    if profile.endpoint.provider not in _NEW_TOKEN_LIMIT:
        body["max_tokens"] = max_tokens
    if profile.preferences and profile.endpoint.provider == "openrouter":
        body["provider"] = dict(profile.preferences)
    return body
