"""Every way in which a model server can fail, one row each: what stands there and what it answers."""

from __future__ import annotations

import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Literal

import pytest
from tests.cli.stage import nobody
from tests.scripted_answers import Answer, call, fail, raw, redirect, say, stream_error

Moment = Literal["before", "during", "after"]
Place = Literal["server", "nobody", "no-name", "no-resolver", "plain-http", "no-certificate", "full"]

PROMPT = "the PROMPT-CANARY-7d31c0 stays unsaid"  # stands in every task's goal
LONG_AGO, FAR_OFF = "Wed, 21 Oct 2015 07:28:00 GMT", formatdate(4_000_000_000, usegmt=True)
MODELS = "/v1/models"
NO_NAME, NO_RESOLVER = "nobody.invalid", "nowhere.invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to fail. `answers` are what the server says to chat requests, `pages` to others, from its first on.

    `moment`: before any byte of the answer, during its beginning (head, first event), or after the first token. `limits`
    are those of the policy that would take too long. `tools`: it needs an agent's loop. `task`: what the task needs.
    """

    name: str
    moment: Moment = "before"
    answers: tuple[Answer, ...] = ()
    place: Place = "server"
    pages: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    models: tuple[str, ...] = ("scripted",)
    limits: Mapping[str, float] = field(default_factory=dict)
    tools: bool = False
    task: Mapping[str, Any] = field(default_factory=dict)
    key: bool = True


SHORT = {"first_token_seconds": 1.2, "between_tokens_seconds": 0.7}
LOADING = fail(503, "Loading model", type="unavailable_error")
LISTED = {"data": [{"id": "scripted", "object": "model"}]}
OVERFLOW: dict[str, Any] = {"type": "exceed_context_size_error", "n_prompt_tokens": 99_011, "n_ctx": 2_048}
HALF = "half an answer"
NEVER = call("run_away", {})
UNFIT = call("read_file", {"start": 1})
FAILING = call("ask_for_profile", {"profile": "x", "reason": "y"})
HTML = b"<!doctype html><html><body>Please log in</body></html>"
NESTED = b"[" * 5_000 + b"]" * 5_000
NO_JSON = b"data: {nonsense\n\n"
UNREAD = '<tool_call>\n{"name": "edit_file", "arguments": {"path": "calc.py", "old": "a'
UNOFFERED = '```json\n{"name": "str_replace", "arguments": {"path": "calc.py"}}\n```'
CHOICE_ERROR = (
    b'data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error",'
    b'"error":{"code":502,"message":"it crashed"}}]}\n\n'
)
TOKEN = b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"scripted","choices":[{"index":0,"delta":{"role":"assistant","content":"half"}}]}\n\n'


def _status(status: int, message: str = "it failed", **headers: str) -> tuple[Answer, ...]:
    return (fail(status, message, headers={name.replace("_", "-"): value for name, value in headers.items()}),)


def _later(*pages: Any) -> Mapping[str, tuple[Any, ...]]:
    return {MODELS: pages}


_ROWS = (
    # The server is not reached.
    Fault(name="no such name", place="no-name"),
    Fault(name="no resolver", place="no-resolver"),
    Fault(name="plain HTTP behind https", place="plain-http"),
    Fault(name="no certificate", place="no-certificate"),
    Fault(name="connection refused", place="nobody"),
    Fault(name="connection takes for ever", place="full", limits={"connect_seconds": 1.0}),
    Fault(name="no key", key=False),
    # It says how it is before it is asked.
    Fault(name="another model loaded", models=("another",)),
    Fault(name="loading, too long", pages=_later(LOADING), limits={"loading_seconds": 0.1}),
    Fault(name="loading, shortly", pages=_later(LOADING, LOADING, LISTED), answers=(say("done"),)),
    Fault(name="502 when looked at", pages=_later(fail(502))),
    # It answers with a status.
    Fault(name="400", answers=_status(400, "bad request")),
    Fault(name="400 that echoes the prompt", answers=_status(400, f"cannot parse: {PROMPT}")),
    Fault(name="400, no tools", answers=_status(400, "registry.ollama.ai/library/x does not support tools")),
    Fault(name="500, --jinja is missing", answers=_status(500, "tools param requires --jinja flag")),
    Fault(name="401", answers=_status(401, "bad key")),
    Fault(name="402", answers=_status(402, "no credit")),
    Fault(name="403", answers=_status(403)),
    Fault(name="404", answers=_status(404, "no such model")),
    Fault(name="408", answers=_status(408)),
    Fault(name="413", answers=(*_status(413), say("done"))),
    Fault(name="413, twice", answers=_status(413) * 2),
    Fault(name="429, no time named", answers=_status(429)),
    Fault(name="429, Retry-After: 0", answers=(*_status(429, Retry_After="0"), say("done"))),
    Fault(name="429, Retry-After: a past date", answers=(*_status(429, Retry_After=LONG_AGO), say("done"))),
    Fault(name="429, a reset in 10 ms", answers=(*_status(429, x_ratelimit_reset_requests="10ms"), say("done"))),
    Fault(name="429, twice", answers=(*_status(429, Retry_After="0"), *_status(429, Retry_After="0"))),
    Fault(name="429, Retry-After: 21", answers=_status(429, Retry_After="21")),
    Fault(name="429, Retry-After: a far date", answers=_status(429, Retry_After=FAR_OFF)),
    Fault(name="429, a reset in 6 min", answers=_status(429, x_ratelimit_reset_tokens="6m0s")),
    Fault(name="429 of one model", answers=(fail(429, metadata={"provider_name": "Nebius"}),)),
    Fault(name="500", answers=_status(500)),
    Fault(name="500 that echoes the prompt", answers=_status(500, f"crashed on {PROMPT}")),
    Fault(name="502", answers=_status(502)),
    Fault(name="503", answers=_status(503)),
    Fault(name="503 while it loads", answers=(LOADING,)),
    Fault(name="504", answers=_status(504)),
    Fault(name="a redirect", answers=(redirect("http://127.0.0.1:9/v1/chat/completions"),)),
    Fault(
        name="llama.cpp's 400 overflow",
        answers=(fail(400, "the request exceeds the available", **OVERFLOW), say("done")),
    ),
    Fault(name="llama.cpp's 500 overflow", answers=(*_status(500, "Context size has been exceeded."), say("done"))),
    # It breaks off.
    Fault(name="a reset at once", answers=(Answer(drop=True),)),
    Fault(name="a reset after the head", moment="during", answers=(say("", ends="reset"),)),
    Fault(name="a reset in the text", moment="after", answers=(say(HALF, ends="reset"),)),
    Fault(name="cut after the head", moment="during", answers=(say("", ends="cut"),)),
    Fault(name="cut in the text", moment="after", answers=(say(HALF, ends="cut"),)),
    Fault(name="an error in the stream, first", moment="during", answers=(stream_error("it crashed", text=""),)),
    Fault(name="an error in the stream, later", moment="after", answers=(stream_error("it crashed"),)),
    Fault(
        name="an overflow in the stream",
        moment="after",
        answers=(stream_error("Context size has been exceeded."), say("done")),
    ),
    Fault(name="no word at all", answers=(Answer(stall=True),), limits=SHORT),
    Fault(name="comments without end", moment="during", answers=(Answer(trickle=True),), limits=SHORT),
    Fault(name="no further word", moment="after", answers=(say(HALF, ends="stalls"),), limits=SHORT),
    Fault(name="no finish reason", moment="after", answers=(say(HALF, ends="silent"),)),
    # What it answers is not an answer.
    Fault(name="empty content", moment="during", answers=(say(""),)),
    Fault(name="thoughts alone", moment="after", answers=(say("", reasoning="hm"),)),
    Fault(name="finish reason length", moment="after", answers=(say(HALF, finish="length"),)),
    Fault(name="finish reason error", moment="after", answers=(say(HALF, finish="error"),)),
    Fault(name="finish reason content_filter", moment="after", answers=(say(HALF, finish="content_filter"),)),
    Fault(name="an unknown finish reason", moment="after", answers=(say(HALF, finish="abort"),)),
    Fault(name="an error in the choice", moment="after", answers=(raw(TOKEN + CHOICE_ERROR),)),
    Fault(name="an empty body", moment="during", answers=(raw(b""),)),
    Fault(name="no JSON", moment="during", answers=(raw(NO_JSON),)),
    Fault(name="no JSON, later", moment="after", answers=(raw(TOKEN + NO_JSON),)),
    Fault(name="a web page", moment="during", answers=(raw(HTML, content_type="text/html"),)),
    Fault(
        name="no gzip",
        moment="during",
        answers=(Answer(body=b"no gzip", headers={"Content-Type": "text/event-stream", "Content-Encoding": "gzip"}),),
    ),
    Fault(name="nested JSON", moment="during", answers=(raw(b'data: {"x": ' + NESTED + b"}\n\n"),)),
    Fault(name="nested JSON, plain", moment="during", answers=(raw(NESTED, content_type="application/json"),)),
    Fault(name="nested JSON, later", moment="after", answers=(raw(TOKEN + b'data: {"usage": ' + NESTED + b"}\n\n"),)),
    Fault(name="an answer without measure", moment="after", answers=(say("word " * 200_000),)),
    Fault(name="no usage", moment="after", answers=(say("done", usage=None),)),
    Fault(name="a usage that lies", moment="after", answers=(say("done", usage=(0, 10**9)),)),
    # The agent's loop.
    Fault(
        name="nested arguments",
        moment="after",
        answers=(call("read_file", f'{{"path": {NESTED.decode()}}}'),) * 3,
        tools=True,
    ),
    Fault(name="unknown tools", moment="after", answers=(NEVER,) * 3, tools=True),
    Fault(name="unfit arguments", moment="after", answers=(UNFIT,) * 3, tools=True),
    Fault(
        name="arguments that are not JSON", moment="after", answers=(call("read_file", "{nonsense"),) * 3, tools=True
    ),
    Fault(name="one failing call", moment="after", answers=(FAILING,) * 3, tools=True),
    Fault(name="a call as text, unread", moment="after", answers=(say(UNREAD),), tools=True),
    Fault(name="a call as text of no tool", moment="after", answers=(say(UNOFFERED),), tools=True),
    Fault(
        name="turn limit",
        moment="after",
        answers=(call("list_files", {"path": "."}),),
        task={"max_turns": 1},
        tools=True,
    ),
    Fault(name="asks for another profile", moment="after", tools=True),
    Fault(
        name="no change",
        moment="after",
        answers=(say("done"),),
        task={"goal": f"Fix add in calc.py; {PROMPT}."},
        tools=True,
    ),
    Fault(name="the check fails", moment="after", answers=(say("done"),) * 2, task={"check": "false"}, tools=True),
)
FAULTS: Mapping[str, Fault] = {row.name: row for row in _ROWS}


@contextmanager
def standing(place: Place) -> Iterator[str]:
    """Give the base URL of a *place* where no chat server answers, for as long as this lasts."""
    with ExitStack() as stack:
        yield stack.enter_context(_PLACES[place]())


def name_service(patch: pytest.MonkeyPatch) -> None:
    """Answer for the two names of *place*s that no name server is to be asked about."""
    asked = socket.getaddrinfo
    errors = {NO_NAME: socket.EAI_NONAME, NO_RESOLVER: socket.EAI_AGAIN}

    def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in errors:
            raise socket.gaierror(errors[name], "the stub's answer")
        return asked(host, *rest, **named)

    patch.setattr(socket, "getaddrinfo", getaddrinfo)


@contextmanager
def _named(name: str) -> Iterator[str]:
    yield f"http://{name}:8080/v1"


@contextmanager
def _full() -> Iterator[str]:
    """A listener whose queue is full: the kernel drops what else wants to connect."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


@contextmanager
def _tls(greet: Callable[[socket.socket], None]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=_greet_all, args=(listener, greet), daemon=True)
        serving.start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            serving.join(10)


def _greet_all(listener: socket.socket, greet: Callable[[socket.socket], None]) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.settimeout(5)
                greet(connection)


def _plainly(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def _without_certificate(connection: socket.socket) -> None:
    with ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_socket(connection, server_side=True):
        """The handshake fails: there is nothing to show."""


_PLACES: Mapping[Place, Callable[[], Any]] = {
    "nobody": nobody,
    "no-name": lambda: _named(NO_NAME),
    "no-resolver": lambda: _named(NO_RESOLVER),
    "plain-http": lambda: _tls(_plainly),
    "no-certificate": lambda: _tls(_without_certificate),
    "full": _full,
}


def pages_of(fault: Fault) -> dict[str, Any]:
    """Return the other pages of a server that fails like *fault*, fresh."""
    return {path: deque(answers) for path, answers in fault.pages.items()}
