"""Stand-ins for model servers, on loopback: one that answers by script, and an address where nobody answers.

The scripted one speaks what an OpenAI-compatible server speaks: `/v1/models` and streamed `/v1/chat/completions` with
tool calls and usage. It keeps no state: how far the script is follows from the answers that the request carries.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any

from profile_router.values import frozen

HOST = "127.0.0.1"
_REPAIR = "\nRepair: "  # how the prompt of a repair begins, below the task
_CHARS_PER_TOKEN = 4  # the usage it reports is this estimate: it has no tokenizer, as it has no model


@frozen
class ScriptLine:
    """One answer of the script: words, or the tool *calls* as pairs of name and arguments."""

    words: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


@frozen
class Script:
    """What the stand-in says, line after line, as *model*; each line after *pause_s* seconds.

    `repair` is what it says instead where it is asked to repair its own work.
    """

    model: str
    lines: Sequence[ScriptLine]
    repair: Sequence[ScriptLine] = ()
    pause_s: float = 0.0


class Playing:
    """What a stand-in plays now: a tour changes it between two tasks."""

    def __init__(self, script: Script) -> None:
        self.script = script


@contextmanager
def refusing() -> Iterator[str]:
    """Yield a base URL that refuses every connection: its port is held, and nobody listens."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as held:
        held.bind((HOST, 0))
        yield f"http://{HOST}:{held.getsockname()[1]}/v1"


@contextmanager
def scripted(script: Script | Playing) -> Iterator[str]:
    """Yield the base URL of a server that answers by *script*; it ends with the block."""
    with _Server(script if isinstance(script, Playing) else Playing(script)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_address[1]}/v1"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingTCPServer):
    daemon_threads = True  # a client that was interrupted must not hold up the end

    def __init__(self, playing: Playing) -> None:
        self.playing = playing
        super().__init__((HOST, 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over clients that left; they were interrupted."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing: the screen belongs to the run."""

    def do_GET(self) -> None:
        """Answer `/v1/models`; anything else is unknown, as on a provider that is not llama.cpp."""
        if self.path == "/v1/models":
            self._json(200, {"object": "list", "data": [{"id": self.server.playing.script.model, "object": "model"}]})
        else:
            self._json(404, {"error": {"message": f"no {self.path} here", "code": 404}})

    def do_POST(self) -> None:
        """Answer a chat request by the line of the script that is due."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/v1/chat/completions":
            self._json(404, {"error": {"message": f"no {self.path} here", "code": 404}})
            return
        script, messages = self.server.playing.script, json.loads(body)["messages"]
        said = sum(message["role"] == "assistant" for message in messages)
        repairs = any(message["role"] == "user" and _REPAIR in str(message["content"]) for message in messages)
        lines = script.repair if repairs and script.repair else script.lines
        time.sleep(script.pause_s)
        self._stream(script.model, lines[min(said, len(lines) - 1)], said, len(body))

    def _stream(self, model: str, line: ScriptLine, place: int, asked_bytes: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for chunk in _chunks(model, line, place, asked_bytes):
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")

    def _json(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _chunks(model: str, line: ScriptLine, place: int, asked_bytes: int) -> Iterator[dict[str, Any]]:
    """Yield *line* as the chunks of one streamed answer: role, words, calls, the end, the usage."""
    calls = [_call(place, number, name, arguments) for number, (name, arguments) in enumerate(line.calls)]
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [*({"content": word} for word in line.words.splitlines(True))]
    deltas += [{"tool_calls": [call]} for call in calls]
    head = {"id": f"scripted-{place}", "object": "chat.completion.chunk", "created": 0, "model": model}
    for delta in deltas:
        yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls" if calls else "stop"}]}
    asked, answered = asked_bytes // _CHARS_PER_TOKEN, len(json.dumps(deltas)) // _CHARS_PER_TOKEN
    usage = {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}
    yield {**head, "choices": [], "usage": usage}


def _call(place: int, number: int, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        "index": number,
        "id": f"call-{place}-{number}",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments)},
    }
