"""What a server sends to one request, counted as it comes in. Before its answer begins, few bytes are read.

After that, not much more is read than a body may have. A body is counted elsewhere, once it is parsed. But a server can
also send other things without end. Such are `100 Continue`, and what stands beside the length of a chunk.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from profile_router.errors import DataError
from profile_router.servers.bounded_body import MOST_BODY_BYTES

if TYPE_CHECKING:
    import httpx2

MOST_BEFORE_HEAD = 256 * 1024  # a head has 100 KiB at most (h11), and the beginning of a body may come with it
MOST_AFTER_HEAD = 2 * MOST_BODY_BYTES
KNOWN_HTTPX2 = "2.16.2"  # the one of constraints.txt


def watch(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """Return *client*, whose connections break off where a server sends too much beside the body of its answer.

    A client has no setting for that. Its pools take a network of one's own, and so they are given one. The names are
    httpx2's private ones. A transport of one's own would need none of them. It would have to choose proxies, name
    errors and read streams anew. Raises DataError where a version has other names: nothing would be watched.
    """
    watched = _watched_network()
    try:
        for transport in (client._transport, *client._mounts.values()):
            if transport is not None:  # where a proxy is left out
                pool = cast("Any", transport)._pool
                pool._network_backend = watched(pool._network_backend)
    except AttributeError as error:
        from httpx2 import __version__ as found

        raise DataError(
            f"httpx2 {found} keeps its connections in another way ({error}), so what a server sends would have no "
            f"bound; known is httpx2 {KNOWN_HTTPX2}: `pip install httpx2=={KNOWN_HTTPX2}`"
        ) from None
    return client


def head_came(extensions: Mapping[str, Any]) -> None:
    """Note that the head of an answer with *extensions* has come: its body may follow."""
    if (begin := getattr(extensions.get("network_stream"), "begin_body", None)) is not None:
        begin()


@cache
def _watched_network() -> type:
    """Return the class of the networks, which is a subclass of one of httpcore2's."""
    import httpcore2

    class Watched(httpcore2.AsyncNetworkStream):
        def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
            self._stream = stream
            self._left = MOST_BEFORE_HEAD

        def begin_body(self) -> None:
            self._left = MOST_AFTER_HEAD

        async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            data = await self._stream.read(max_bytes, timeout)
            self._left -= len(data)
            if self._left < 0:
                raise httpcore2.RemoteProtocolError("the server sends more than belongs to an answer")
            return data

        async def write(self, buffer: bytes, timeout: float | None = None) -> None:
            self._left = MOST_BEFORE_HEAD  # the next request on a connection that was kept
            await self._stream.write(buffer, timeout)

        async def aclose(self) -> None:
            await self._stream.aclose()

        async def start_tls(self, *given: Any, **named: Any) -> httpcore2.AsyncNetworkStream:
            return Watched(await self._stream.start_tls(*given, **named))

        def get_extra_info(self, info: str) -> Any:
            return self._stream.get_extra_info(info)

    class Network(httpcore2.AsyncNetworkBackend):
        def __init__(self, network: httpcore2.AsyncNetworkBackend) -> None:
            self._network = network

        async def connect_tcp(self, *given: Any, **named: Any) -> httpcore2.AsyncNetworkStream:
            return Watched(await self._network.connect_tcp(*given, **named))

        async def connect_unix_socket(self, *given: Any, **named: Any) -> httpcore2.AsyncNetworkStream:
            return Watched(await self._network.connect_unix_socket(*given, **named))

        async def sleep(self, seconds: float) -> None:
            await self._network.sleep(seconds)

    return Network
