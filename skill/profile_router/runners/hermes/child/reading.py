"""Read what a provider's answers, usages and errors say, whatever the client and protocol. Size what is sent.

Loaded by the child, inside Hermes' python, for the meter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_WAITS = ("retry-after", "x-ratelimit-reset", "ratelimit-reset")
_LIMIT_CHARS = 200
_AROUND_A_NAME = 4  # bytes of JSON
_MOST_USD = 1e9
_IMAGES = frozenset({"image_url", "input_image", "image"})


def count_or_minus_one(value: Any) -> int:
    """Return *value* where it is a count, -1 for anything else: true, 3.0 and "3" are not counts."""
    return value if type(value) is int and value >= 0 else -1


def of(value: Any, name: str) -> Any:
    """Return what *value* holds as *name*, None where it has none."""
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def said_by(usage: Any) -> tuple[int, int, int]:
    """Return the tokens in, out and cached of a chat completion's *usage*, -1 for what is not a count."""
    cached = of(of(usage, "prompt_tokens_details"), "cached_tokens")
    return (
        count_or_minus_one(of(usage, "prompt_tokens")),
        count_or_minus_one(of(usage, "completion_tokens")),
        count_or_minus_one(cached),
    )


def charged(usage: Any) -> dict[str, Any]:
    """Return what *usage* says of its cost, where those are numbers: whoever pays decides whether that counts."""
    upstream = of(of(usage, "cost_details"), "upstream_inference_cost")
    said = {"cost": of(usage, "cost"), "upstream": upstream}
    found = {name: value for name, value in said.items() if type(value) in (int, float) and abs(value) < _MOST_USD}
    return {**found, "is_byok": bool(of(usage, "is_byok"))} if found else {}


def sizer(counting: Mapping[str, float]) -> Callable[[Any], int]:
    """Return what tells the tokens of a value by its size, rather too many: Hermes' python may have no tokenizer."""

    def size(value: Any) -> int:
        length, images, waiting = 0, 0, [value]
        while waiting:
            found = waiting.pop()
            if isinstance(found, Mapping):
                if found.get("type") in _IMAGES:
                    images += 1
                    continue
                length += sum(len(str(name)) + _AROUND_A_NAME for name in found)
                waiting.extend(found.values())
            elif isinstance(found, list | tuple):
                waiting.extend(found)
            elif found is not None:
                length += len(str(found).encode("utf-8", "replace"))
        return math.ceil(length / counting["bytes_per_token"] + images * counting["image_tokens"])

    return size


def answer(response: Any) -> Any:
    """Return what *response* says, whatever its protocol."""
    texts = [
        [getattr(message, name, None) for name in ("content", "reasoning_content", "reasoning")]
        for choice in getattr(response, "choices", None) or ()
        if (message := getattr(choice, "message", None)) is not None
    ]
    called = [(name(call), getattr(getattr(call, "function", None), "arguments", None)) for call in calls(response)]
    return [texts, called, getattr(response, "content", None), getattr(response, "output", None)]


def kinds(error: BaseException) -> Iterator[str]:
    """Yield the names of the classes of *error* and of what caused it."""
    link: BaseException | None = error
    while link is not None:
        yield type(link).__name__
        link = link.__cause__ or link.__context__


def waits(error: BaseException) -> dict[str, str]:
    """Return the headers that may say how long to wait."""
    headers = getattr(getattr(error, "response", None) or error, "headers", None) or {}
    return {str(name).lower(): str(value) for name, value in headers.items() if str(name).lower().startswith(_WAITS)}


def limit(error: BaseException) -> dict[str, Any]:
    """Return what the body of a refusal says of a limit, as OpenRouter writes it: whose, and until when."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else None
    data = inner.get("metadata") if isinstance(inner, dict) else None
    if not isinstance(data, dict):
        return {}
    found = {name: data[name] for name in ("provider_name", "raw", "retry_after_seconds") if name in data}
    headers = data.get("headers")
    waits = {str(name): headers[name] for name in headers if str(name).lower().startswith(_WAITS)} if headers else {}
    return {name: str(value)[:_LIMIT_CHARS] for name, value in found.items() if value} | {"headers": waits}


def calls(response: Any) -> list[Any]:
    """Return the tool calls of a chat completion; other protocols tell none here."""
    choices = getattr(response, "choices", None) or ()
    return [call for choice in choices for call in getattr(getattr(choice, "message", None), "tool_calls", None) or ()]


def name(call: Any) -> str:
    """Return the name of the tool that *call* asks for."""
    return getattr(getattr(call, "function", None), "name", None) or "?"
