"""Which requests of Hermes may leave: whoever of it asks a model asks the routed endpoint, or nothing goes out.

Loaded by the child, inside Hermes' python. Hermes' auxiliary calls, its fallbacks and its discovery of providers by
their keys each choose an endpoint of their own. Nobody routed to it, knows its price or attested it as local.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn
from urllib.parse import urlsplit

_SENDS = frozenset({"POST", "PUT", "PATCH"})
_ANSWERS = ("/chat/completions", "/completions", "/responses", "/messages")  # what paths of a model's answers end in
# The same of other servers' own protocols, and of models for other than text.
_OTHERS = (
    "/api/chat", "/api/generate", "/api/embed", "/embeddings", "/generations", "/edits", "/speech", "/transcriptions",
    "/translations", "/realtime", "/converse", "/converse-stream", "/invoke", "/invoke-with-response-stream",
    ":generatecontent", ":streamgeneratecontent", ":predict", ":rawpredict", ":streamrawpredict",
)  # fmt: skip
_ASKED_IN = ("input", "prompt", "text", "messages", "contents")
_PORTS = {"http": 80, "https": 443}
_LOOPBACK = re.compile(r"127(\.\d{1,3}){3}")
_NAME_CHARS = 100
_NO_KEY = "no-key-required"  # Hermes' own word for it
_TASK: ContextVar[str] = ContextVar("task", default="")  # of the auxiliary call under way
_LOOKED_AT: ContextVar[Any] = ContextVar("looked_at", default=None)  # the connection whose request is under way

_Say = Callable[..., None]
_Call = Callable[..., Any]
_Origin = tuple[str, str, int | None]


class Elsewhere(ConnectionError):
    """A model was to be asked that nobody routed to."""


class Door:
    """Lets requests for a model out to the endpoint of one order, and says `elsewhere` for each that it refuses.

    Where that endpoint is local, a request there is for the routed model alone. Its server may pass others on.
    *may_leave* decides whether any other request with a body leaves this machine.
    """

    def __init__(
        self, say: _Say, expected: Mapping[str, Any], key: str | None, may_leave: Callable[[str], bool] | None = None
    ) -> None:
        self._say, self._expected, self._key, self._may_leave = say, expected, key, may_leave
        self._place = _origin(expected["base_url"])
        self._models = {_bare(expected["model"])}

    def stand(
        self, transport: Any, async_transport: Any, connection: Any, other: Any = None, session: Any = None
    ) -> None:
        """Stand at httpx's *transport* and *async_transport*, and at the standard library's HTTP *connection*.

        Those are classes. Other clients send by the last. Of it, requests and boto have a kind with a `request` of its
        own, the *other*. aiohttp sends by its *session*.
        """
        transport.handle_request = self._before(transport.handle_request)
        async_transport.handle_async_request = self._before(async_transport.handle_async_request)
        connection.request = self._before_request(connection.request)
        connection.putrequest = self._before_putrequest(connection.putrequest)
        if other is not None:
            other.request = self._before_request(other.request)
        if session is not None:
            session._request = self._before_session(session._request)

    def stand_at(self, kind: Any, method: str) -> None:
        """Let *method* of the class *kind* ask a program as a model only where the routed endpoint is a program."""
        ask = getattr(kind, method)

        def looked(client: Any, *arguments: Any, **named: Any) -> Any:
            if self._place[0] in _PORTS:
                self._refuse(kind.__name__, str(named.get("model") or ""))
            return ask(client, *arguments, **named)

        setattr(kind, method, looked)

    def also(self, model: str) -> None:
        """Take *model* as the routed one under the name that Hermes has for it."""
        self._models.add(_bare(model))

    def asks_here(self, method: str, url: Any) -> bool:
        """Tell whether a request asks the routed endpoint for an answer."""
        return method in _SENDS and _origin(url) == self._place and _path(url).endswith(_ANSWERS)

    @contextmanager
    def auxiliary(self, arguments: Sequence[Any], named: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield the arguments *named* of an auxiliary call as those of one to the routed endpoint, if that is local.

        Whatever the profile says of it, it then goes where the turn goes. Elsewhere it would be refused.
        """
        token = _TASK.set(str((arguments[0] if arguments else named.get("task")) or "")[:_NAME_CHARS])
        place = {"base_url": self._expected["base_url"], "api_key": self._key or _NO_KEY}
        here = {**place, "provider": "custom", "model": self._expected["model"]}
        try:
            yield {**named, **here} if self._expected["local"] else named
        finally:
            _TASK.reset(token)

    def look(self, method: str, url: Any, body: Any = None) -> None:
        """Raise Elsewhere for a request that asks a model which nobody routed to. *body* is its JSON, where seen."""
        if method.upper() not in _SENDS:
            return
        here, asked = _origin(url) == self._place, _read(body)
        if here and not self._expected["local"]:
            return
        place = urlsplit(str(url)).netloc.rpartition("@")[2]
        if not _asks(_path(url), asked):
            if not (here or _is_loopback(url) or self._may_leave is None or self._may_leave(f"request to {place}")):
                raise Elsewhere(f"{place} was sent nothing: this turn opened a private file")
            return
        model = str(asked.get("model") or "")
        if here and _bare(model) in self._models:
            return
        self._refuse(place, model)

    def _refuse(self, place: str, model: str) -> NoReturn:
        self._say("elsewhere", place=place[:_NAME_CHARS], model=model[:_NAME_CHARS], task=_TASK.get())
        raise Elsewhere(f"{place} was not asked: this run asks {self._expected['model']} at {self._here} alone")

    @property
    def _here(self) -> str:
        return urlsplit(str(self._expected["base_url"])).netloc.rpartition("@")[2]

    def _before(self, handle: _Call) -> _Call:
        """Return httpx' *handle*, of either kind, after a look. It gets each request of a redirect, too."""

        def looked(transport: Any, request: Any, *arguments: Any, **named: Any) -> Any:
            self.look(request.method, request.url, _content(request))
            return handle(transport, request, *arguments, **named)

        return looked

    def _before_request(self, request: _Call) -> _Call:
        def looked(connection: Any, method: str, url: str, body: Any = None, *arguments: Any, **named: Any) -> Any:
            if _LOOKED_AT.get() is connection:  # one kind's calls the other's
                return request(connection, method, url, body, *arguments, **named)
            self.look(method, _whole(connection, url), b"" if body is None else body)
            token = _LOOKED_AT.set(connection)
            try:
                return request(connection, method, url, body, *arguments, **named)
            finally:
                _LOOKED_AT.reset(token)

        return looked

    def _before_putrequest(self, putrequest: _Call) -> _Call:
        """Return *putrequest* after a look, where the whole request was not looked at: its body is not seen here."""

        def looked(connection: Any, method: str, url: str, *arguments: Any, **named: Any) -> Any:
            if _LOOKED_AT.get() is not connection:
                self.look(method, _whole(connection, url))
            return putrequest(connection, method, url, *arguments, **named)

        return looked

    def _before_session(self, request: _Call) -> _Call:
        async def looked(session: Any, method: str, url: Any, *arguments: Any, **named: Any) -> Any:
            self.look(method, url, named.get("json") or named.get("data") or b"")
            return await request(session, method, url, *arguments, **named)

        return looked


