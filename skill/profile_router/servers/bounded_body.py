"""An answer's body, read no further than anybody needs it: a server must not be able to fill the memory."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

MOST_BODY_BYTES = 64 * 1024 * 1024  # a stream spends some 400 bytes on a token: 160,000 of them in one answer
TOO_LONG = f"the answer is longer than {MOST_BODY_BYTES // 1024**2} MiB and was not read further"
_FAILED = 400
_ERROR_BYTES = 1024 * 1024
_ERROR_SECONDS = 5.0
_GZIP = zlib.MAX_WBITS + 16
_AT_ONCE = 1024 * 1024  # bytes that are unpacked in one step: a kilobyte may stand for a megabyte


async def bound(response: httpx2.Response) -> None:
    """Let the body of *response* end with a DecodingError after MOST_BODY_BYTES, counted as unpacked.

    gzip is unpacked here, where its size can be watched. No other encoding was asked for, and none is taken. The body
    of an error is read as far as it comes soon. What is wrong with that body does not matter: the status says enough.
    """
    import httpx2

    failed = response.status_code >= _FAILED
    encoding = response.headers.pop("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", "") and not failed:
        raise httpx2.DecodingError(f"the answer comes as '{encoding[:20]}', which nobody asked for")
    packed = encoding.endswith("gzip")
    if isinstance(response.stream, httpx2.AsyncByteStream):
        bounded = _bounded_stream()(response.stream, packed)
        response.stream = httpx2.ByteStream(await _beginning(bounded)) if failed else bounded


async def _beginning(stream: httpx2.AsyncByteStream) -> bytes:
    """Return the beginning of the body of an error."""
    import httpx2

    content = bytearray()
    try:
        async with asyncio.timeout(_ERROR_SECONDS):
            async for chunk in stream:
                content += chunk
                if len(content) >= _ERROR_BYTES:
                    break
    except (TimeoutError, httpx2.TransportError, httpx2.DecodingError):
        pass  # what has come is told
    finally:
        await stream.aclose()
    return bytes(content[:_ERROR_BYTES])


@cache
def _bounded_stream() -> type:
    """Return the class of the streams, which is a subclass of one of httpx2's."""
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        def __init__(self, stream: httpx2.AsyncByteStream, packed: bool) -> None:
            self._stream = stream
            self._packed = packed

        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = MOST_BODY_BYTES
            unpacker = zlib.decompressobj(_GZIP)
            async for chunk in self._stream:
                for plain in _unpacked(chunk, unpacker) if self._packed else (chunk,):
                    left -= len(plain)
                    if left < 0:
                        raise httpx2.DecodingError(TOO_LONG)
                    yield plain

        async def aclose(self) -> None:
            await self._stream.aclose()

    return Bounded


def _unpacked(chunk: bytes, unpacker: zlib._Decompress) -> Iterator[bytes]:
    """Yield what *chunk* stands for, a piece at a time."""
    import httpx2

    while chunk:
        try:
            yield unpacker.decompress(chunk, _AT_ONCE)
        except zlib.error as error:
            raise httpx2.DecodingError(str(error)) from error
        chunk = unpacker.unconsumed_tail
