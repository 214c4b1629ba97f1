"""Read from a 429 whom it limits, and for how long: one model at its own provider, or the key.

OpenRouter names the provider that limits one model as `metadata.provider_name`, and its words as `metadata.raw`. Its
own limits of an account name none; the reset stands in `metadata.headers`. Its limits of free models concern no other
model. OpenAI and Groq count by model, and name it in the message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from profile_router.core.ladder.causes import Cause
from profile_router.servers.retry_after import retry_after

_UPSTREAM = ("rate-limited upstream", "rate limited upstream", "provider returned error", "free-models-per-")
_SHORTEST_NAME = 3  # characters; less stands in any sentence
_MOST_HEADERS = 20


def narrowed(cause: Cause, error: object, *, model: str) -> Cause:
    """Return *cause*, or `model-limited` where the *error* of a 429 tells that *model* alone is limited."""
    return "model-limited" if cause == "rate-limited" and _of_the_model(_inner(error), model) else cause


def wait_of(headers: Mapping[str, str], error: object, *, now: float) -> float | None:
    """Return the seconds to wait from *now* by the answer's *headers*, else by what the *error* holds; else None."""
    found = retry_after(headers, now=now)
    return found if found is not None else retry_after(_headers_in(_inner(error)), now=now)


def _inner(error: object) -> Mapping[str, Any]:
    """Return the error object of a body. Some clients give the whole body, others what stands under `error`."""
    found = error.get("error", error) if isinstance(error, Mapping) else error
    return found if isinstance(found, Mapping) else {"message": found} if isinstance(found, str) else {}


def _metadata(error: Mapping[str, Any]) -> Mapping[str, Any]:
    found = error.get("metadata")
    return found if isinstance(found, Mapping) else {}


def _of_the_model(error: Mapping[str, Any], model: str) -> bool:
    metadata = _metadata(error)
    if any(isinstance(said := metadata.get(name), str) and said.strip() for name in ("provider_name", "raw")):
        return True
    message = error.get("message")
    if not isinstance(message, str):
        return False
    return any(mark in message.lower() for mark in _UPSTREAM) or _names(message, model)


def _names(message: str, model: str) -> bool:
    """Tell whether *message* names *model*, with or without its maker's name before the slash."""
    names = {model, model.rpartition("/")[2]}
    spelled = "|".join(re.escape(name) for name in names if len(name) >= _SHORTEST_NAME)
    return bool(spelled) and re.search(rf"(?<![\w.-])(?:{spelled})(?![\w-])", message, re.IGNORECASE) is not None


def _headers_in(error: Mapping[str, Any]) -> dict[str, str]:
    metadata = _metadata(error)
    seconds, headers = metadata.get("retry_after_seconds"), metadata.get("headers")
    found = {"retry-after": seconds, **(dict(headers) if isinstance(headers, Mapping) else {})}
    return {
        str(name).lower(): str(value)
        for name, value in list(found.items())[:_MOST_HEADERS]
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }
