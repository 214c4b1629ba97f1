"""What belongs to no answer is not read for ever, and nothing of it is kept."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from profile_router.errors import DataError, UsageError
from profile_router.servers import wire
from profile_router.servers.http import open_client, transport_cause

ROOT = Path(__file__).resolve().parents[2]
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Talker:
    """A server that begins each answer with *said* and, if there is *more*, goes on with that for ever.

    `heads` are what it was asked, `sent` the bytes that went out.
    """

    def __init__(self, said: bytes, more: bytes = b"") -> None:
        self.heads: list[bytes] = []
        self.sent = 0
        self._said, self._more = said, more * max(1, 20_000 // max(1, len(more)))

    async def __call__(self, asked: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError), closing(out):
            while True:
                self.heads.append(await asked.readuntil(b"\r\n\r\n"))
                out.write(self._said)
                await out.drain()
                while self._more:
                    out.write(self._more)
                    self.sent += len(self._more)
                    await out.drain()

    async def asked_for(self, times: int, direct: bool) -> Sequence[httpx2.Response]:
        async with await asyncio.start_server(self, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            async with open_client(url, direct=direct, connect_s=2, read_s=10) as client:
                return [await client.get(url) for _ in range(times)]

    def ask(self, times: int = 1, *, direct: bool = True) -> Sequence[httpx2.Response]:
        return asyncio.run(asyncio.wait_for(self.asked_for(times, direct), 30))


@pytest.mark.parametrize(
    ("said", "more"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        (OK, b"X-A: a\r\n"),
        (OK + b"X: ", b"a"),
        (CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-A: a\r\n"),
        (CHUNKED + b"2;", b"a"),
        (CHUNKED, b"1;" + b"a" * 9_000 + b"\r\na\r\n"),
    ],
    ids=["continue", "early hints", "headers", "one header", "trailers", "one extension", "an extension to each byte"],
)
def test_what_is_sent_beside_a_body_is_given_up(said: bytes, more: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_AFTER_HEAD", 600_000)
    server = Talker(said, more)
    with pytest.raises(httpx2.RemoteProtocolError) as caught:
        server.ask()
    assert transport_cause(caught.value) == "cut-short"
    assert server.sent < 20_000_000  # what the sockets hold of it


@pytest.mark.parametrize("direct", [True, False])
def test_a_connection_that_is_kept_is_counted_anew_for_each_answer(
    direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "MOST_BEFORE_HEAD", 90_000)
    monkeypatch.setattr(wire, "MOST_AFTER_HEAD", 90_000)
    body = b"x" * 80_000
    answers = Talker(b"HTTP/1.1 100 Continue\r\n\r\n" * 40 + OK + b"Content-Length: 80000\r\n\r\n" + body).ask(
        3, direct=direct
    )
    assert [answer.content for answer in answers] == [body] * 3


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize(
    "cookie", [b"a=b", b"a=b; Domain=127.0.0.1; Path=/", b"a=" + b"b" * 5_000, b"a=b; Max-Age=99999; HttpOnly"]
)
def test_a_cookie_is_not_sent_back(cookie: bytes, direct: bool) -> None:
    server = Talker(OK + b"Set-Cookie: " + cookie + b"\r\nContent-Length: 2\r\n\r\n{}")
    server.ask(2, direct=direct)
    assert len(server.heads) == 2
    assert not any(b"cookie" in head.lower() for head in server.heads)


class Older:
    """A transport of another httpx2: what it has is in its *attributes*."""

    def __init__(self, **attributes: object) -> None:
        vars(self).update(attributes)


@pytest.mark.parametrize(
    ("transport", "lacks"),
    [
        (httpx2.MockTransport(lambda _: httpx2.Response(200)), "_pool"),
        (Older(_connections=Older()), "_pool"),
        (Older(_pool=Older(network=None)), "_network_backend"),
    ],
)
def test_a_transport_whose_connections_cannot_be_watched_is_refused_in_one_line(transport: Any, lacks: str) -> None:
    pinned = re.search(r"^httpx2==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    told = f"httpx2 {httpx2.__version__} .*{lacks}.*`pip install httpx2=={re.escape(pinned[1])}`"
    with pytest.raises(DataError, match=told):
        wire.watch(httpx2.AsyncClient(transport=transport))


def test_a_client_that_goes_past_a_proxy_is_watched() -> None:
    unwatched = httpx2.AsyncClient(mounts={"http://": None})
    assert wire.watch(unwatched) is unwatched


@pytest.mark.parametrize("variable", ["ALL_PROXY", "all_proxy", "HTTPS_PROXY"])
@pytest.mark.parametrize("proxy", ["socks5://u:{}@h:1", "socks5h://h:1", "socks://h:1/", "ftp://h:1"])
def test_a_proxy_that_is_none_of_http_is_told_in_one_line(
    variable: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, proxy.format("secret"))
    sort = proxy.partition("://")[0]
    with pytest.raises(UsageError, match=f"the proxy of {variable} is one of '{sort}', .* `unset {variable}`") as told:
        open_client("https://api.example/v1", direct=False, connect_s=1, read_s=1)
    assert "secret" not in str(told.value)
    open_client("https://127.0.0.1/v1", direct=True, connect_s=1, read_s=1)


@pytest.mark.parametrize("value", ["http://127.0.0.1:{}", "127.0.0.1:{}"])
def test_what_is_elsewhere_is_asked_through_the_proxy_of_the_environment(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Talker(OK + b"Content-Length: 2\r\n\r\n{}")

    async def through() -> str:
        async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            monkeypatch.setenv("HTTP_PROXY", value.format(port))
            for name in ("http_proxy", "NO_PROXY", "no_proxy"):
                monkeypatch.delenv(name, raising=False)
            async with open_client("http://api.example/v1", direct=False, connect_s=2, read_s=2) as client:
                return (await client.get("http://api.example/v1")).text

    assert asyncio.run(through()) == "{}"
    assert [head.split()[1] for head in proxy.heads] == [b"http://api.example/v1"]
