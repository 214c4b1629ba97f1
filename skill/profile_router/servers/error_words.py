"""What the body of a failed answer says, in each provider's form, and what the upstream behind that provider said.

Whoever answers may write anything there. So the words are bounded here, and `without_key` makes one line of them.
"""

from __future__ import annotations

from typing import Any

from profile_router.outside.json_reader import UnreadableJson, read_json

_MOST_CHARS = 2_000  # of one text that is looked at
_DEEPEST = 5  # a router's error holds an upstream's, which may hold a list of them
_WORDS = ("message", "msg", "detail", "error_description", "title", "reason")
_INNER = ("error", "detail", "errors")
_UPSTREAM = ("raw", "previous_errors", "reasons")
_NAME_CHARS = 40


def words_of(body: object, deepest: int = _DEEPEST) -> str:
    """Return the words of the error in *body*, "" where there are none: its own, then those of its upstream.

    OpenRouter says `Provider returned error` alone; what the provider said stands in `metadata.raw`.
    """
    if isinstance(body, str):
        return body[:_MOST_CHARS]
    if deepest <= 0:
        return ""
    if isinstance(body, list):
        return next((words for one in body[:_DEEPEST] if (words := words_of(one, deepest - 1))), "")
    if not isinstance(body, dict):
        return ""
    said = next((body[name][:_MOST_CHARS] for name in _WORDS if isinstance(body.get(name), str) and body[name]), "")
    if not said:
        said = next((words for name in _INNER if (words := words_of(body.get(name), deepest - 1))), "")
    upstream = _upstream(body.get("metadata"), deepest - 1)
    return f"{said}: {upstream}" if said and upstream and upstream not in said else said or upstream


def _upstream(metadata: Any, deepest: int) -> str:
    """Return what the provider behind a router said, with its name before it."""
    if not isinstance(metadata, dict):
        return ""
    said = next((words for name in _UPSTREAM if (words := _words_in(metadata.get(name), deepest))), "")
    name = metadata.get("provider_name")
    named = f"{name[:_NAME_CHARS]} says " if isinstance(name, str) and name.strip() else ""
    return f"{named}{said}" if said else ""


def _words_in(raw: object, deepest: int) -> str:
    """Return the words in *raw*, which is an error's text: often JSON, as it came."""
    if isinstance(raw, str) and raw.lstrip().startswith(("{", "[")) and len(raw) <= 100_000:
        try:
            return words_of(read_json(raw), deepest) or raw[:_MOST_CHARS]
        except UnreadableJson:
            return raw[:_MOST_CHARS]
    return words_of(raw, deepest)
