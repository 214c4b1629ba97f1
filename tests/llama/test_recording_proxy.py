"""The recording proxy counts what passes, and changes nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx2
import pytest
from tests.llama.recording_proxy import recording
from tests.llama.script import SENTENCE
from tests.llama.server import LlamaServer

CHAT = "/v1/chat/completions"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextmanager
def upstream(*parts: bytes) -> Iterator[tuple[str, threading.Semaphore]]:
    """Serve one connection: take a request for {}, then send each part when the semaphore allows one more."""
    allowed = threading.Semaphore(0)

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            request = b""
            while not request.endswith(b"\r\n\r\n{}"):  # unread bytes would turn the close into a reset
                request += connection.recv(65_536)
            with suppress(OSError):
                for part in parts:
                    allowed.acquire()
                    connection.sendall(part)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", allowed
        finally:
            allowed.release(len(parts))
            thread.join()


def test_every_request_is_kept_whole_and_counted(llama_8k: LlamaServer) -> None:
    body = {"model": "tiny", "messages": [{"role": "user", "content": "hi"}], "temperature": 0}
    with recording(llama_8k.url) as proxy, httpx2.Client(base_url=proxy.url, timeout=60) as client:
        client.get("/props?from=test", headers={"X-Mark": "1"})
        answers = [client.post(CHAT, json=body) for _ in range(2)]
    assert [answer.json()["choices"][0]["message"]["content"] for answer in answers] == [SENTENCE, SENTENCE]
    first = proxy.exchanges[0]
    assert (first.method, first.path, first.headers["x-mark"], first.json) == ("GET", "/props?from=test", "1", None)
    assert [(each.method, each.json, each.status) for each in proxy.to(CHAT)] == [("POST", body, 200)] * 2


def test_an_error_passes_unchanged(llama_8k: LlamaServer) -> None:
    body = {"messages": [{"role": "user", "content": " x" * 3000}]}
    direct = httpx2.post(f"{llama_8k.url}{CHAT}", json=body)
    with recording(llama_8k.url) as proxy:
        passed = httpx2.post(f"{proxy.base_url}/chat/completions", json=body)
    assert (passed.status_code, passed.content) == (direct.status_code, direct.content)
    assert passed.headers["content-type"] == direct.headers["content-type"]
    assert [exchange.status for exchange in proxy.exchanges] == [400]


def test_a_stream_passes_chunk_by_chunk_as_it_comes() -> None:
    chunks = [b"data: one\n\n", b"data: two\n\n"]
    framed = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]
    with upstream(HEAD + framed[0], framed[1], b"0\r\n\r\n") as (url, allowed), recording(url) as proxy:
        allowed.release()
        with httpx2.stream("POST", f"{proxy.url}{CHAT}", json={}) as response:
            received = response.iter_raw()
            assert next(received) == chunks[0]
            allowed.release()
            assert next(received) == chunks[1]
            allowed.release()
            assert list(received) == []


def test_a_stream_that_breaks_off_breaks_off_for_the_client() -> None:
    with upstream(HEAD + b"5\r\ndata:\r\n") as (url, allowed), recording(url) as proxy:
        allowed.release()
        with pytest.raises(httpx2.RemoteProtocolError):
            httpx2.post(f"{proxy.url}{CHAT}", json={})


def test_a_request_that_nobody_answers_is_kept_without_a_status() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with recording(closed) as proxy, pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(f"{proxy.url}/health")
    assert [(exchange.path, exchange.status) for exchange in proxy.exchanges] == [("/health", None)]
