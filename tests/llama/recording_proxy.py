"""Stand between a client and a server on loopback, and keep every request that passes, to count and to read."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding"}


@dataclass(slots=True, kw_only=True)
class Exchange:
    """Hold a request as it came; `status` stays None while, or where, the server gives no answer."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int | None = None

    @property
    def json(self) -> Any:
        """Parse the body; None for an empty one."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingProxy:
    """Say where the proxy answers, and what has passed, in order of arrival."""

    url: str
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        """Return what an OpenAI client wants."""
        return f"{self.url}/v1"

    def to(self, path: str) -> list[Exchange]:
        """Select the exchanges on one path."""
        return [exchange for exchange in self.exchanges if exchange.path == path]


@contextmanager
def recording(upstream: str, *, then: str | None = None) -> Iterator[RecordingProxy]:
    """Pass every request on to `upstream` (http://host:port), and its answer back chunk by chunk, unchanged.

    Where the upstream refuses or drops the connection, the client's is dropped too. After the upstream's first answer
    the server `then` takes its place, where one is given.
    """
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.upstream = urlsplit(upstream).netloc
        server.then = urlsplit(then or upstream).netloc
        server.proxy = RecordingProxy(url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.proxy
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    upstream: str
    then: str
    proxy: RecordingProxy


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        exchange = Exchange(method=self.command, path=self.path, headers=headers, body=body)
        self.server.proxy.exchanges.append(exchange)
        self.close_connection = True
        connection = HTTPConnection(self.server.upstream)
        forwarded = {name: value for name, value in headers.items() if name not in _OF_ONE_CONNECTION | {"host"}}
        try:
            connection.request(self.command, self.path, body, forwarded)
            with connection.getresponse() as answer:
                exchange.status = answer.status
                self.server.upstream = self.server.then
                self._relay(answer)
        except (OSError, HTTPException):
            return  # one side has gone; closing both tells the other
        finally:
            connection.close()

    do_POST = do_GET  # noqa: N815 the base class looks for this name

    def _relay(self, answer: HTTPResponse) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_ONE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while part := answer.read1():
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part) if answer.chunked else part)
        if answer.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Say nothing: the exchanges are the record."""