def _content(request: Any) -> bytes:
    """Return the body of httpx' *request*, none where it is a stream: that is not how a model is asked."""
    try:
        return bytes(request.content)
    except RuntimeError:  # RequestNotRead
        return b""


def _whole(connection: Any, url: str) -> str:
    """Return the whole address of a request by the standard library's *connection*, which may lead through a proxy."""
    if "://" in url.partition("?")[0]:
        return url
    host, port = getattr(connection, "_tunnel_host", None), getattr(connection, "_tunnel_port", None)
    if not host:
        host, port = connection.host, connection.port
    scheme = "https" if connection.default_port == _PORTS["https"] else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port or connection.default_port}{url}"


def _origin(url: Any) -> _Origin:
    place = urlsplit(str(url))
    try:
        port = place.port
    except ValueError:
        port = -1
    return place.scheme.lower(), (place.hostname or "").lower(), port or _PORTS.get(place.scheme.lower())


def _is_loopback(url: Any) -> bool:
    name = _origin(url)[1]
    return name in ("localhost", "::1") or _LOOPBACK.fullmatch(name) is not None


def _path(url: Any) -> str:
    return urlsplit(str(url)).path.rstrip("/").lower()


def _bare(model: str) -> str:
    """Return the name of *model* without its vendor, which Hermes leaves out for some providers."""
    return model.rpartition("/")[2].lower()


def _read(body: Any) -> Mapping[str, Any]:
    try:
        found = json.loads(body) if isinstance(body, str | bytes | bytearray) else body
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _asks(path: str, asked: Mapping[str, Any]) -> bool:
    """Tell whether a request asks a model: by its *path*, else by what its body *asked* has."""
    if path.endswith(_ANSWERS + _OTHERS):
        return True
    if isinstance(asked.get("messages"), list) or isinstance(asked.get("contents"), list) or asked.get("prompt"):
        return True
    return bool(asked.get("model")) and any(asked.get(name) for name in _ASKED_IN)
