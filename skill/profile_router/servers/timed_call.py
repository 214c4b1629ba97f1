"""One streamed answer of a model, with its times: until the first token, and until the last."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from profile_router.core.ladder.causes import CAUSES, cause_of_answer, detail_of
from profile_router.core.profile import Profile
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.servers.http import error_of_answer, open_client, transport_cause
from profile_router.values import mutable

_MOST_CHARS = 2_000_000
_MOST_LINE = 200_000
_MOST_ERROR = 20_000


@mutable
class TimedAnswer:
    """What came: the text, the thoughts, the server's words on usage, and times in seconds since the request.

    `usage` and `timings` (llama.cpp's own, empty elsewhere) are as the server sent them. Nobody has looked whether they
    can be right. `failed` says why no answer came; empty: there is one.
    """

    text: str = ""
    thoughts: str = ""
    first_s: float | None = None
    seconds: float = 0.0
    usage: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    failed: str = ""


def chat_body(profile: Profile, request: Mapping[str, Any], tokens: int) -> dict[str, Any]:
    """Return the body of *request* to the model of *profile*, which may answer with so many *tokens*."""
    endpoint = profile.endpoint
    body: dict[str, Any] = {"model": endpoint.model, **request, endpoint.limit_name: tokens}
    if profile.preferences and endpoint.provider == "openrouter":
        body["provider"] = dict(profile.preferences)
    return body


async def timed_answer(
    profile: Profile, prompt: str, *, tokens: int, direct: bool, connect_s: float, seconds: float
) -> TimedAnswer:
    """Return how the model of *profile* answers *prompt*, within *seconds*. Never raises where it does not."""
    import asyncio

    import httpx2

    request = {
        "messages": [{"role": "user", "content": prompt}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    found = TimedAnswer()
    endpoint = profile.endpoint
    url, key = f"{endpoint.base_url.rstrip('/')}/chat/completions", endpoint.api_key
    started = time.monotonic()
    try:
        async with (
            asyncio.timeout(seconds),
            open_client(url, direct=direct, connect_s=connect_s, read_s=seconds, key=key) as client,
            client.stream("POST", url, json=chat_body(profile, request, tokens)) as answer,
        ):
            if answer.status_code != 200:
                content = bytearray()
                async for part in answer.aiter_bytes():
                    content += part[: _MOST_ERROR - len(content)]
                    if len(content) >= _MOST_ERROR:
                        break
                whole = httpx2.Response(answer.status_code, content=bytes(content))
                said = error_of_answer(whole, endpoint.api_key) or detail_of(cause_of_answer(answer.status_code))
                found.failed = f"HTTP {answer.status_code}: {said}"
            else:
                await _take(answer, found, started)
    except TimeoutError:
        found.failed = f"no whole answer within {seconds:g} s"
    except httpx2.HTTPError as error:
        cause = transport_cause(error)
        found.failed = detail_of(cause) if cause in CAUSES else type(error).__name__
    found.seconds = time.monotonic() - started
    if not found.failed and found.first_s is None:
        found.failed = detail_of("empty-answer")
    return found


async def _take(answer: Any, found: TimedAnswer, started: float) -> None:
    """Read the events of *answer* into *found*."""
    texts: list[str] = []
    thoughts: list[str] = []
    length = 0
    async for line in answer.aiter_lines():
        length += len(line)
        if len(line) > _MOST_LINE or length > _MOST_CHARS:
            found.failed = f"an answer of more than {_MOST_CHARS:,} characters"
            break
        if not line.startswith("data:") or line[5:].strip() == "[DONE]":
            continue
        try:
            event = read_json(line[5:].encode())
        except UnreadableJson:
            continue
        if isinstance(event, dict):
            _note(event, found, texts, thoughts, started)
    found.text, found.thoughts = "".join(texts), "".join(thoughts)


def _note(event: Mapping[str, Any], found: TimedAnswer, texts: list[str], thoughts: list[str], started: float) -> None:
    for name in ("usage", "timings"):
        if isinstance(event.get(name), dict):
            setattr(found, name, event[name])
    if isinstance(event.get("model"), str):
        found.model = event["model"][:128]
    if isinstance(event.get("error"), dict | str):
        found.failed = detail_of("stream-error")
    choices = event.get("choices")
    delta = choices[0].get("delta") if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None
    if not isinstance(delta, dict):
        return
    words = delta.get("content")
    # A thought is written at the same speed, and is not a part of the answer.
    thought = delta.get("reasoning_content") or delta.get("reasoning")
    if found.first_s is None and (words or thought):
        found.first_s = time.monotonic() - started
    if isinstance(words, str):
        texts.append(words)
    if isinstance(thought, str):
        thoughts.append(thought)
