"""A short question gets a short answer, or an error: no server holds the asker, or fills its memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import httpx2
import pytest
from tests.tls_server import self_signed

from profile_router.servers import http
from profile_router.servers.http import ask, open_client

URL = "http://127.0.0.1:9/v1/models"


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b" " * 1_000_000


async def silent() -> AsyncIterator[bytes]:
    yield b"{"
    await asyncio.Event().wait()


@asynccontextmanager
async def _client(body: Callable[[], AsyncIterator[bytes]]) -> AsyncIterator[httpx2.AsyncClient]:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=body())

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
        yield client


async def _asked(body: Callable[[], AsyncIterator[bytes]], seconds: float) -> httpx2.Response:
    async with _client(body) as client:
        return await ask(client, "GET", URL, seconds=seconds)


def test_an_answer_without_end_is_given_up_for_its_size() -> None:
    with pytest.raises(httpx2.DecodingError, match="more than 8,000,000 bytes"):
        asyncio.run(_asked(endless, 3_600.0))


def test_an_answer_that_begins_and_does_not_end_is_given_up_for_its_time() -> None:
    with pytest.raises(httpx2.ReadTimeout, match=r"no whole answer within 0\.1 s"):
        asyncio.run(_asked(silent, 0.1))


def test_a_whole_answer_comes_as_it_was_sent() -> None:
    async def whole() -> AsyncIterator[bytes]:
        for part in (b'{"data"', b": []}"):
            yield part

    answer = asyncio.run(_asked(whole, 3_600.0))
    assert (answer.status_code, answer.json()) == (200, {"data": []})


class _AllCertificates(Exception):
    """They were read."""


@pytest.mark.parametrize(
    ("url", "direct", "reads"),
    [
        ("http://127.0.0.1:8080/v1", True, False),
        ("HTTP://127.0.0.1:8080/v1", True, False),
        ("https://127.0.0.1:8080/v1", True, True),
        ("http://example.invalid/v1", False, True),  # its proxy may speak TLS
        ("https://example.invalid/v1", False, True),
    ],
)
def test_certificates_are_read_where_tls_may_be_spoken(
    url: str, direct: bool, reads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_direct: bool) -> None:
        raise _AllCertificates

    monkeypatch.setattr(http, "_tls", read)
    with pytest.raises(_AllCertificates) if reads else nullcontext():
        open_client(url, direct=direct, connect_s=1, read_s=1)


def test_a_client_of_plain_http_trusts_no_certificate(tmp_path: Path) -> None:
    async def asked_otherwise(url: str) -> None:
        async with open_client(url.replace("https:", "http:"), direct=True, connect_s=2, read_s=2) as client:
            await client.get(url)

    with self_signed(tmp_path) as url, pytest.raises(httpx2.ConnectError, match=r"self.signed"):
        asyncio.run(asked_otherwise(url))
