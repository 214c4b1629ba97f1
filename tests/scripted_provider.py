"""An OpenAI-compatible server on loopback that answers what a test scripted, once each, and remembers every request."""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.scripted_answers import Answer, Call, call, calls, completion, events, fail, raw, redirect, say, stream_error

__all__ = [
    "CHAT",
    "COUNT",
    "Answer",
    "Call",
    "Request",
    "ScriptedProvider",
    "call",
    "calls",
    "fail",
    "raw",
    "redirect",
    "say",
    "stream_error",
]

CHAT = "/v1/chat/completions"
COUNT = f"{CHAT}/input_tokens"
RAN_OUT = 599


@dataclass(slots=True, kw_only=True)
class Request:
    """A request as it came. `hung_up` is set when the client closed the connection before it had its answer."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    raw: bytes
    hung_up: threading.Event = field(default_factory=threading.Event)


class ScriptedProvider:
    """Serve *answers* in order. A context manager; leaving it fails the test if there were too few of them.

    `pages` are other paths: a JSON value or an Answer each, given as often as asked for; of a deque of them, one after
    another and the last one from then on. `models` are listed at /v1/models. `count` says what the input_tokens
    endpoint answers to a body; None: the server has no such endpoint.
    """

    def __init__(
        self,
        answers: Sequence[Answer | str] = (),
        *,
        models: Sequence[str] = ("scripted",),
        pages: Mapping[str, Any] | None = None,
        count: Callable[[Any], int] | None = None,
        port: int = 0,
    ) -> None:
        self.requests: list[Request] = []
        self.problems: list[str] = []
        self.count = count
        self.pages = {"/v1/models": {"data": [{"id": name, "object": "model"} for name in models]}, **(pages or {})}
        self._model = models[0] if models else "scripted"
        self._answers = [say(answer) if isinstance(answer, str) else answer for answer in answers]
        self._played: list[Answer] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.provider = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.base_url = f"{self.url}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for answer in (*self._played, *self._answers):
            if answer.gate is not None:
                answer.gate.set()
        self._server.shutdown()
        self._server.server_close()
        if kind is None and self.problems:
            raise AssertionError("; ".join(self.problems))

    def to(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    @property
    def chats(self) -> list[Any]:
        """Return the bodies of the chat requests, in order."""
        return [request.body for request in self.to(CHAT)]

    @property
    def left(self) -> int:
        return len(self._answers)

    def take(self, request: Request) -> Answer:
        """Return the answer to *request*, and note it."""
        with self._lock:
            self.requests.append(request)
            if request.path == COUNT and self.count is not None:
                return Answer(body={"input_tokens": self.count(request.body), "object": "response.input_tokens"})
            if request.path in self.pages:
                page = self.pages[request.path]
                if isinstance(page, deque):
                    page = page.popleft() if len(page) > 1 else page[0]
                return page if isinstance(page, Answer) else Answer(body=page)
            if request.path != CHAT:
                return fail(404, "File Not Found")
            if not self._answers:
                self.problems.append(f"request {len(self.chats)} to {CHAT}, and no answer was left")
                return fail(RAN_OUT, "the script has no answer left")
            self._played.append(self._answers.pop(0))
            answer = self._played[-1]
            return answer if answer.model else replace(answer, model=self._model)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 32
    provider: ScriptedProvider

    def leave(self) -> None:
        """Listen no more, but keep the port: what connects to it is refused."""
        self.shutdown()
        self.socket.close()
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", self.server_port))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is part of many tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=_parsed(sent),
            raw=sent,
        )
        answer = self.server.provider.take(request)
        if answer.gate is not None:
            answer.gate.wait(30)
        if answer.leaves:
            self.server.leave()
        if answer.drop:
            self._reset()
        elif answer.stall:
            self._until_hung_up(request)
        elif answer.trickle:
            self._trickle(request)
        elif answer.body is not None:
            self._respond(answer)
        else:
            self._complete(answer, request)

    def _until_hung_up(self, request: Request) -> None:
        self.connection.settimeout(30)
        with suppress(OSError):
            if not self.connection.recv(1):
                request.hung_up.set()
        self.close_connection = True

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _respond(self, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def _complete(self, answer: Answer, request: Request) -> None:
        asked: Any = request.body
        if not asked.get("stream"):
            return self._respond(replace(answer, body=completion(answer)))
        self._begin_stream()
        for event in events(answer, bool((asked.get("stream_options") or {}).get("include_usage"))):
            self._chunk(f"data: {event}\n\n".encode())
        if answer.ends == "cut":
            self.close_connection = True
            return None
        if answer.ends == "reset":
            return self._reset()
        if answer.ends == "stalls":
            return self._until_hung_up(request)
        return self._chunk(b"")

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _trickle(self, request: Request) -> None:
        self._begin_stream()
        self.close_connection = True
        with suppress(OSError):
            while not select.select([self.connection], [], [], 0.02)[0]:
                self._chunk(b": still thinking\n\n")
        request.hung_up.set()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
