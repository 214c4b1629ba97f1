"""A server may answer as much as it likes: what is read of it is bounded, packed or not."""

import asyncio
import gzip
from contextlib import suppress

import httpx2
import pytest
from tests.fakes import a_profile
from tests.scripted_provider import ScriptedProvider, raw

from profile_router.runners.embedded.failures import failure_of_error
from profile_router.servers import bounded_body as bounded_answer
from profile_router.servers.bounded_body import TOO_LONG
from profile_router.servers.http import open_client, transport_cause

MOST = 300_000


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_answer, "MOST_BODY_BYTES", MOST)


def fetched(body: bytes, encoding: str = "", status: int = 200) -> tuple[httpx2.Response, str]:
    """Return the answer, read to its end, and the encoding that was asked for."""

    async def ask(url: str) -> httpx2.Response:
        async with open_client(url, direct=True, connect_s=2, read_s=10) as client:
            return await client.get(url)

    answer = raw(body, content_type="application/json")
    headers = {**answer.headers, **({"Content-Encoding": encoding} if encoding else {})}
    page = type(answer)(body=body, status=status, headers=headers)
    with ScriptedProvider(pages={"/v1/models": page}) as server:
        found = asyncio.run(ask(f"{server.base_url}/models"))
        return found, server.requests[0].headers["accept-encoding"]


def test_nothing_packed_is_asked_for() -> None:
    assert fetched(b"{}")[1] == "identity"


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("size", [0, 1, MOST])
def test_an_answer_up_to_the_bound_is_whole(size: int, status: int) -> None:
    assert fetched(b"x" * size, status=status)[0].content == b"x" * size


def test_what_is_longer_is_not_read_to_its_end() -> None:
    with pytest.raises(httpx2.DecodingError, match="longer than"):
        fetched(b"x" * (MOST + 1))


@pytest.mark.parametrize(
    ("body", "encoding", "left"),
    [
        (b"x" * 4_000_000, "", b"x" * 1_000),
        (gzip.compress(b"\0" * 50_000_000, 1), "gzip", b"\0" * 1_000),
        (b"no gzip", "gzip", b""),
        (b"no brotli", "br", b"no brotli"),
    ],
    ids=["long", "long when unpacked", "no gzip", "an encoding nobody asked for"],
)
def test_of_an_error_the_beginning_does(
    body: bytes, encoding: str, left: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_answer, "_ERROR_BYTES", 1_000)
    monkeypatch.setattr(bounded_answer, "_AT_ONCE", 1_000)
    found = fetched(body, encoding, status=500)[0]
    assert (found.status_code, found.content) == (500, left)


@pytest.mark.parametrize("stalls", [True, False], ids=["stalls", "breaks off"])
def test_an_error_whose_body_does_not_come_is_told_by_its_status(stalls: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_answer, "_ERROR_SECONDS", 0.1)

    async def answer(_: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        out.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nit is")
        await out.drain()
        if stalls:
            await done.wait()
        out.close()
        with suppress(OSError):
            await out.wait_closed()
        closed.set()

    async def ask() -> httpx2.Response:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            async with open_client(url, direct=True, connect_s=2, read_s=10) as client:
                found = await client.get(url)
            done.set()
            await asyncio.wait_for(closed.wait(), 10)
            return found

    done, closed = asyncio.Event(), asyncio.Event()
    found = asyncio.run(ask())
    assert (found.status_code, found.content) == (503, b"it is")


def test_gzip_that_nobody_asked_for_is_read_all_the_same() -> None:
    text = bytes(range(256)) * (MOST // 256)
    assert fetched(gzip.compress(text), "gzip")[0].content == text


def test_a_small_body_that_unpacks_to_a_large_one_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_answer, "_AT_ONCE", 1_000)
    with pytest.raises(httpx2.DecodingError, match="longer than"):
        fetched(gzip.compress(b"\0" * 50_000_000, 1), "gzip")


@pytest.mark.parametrize(("body", "encoding"), [(b"no gzip", "gzip"), (b"{}", "br"), (b"{}", "gzip, gzip")])
def test_what_cannot_be_unpacked_is_an_error_of_the_answer(body: bytes, encoding: str) -> None:
    with pytest.raises(httpx2.DecodingError):
        fetched(body, encoding)


def test_the_failure_says_that_the_answer_was_too_long() -> None:
    error = httpx2.DecodingError(TOO_LONG)
    failure = failure_of_error(error, a_profile("http://here:9/v1"))
    assert failure is not None
    assert (failure.cause, transport_cause(error)) == ("cut-short", "cut-short")
    assert failure.message == f"coding-local at here:9: {TOO_LONG}"
