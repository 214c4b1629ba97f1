"""The one model server that a Hermes of unknown inside gets. On loopback, it counts each request and forwards it.

Loaded by the child; the standard library alone. The key stays here: whoever asks has only a word for this server. What
it relays is a chat completion for the one model that was routed to. A request beyond the turn's limit, or after one
that failed, goes nowhere.
"""

from __future__ import annotations

import json
import secrets
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_MOST_BYTES = 64 << 20  # of an answer, and of a request
_REFUSAL_BYTES = 2_000
_LINE_BYTES = 1 << 20
_SILENCE_S = 300.0  # the whole turn has a limit of its own
_CHATS = "/v1/chat/completions"
_MODELS = "/v1/models"
_WORDS = ("content", "reasoning_content", "reasoning")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A key goes to its own endpoint: another address that the server names is not followed."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Loopback:
    """Serves *order* until it is closed, each request by *meter*. `over` is set when no further one may be made.

    `word` is what a client has to show; `text` are the words of the last answer, `called` tells whether it had calls.
    """

    def __init__(self, order: Mapping[str, Any], meter: Any) -> None:
        self.over = threading.Event()
        self.word = secrets.token_urlsafe(32)
        self.text, self.called, self.error = "", False, ""
        self.order, self.meter = order, meter
        self._one_at_a_time = threading.Lock()
        direct = [urllib.request.ProxyHandler({})] if order["expected"]["local"] else []  # it stays on this machine
        self._open = urllib.request.build_opener(_NoRedirect, *direct).open
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("_LoopbackHandler", (_LoopbackHandler,), {"serves": self})
        )
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def relay(self, body: dict[str, Any]) -> Iterator[bytes]:
        """Yield the answer to *body* as it comes. Raises what meter and urllib raise; then nothing more goes out."""
        with self._one_at_a_time:
            if self.over.is_set():
                raise ConnectionRefusedError("the turn is over")
            try:
                yield from self._passed(body)
            except BaseException as error:
                self.error = _in_words(error).replace(self.order["key"] or "\0", "***")  # some servers repeat it
                self.over.set()
                raise

    def _passed(self, body: dict[str, Any]) -> Iterator[bytes]:
        sent = self.meter.ask(body)
        heard = _Heard()
        try:
            with self._open(self._request(body), timeout=_SILENCE_S) as response:
                while line := response.readline(_LINE_BYTES):
                    for piece in heard.take(line):
                        self.meter.come(piece)
                    yield line
                for piece in heard.end():
                    self.meter.come(piece)
                if not heard.whole:
                    raise self.meter.broken_off()  # urllib does not tell of a stream that was cut
        except BaseException as error:
            self.meter.request_failed(error, sent)
            raise
        self.text, self.called = heard.text, bool(heard.tools)
        self.meter.answered(sent, usage=heard.usage, tools=heard.tools, model_served=heard.model)

    def _request(self, body: dict[str, Any]) -> urllib.request.Request:
        expected = self.order["expected"]
        if body.get("stream"):
            body = {**body, "stream_options": {"include_usage": True}}
        headers = {"Content-Type": "application/json"}
        if self.order["key"]:
            headers["Authorization"] = f"Bearer {self.order['key']}"
        place = f"{expected['base_url'].rstrip('/')}/chat/completions"
        if not place.startswith(("http://", "https://")):
            raise ValueError(f"{expected['base_url']} is not an address of http")
        return urllib.request.Request(place, json.dumps(body).encode(), headers)  # noqa: S310 - looked at just above

    def close(self) -> None:
        """Serve no longer."""
        self._server.shutdown()
        self._server.server_close()


def _in_words(error: BaseException) -> str:
    """Return what *error* says, of a refusal what its server said."""
    if not isinstance(error, urllib.error.HTTPError):
        return str(error) or type(error).__name__
    with error:
        said = error.read(_REFUSAL_BYTES).decode("utf-8", "replace")
    return f"HTTP {error.code}: {' '.join(said.split()) or error.reason}"


class _Heard:
    """An answer as it comes: a JSON object or a stream of events, by its lines."""

    def __init__(self) -> None:
        self.text = ""
        self.tools: list[str] = []
        self.model: str | None = None
        self.usage: Mapping[str, Any] = {}
        self.whole = False
        self._bytes = 0
        self._whole: list[bytes] = []

    def take(self, line: bytes) -> list[str]:
        """Take the next *line*, and return what of an answer it brings. Raises ConnectionError past all bounds."""
        self._bytes += len(line)
        if self._bytes > _MOST_BYTES:
            raise ConnectionError(f"the answer is longer than {_MOST_BYTES:,} bytes")
        if line.startswith(b"data:"):
            return self._read(line[5:])
        self._whole.append(line)
        return []

    def end(self) -> list[str]:
        """Return what the answer brings where it was not a stream."""
        return self._read(b"".join(self._whole))

    def _read(self, text: bytes) -> list[str]:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return []
        if not isinstance(found, dict):
            return []
        self.model = found["model"] if isinstance(found.get("model"), str) else self.model
        self.usage = found["usage"] if isinstance(found.get("usage"), dict) else self.usage
        pieces: list[str] = []
        for choice in _listed(found.get("choices")):
            self.whole |= isinstance(choice.get("finish_reason"), str)
            said = choice.get("message") or choice.get("delta")
            pieces += self._said(said) if isinstance(said, dict) else []
        return pieces

    def _said(self, said: Mapping[str, Any]) -> list[str]:
        pieces = [said[name] for name in _WORDS if isinstance(said.get(name), str)]
        self.text += said["content"] if isinstance(said.get("content"), str) else ""
        for call in _listed(said.get("tool_calls")):
            function = call.get("function")
            if isinstance(function, dict):
                pieces += [str(function[name]) for name in ("name", "arguments") if function.get(name)]
                self.tools += [str(function["name"])] if function.get("name") else []
        return pieces


def _listed(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


class _LoopbackHandler(BaseHTTPRequestHandler):
    """Answers one request of Hermes; `serves` is set in the subclass that each server has."""

    serves: Loopback
    protocol_version = "HTTP/1.0"

    def log_message(self, *_: Any) -> None:
        return

    def do_GET(self) -> None:
        listed = {"id": self.serves.order["expected"]["model"], "context_length": self.serves.order["window"]}
        known = self._is_ours() and self.path == _MODELS
        self._say(200 if known else 404, {"data": [listed]} if known else {"error": {"message": "not here"}})

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (self._is_ours() and self.path == _CHATS and length.isdigit() and int(length) <= _MOST_BYTES):
            self._say(404, {"error": {"message": "not here"}})
            return
        try:
            body = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict) or body.get("model") != self.serves.order["expected"]["model"]:
            self._say(400, {"error": {"message": "this server relays for one model only"}})
            return
        self._relay(body)

    def _relay(self, body: dict[str, Any]) -> None:
        begun = False
        try:
            for line in self.serves.relay(body):
                if not begun:
                    begun = True
                    self._begin(200, "text/event-stream" if body.get("stream") else "application/json")
                self.wfile.write(line)
        except Exception as error:
            if not begun:
                self._say(getattr(error, "code", 403), {"error": {"message": self.serves.error}})

    def _is_ours(self) -> bool:
        return secrets.compare_digest(self.headers.get("Authorization", ""), f"Bearer {self.serves.word}")

    def _begin(self, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()

    def _say(self, status: int, body: Mapping[str, Any]) -> None:
        self._begin(status, "application/json")
        self.wfile.write(json.dumps(body).encode())
