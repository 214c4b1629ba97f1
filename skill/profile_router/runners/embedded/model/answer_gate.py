"""The gate that every streamed answer of a model comes through before any library sees it.

It reads the stream event by event, with bounds on nesting, length and number, and keeps what the events bring. It
sends each out written anew, so that all who read after it read the same. An answer has so many tokens as it was asked
for. What is far longer than that is not read further, however long its words or its thoughts are.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING, Any

from profile_router.errors import AttemptError
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.runners.embedded.model.plain_error import error_of_event
from profile_router.runners.embedded.model.streamed_calls import StreamedCalls
from profile_router.values import mutable

if TYPE_CHECKING:
    import httpx2

# For each token asked for, and beside. Some servers count otherwise, or do not count thoughts.
_CHARACTERS, _FREE_CHARACTERS = 32, 256 * 1024
_EVENTS, _FREE_EVENTS = 4, 20_000
_MOST_CALLS = 128  # of tools, in one answer
_LONGEST_LINE = 16 * 1024 * 1024  # bytes of one event, where an answer may have any number of tokens
_BYTES = 6  # of a character, escaped in JSON
_ERROR_CHARACTERS = 2_000
_END = "[DONE]"


@mutable
class AnswerGate:
    """Lets the answers of one model through. *tokens* is how many each was asked for, None for any number.

    *look_at* is told the model that the server names in an event; it raises where that must not be.
    """

    where: str
    streamed: StreamedCalls = field(default_factory=StreamedCalls)
    tokens: int | None = None
    look_at: Callable[[str], Awaitable[None]] | None = None

    async def guard(self, response: httpx2.Response) -> None:
        """Let the body of *response* come through the gate; of an error the text alone, where it cannot be read."""
        import httpx2

        if response.is_success:
            if isinstance(response.stream, httpx2.AsyncByteStream):
                response.stream = _gated_stream()(response.stream, self)
        elif isinstance(response.stream, httpx2.ByteStream):
            response.stream = httpx2.ByteStream(_error(b"".join(response.stream)))

    async def through(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the events of *stream*, written anew. Raises UnreadableJson, AttemptError, or what `look_at` raises."""
        characters, events = _FREE_CHARACTERS, _FREE_EVENTS
        if self.tokens is not None:
            characters, events = characters + self.tokens * _CHARACTERS, events + self.tokens * _EVENTS
        reader = _Events(_LONGEST_LINE if self.tokens is None else characters * _BYTES)
        async for chunk in stream:
            if beginning := reader.too_long(chunk):
                self.streamed.began = True
                self.streamed.written.append(beginning)
                raise self._truncated()
            for data in reader.take(chunk):
                if data.startswith(_END):
                    yield b"data: [DONE]\n\n"
                    continue
                event = _event(data)
                events -= 1
                characters -= self.streamed.take(event)
                await self._look_at_model(event)
                if (error := error_of_event(event)) is not None:
                    event = {"error": error}
                if self.tokens is not None and (characters < 0 or events < 0):
                    raise self._truncated()
                if len(self.streamed.calls) > _MOST_CALLS:
                    raise UnreadableJson(f"more than {_MOST_CALLS} tool calls")
                yield b"data: " + json.dumps(event).encode() + b"\n\n"

    def _truncated(self) -> AttemptError:
        asked = "any answer" if self.tokens is None else f"the {self.tokens:,} tokens that were asked for"
        message = f"{self.where}: the answer is far longer than {asked}, and was not read further"
        return AttemptError("truncated", message)

    async def _look_at_model(self, event: Mapping[str, Any]) -> None:
        model = event.get("model")
        if isinstance(model, str) and model.strip():
            self.streamed.model = model
            if self.look_at is not None:
                await self.look_at(model)


class _Events:
    """Finds the data of a stream's events, in whatever chunks they come. Its time grows as the stream does.

    *longest*: the bytes that a line may have.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._line: list[bytes] = []  # the beginning of a line that has not ended
        self._size = 0  # bytes of it
        self._data: list[str] = []
        self._after_cr = False

    def too_long(self, chunk: bytes) -> str:
        """Return the beginning of a line that gets too long by *chunk*, as text; empty where none does."""
        first = len(chunk.partition(b"\n")[0])
        if self._size + first <= self._longest:
            return ""
        return b"".join((*self._line, chunk[:first]))[: self._longest].decode("utf-8", "replace")

    def take(self, chunk: bytes) -> Iterator[str]:
        """Yield the data of each event that *chunk* ends."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r") if chunk else self._after_cr
        *lines, rest = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            self._line.append(line)
            whole, self._line, self._size = b"".join(self._line), [], 0
            if whole:
                self._take_line(whole)
            elif self._data:
                data, self._data = "\n".join(self._data), []
                yield data
        if rest:
            self._line.append(rest)
            self._size += len(rest)

    def _take_line(self, line: bytes) -> None:
        name, _, value = line.removeprefix(b"\xef\xbb\xbf").partition(b":")
        if name == b"data":  # all else (comments, names of events) says nothing of an answer
            self._data.append(value.removeprefix(b" ").decode("utf-8", "replace"))


def _event(data: str) -> dict[str, Any]:
    event = read_json(data)
    if not isinstance(event, dict):
        raise UnreadableJson("an event that is not an object")
    return event


def _error(body: bytes) -> bytes:
    """Return the *body* of an error as it may be read; its beginning as text, where it cannot be read as JSON."""
    try:
        return json.dumps(read_json(body)).encode()
    except UnreadableJson:
        text = body[:_ERROR_CHARACTERS].decode("utf-8", "replace")
        return body if not text.lstrip().startswith(("{", "[")) else json.dumps({"error": {"message": text}}).encode()


@cache
def _gated_stream() -> type:
    """Return the class of the streams, which is a subclass of one of httpx2's."""
    import httpx2

    class Gated(httpx2.AsyncByteStream):
        def __init__(self, stream: httpx2.AsyncByteStream, gate: AnswerGate) -> None:
            self._stream = stream
            self._gate = gate
            self._read = False

        async def __aiter__(self) -> AsyncIterator[bytes]:
            if self._read:  # openai reads on behind the end; whatever comes there does not belong to the answer
                return
            self._read = True
            async for event in self._gate.through(aiter(self._stream)):
                yield event

        async def aclose(self) -> None:
            await self._stream.aclose()

    return Gated
