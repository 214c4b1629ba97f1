"""An error that comes as plain JSON, with a 200, where a stream was asked for. OpenRouter and others answer so.

A reader of streams skips such a body as no event at all, and the provider's words with it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from profile_router.outside.json_reader import UnreadableJson, read_json

if TYPE_CHECKING:
    import httpx2

_MOST_BYTES = 1_000_000  # an error has that many at most
_CODE_CHARS = 40


async def as_event(response: httpx2.Response) -> None:
    """Let a body of *response* that is one JSON object with an `error` read as an event that carries it."""
    import httpx2

    if response.is_success and isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _told_stream()(response.stream)


def error_of_event(event: Mapping[str, Any]) -> object:
    """Return the error that *event* carries, by itself or in a choice of it, as OpenRouter has it; None for none."""
    choices = event.get("choices")
    places = [event, *(choice for choice in (choices if isinstance(choices, list) else ()) if isinstance(choice, dict))]
    return next((place["error"] for place in places if place.get("error")), None)


def code_of(error: object) -> str:
    """Return the code that an *error* object of a provider names, empty where it names none."""
    code = error.get("code") if isinstance(error, dict) else None
    return str(code)[:_CODE_CHARS] if isinstance(code, int | str) and not isinstance(code, bool) else ""


@cache
def _told_stream() -> type:
    """Return the class of the streams, which is a subclass of one of httpx2's."""
    import httpx2

    class Told(httpx2.AsyncByteStream):
        def __init__(self, stream: httpx2.AsyncByteStream) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            held: bytearray | None = bytearray()  # what has come, as long as it may be such a body
            async for chunk in self._stream:
                if held is None:
                    yield chunk
                    continue
                held += chunk
                begins = bytes(held[:64]).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
                # no event of a stream begins with a brace
                if begins not in (b"", b"{") or len(held) > _MOST_BYTES:
                    yield bytes(held)
                    held = None
            if held:
                yield _event(bytes(held)) or bytes(held)

        async def aclose(self) -> None:
            await self._stream.aclose()

    return Told


def _event(body: bytes) -> bytes | None:
    """Return the event for the error in *body* or None."""
    try:
        found: Any = read_json(body)
    except UnreadableJson:
        return None
    error = error_of_event(found) if isinstance(found, dict) else None
    return b"data: " + json.dumps({"error": error}).encode() + b"\n\n" if error else None
