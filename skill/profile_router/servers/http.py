"""The one place that makes HTTP clients and reads their errors. No retries, no redirects, no cookies, no proxy for what
is local."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from profile_router.core.ladder.causes import Cause
from profile_router.core.profile import Secret, without_key
from profile_router.errors import UsageError
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.servers.bounded_body import bound
from profile_router.servers.error_words import words_of
from profile_router.servers.proxies import odd_proxy
from profile_router.servers.wire import head_came, watch

if TYPE_CHECKING:
    import ssl

    import httpx2


ELSEWHERE = "which is not this machine"
_HEAD_CAME = "profile_router.head_came"
_MOST_BYTES = 8_000_000
_SAID_CHARS = 160


def open_client(
    url: str, *, direct: bool, connect_s: float, read_s: float, key: Secret | None = None
) -> httpx2.AsyncClient:
    """Return a client for the server of *url*, to be closed by its user.

    Times are seconds; *direct* leaves the environment's proxies out.

    It sends *key* with each request.

    A redirect is an answer, not an instruction. A server that sends a request elsewhere would choose where the code
    goes. An endpoint on this machine, or one attested as local, is always spoken to directly. A proxy would carry
    private work away. A cookie is not kept: by one, a server would tie together what was asked of it.

    Raises UsageError for a proxy that cannot be used, DataError for an httpx2 of another sort.
    """
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx2  # 0.1 s: `route` never asks anybody

    try:
        client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(read_s, connect=connect_s),
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            trust_env=not direct,
            verify=_no_tls() if direct and url.lower().startswith("http:") else _tls(direct),
            # A packed answer of any size may follow from a small one, and packing gives a stream nothing.
            headers={"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {key.reveal()}"} if key else {}),
            # llama.cpp's server promises to keep a streamed connection and closes it. The next request on it would fail
            # now and then (32 of 300), and nothing here retries.
            limits=httpx2.Limits(max_keepalive_connections=0) if direct else httpx2.Limits(),
            event_hooks={"request": [_stay_here] if direct else [], "response": [_note_head, bound]},
        )
    except (ImportError, ValueError) as error:  # it makes a transport for each proxy that the environment names
        if not direct and (odd := odd_proxy()):
            raise UsageError(odd) from error
        raise
    return watch(client)


async def ask(
    client: httpx2.AsyncClient,
    method: str,
    url: str,
    body: Mapping[str, Any] | None = None,
    *,
    seconds: float | None = None,
) -> httpx2.Response:
    """Return the whole answer to one question with a short one: all of it within *seconds*, 8 MB at most.

    Without *seconds* it has the sum of the times that the client allows for connecting and for one read. A server that
    never ends its answer would hold us forever, or fill the memory. Raises httpx2.HTTPError.
    """
    import asyncio

    import httpx2

    request = client.build_request(method, url, json=body)
    if seconds is None:
        seconds = (client.timeout.connect or 0) + (client.timeout.read or 0)
    try:
        async with asyncio.timeout(seconds):
            answer = await client.send(request, stream=True)
            try:
                content = bytearray()
                async for part in answer.aiter_bytes():
                    content += part
                    if len(content) > _MOST_BYTES:
                        raise httpx2.DecodingError(f"an answer of more than {_MOST_BYTES:,} bytes", request=request)
            finally:
                await answer.aclose()
    except TimeoutError:
        raise httpx2.ReadTimeout(f"no whole answer within {seconds:g} s", request=request) from None
    return httpx2.Response(answer.status_code, content=bytes(content), request=request)


def json_in(answer: httpx2.Response) -> Any:
    """Return the JSON of *answer*, None where it is not JSON."""
    try:
        return read_json(answer.content)
    except UnreadableJson:
        return None


def error_of_answer(answer: httpx2.Response, key: Secret | None) -> str:
    """Return what *answer* says went wrong, without *key*, which some servers repeat."""
    return without_key(words_of(json_in(answer)), key, _SAID_CHARS)


@cache
def idle_client() -> httpx2.Client:
    """Return the one client that sends nothing: LangChain would make one of its own each time, which takes 50 ms."""
    import httpx2

    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(f"{request.url.host} was asked by a client that nobody is to use")

    return httpx2.Client(transport=httpx2.MockTransport(refuse), trust_env=False)


async def _note_head(response: httpx2.Response) -> None:
    response.request.extensions[_HEAD_CAME] = True
    head_came(response.extensions)


async def _stay_here(request: httpx2.Request) -> None:
    """Send what is for `localhost` to this machine alone, whatever a resolver makes of the name.

    Raises ConnectError where the name leads to any other machine, for example by a line in /etc/hosts.
    """
    import asyncio
    import ipaddress
    import socket

    import httpx2

    host = request.url.host.lower()
    if host != "localhost":
        return
    try:
        rows = await asyncio.get_running_loop().getaddrinfo(host, request.url.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpx2.ConnectError(str(error), request=request) from error
    places = dict.fromkeys(str(row[4][0]).partition("%")[0] for row in rows)
    if away := next((place for place in places if not ipaddress.ip_address(place).is_loopback), None):
        raise httpx2.ConnectError(f"{host} resolves to {away}, {ELSEWHERE}", request=request)


@cache
def _no_tls() -> ssl.SSLContext:
    """Return the TLS context of a client that needs none: it trusts no certificate, and reads none."""
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def _tls(direct: bool) -> ssl.SSLContext:
    """Return the one TLS context of each sort: reading the certificates takes 25 ms, and a run counts prompts often."""
    import httpx2

    return httpx2.create_ssl_context(trust_env=not direct)


def transport_cause(error: BaseException) -> Cause:
    """Return what an error of the transport means to the ladder: how far the request came, and what stopped it.

    The errors of sockets and of TLS tell more than those of httpx, which wraps them.
    """
    import errno
    import socket
    import ssl

    import httpx2

    chain = list(causes(error))
    kinds = tuple(type(link) for link in chain)

    def any_of(*wanted: type[BaseException]) -> bool:
        return any(issubclass(kind, wanted) for kind in kinds)

    if any_of(httpx2.ConnectTimeout):
        return "connect-timeout"
    if any_of(httpx2.ConnectError):
        numbers = {link.errno for link in chain if isinstance(link, OSError)}
        found: tuple[tuple[bool, Cause], ...] = (
            (any_of(ssl.SSLError), "tls"),
            (bool(numbers & {errno.ENETUNREACH, errno.ENETDOWN, socket.EAI_AGAIN}), "no-network"),
            (any_of(socket.gaierror), "dns"),
            (bool(numbers & {errno.EHOSTUNREACH, errno.ETIMEDOUT}), "connect-timeout"),
        )
        return next((cause for holds, cause in found if holds), "refused")
    if any_of(TimeoutError, httpx2.TimeoutException):
        return "stalled"
    if any_of(httpx2.RemoteProtocolError, httpx2.DecodingError) and not any(
        "without sending a response" in str(link) for link in chain
    ):
        return "cut-short"
    return "cut-short" if any(map(_had_begun, chain)) else "bad-gateway"


def _had_begun(error: BaseException) -> bool:
    """Tell whether the head of an answer to *error*'s request had come."""
    try:
        request = getattr(error, "request", None)
    except RuntimeError:  # httpx's errors outside of a request
        return False
    return _HEAD_CAME in getattr(request, "extensions", {})


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield *error* and what caused it, one after another."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__
