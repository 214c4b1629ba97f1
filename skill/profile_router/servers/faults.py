"""Look closer at an address that serves no models: is it the path, the key, TLS, or another program?

Asks that same server alone. Its own key is sent by no other scheme than the profile states.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from profile_router.core.ladder.server_report import Fault
from profile_router.expressions import expression
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.servers.http import ask, causes, open_client

if TYPE_CHECKING:
    import httpx2

_Found = tuple[Fault | None, str]
_NOTHING: _Found = (None, "")
REFUSED_STATUSES = frozenset({401, 403, 407})
_SECONDS = 3.0  # for one look at a server that has just answered
_BEGINNING = 2_000  # bytes of a page that tell what it is
_WHOLE_PATH = expression(r"/(?:chat/completions|completions|responses|embeddings|models)/*$")
_PATHS = ("/v1", "/api/v1")


async def fault_of_answer(answer: httpx2.Response, client: httpx2.AsyncClient, base_url: str) -> _Found:
    """Return why *answer*, to a question for models at *base_url*, lists none, and the base URL that would."""
    status, page = answer.status_code, answer.content[:_BEGINNING].lower()
    if status == 400 and b"https" in page and base_url.lower().startswith("http:"):
        return "only-tls", _by(base_url, "https")
    for other in _other_paths(base_url):
        seen = await _look(client, other)
        if seen is not None and (_lists_models(seen) or (status not in REFUSED_STATUSES and seen.status_code == 401)):
            return "other-path", other
    if status in REFUSED_STATUSES:
        return "key-refused", ""
    if 300 <= status < 400:
        return "redirect", ""
    if status >= 500:
        return "failing", ""
    return ("web-page" if b"<html" in page or b"<!doctype html" in page else "no-models"), ""


async def fault_of_error(error: BaseException, base_url: str, *, connect_s: float) -> _Found:
    """Return what *error*, of a question at *base_url*, says of the scheme, and the base URL that would do."""
    import httpx2

    if any(isinstance(link, ssl.SSLCertVerificationError) for link in causes(error)):
        return "no-trust", ""
    other = "http" if base_url.lower().startswith("https:") else "https"
    tls = any(isinstance(link, ssl.SSLError) for link in causes(error))
    if isinstance(error, httpx2.ConnectError) and not tls:
        return _NOTHING
    if not isinstance(error, httpx2.ConnectError | httpx2.RemoteProtocolError | httpx2.ReadError):
        return _NOTHING
    where = _by(base_url, other)
    try:
        async with open_client(where, direct=True, connect_s=connect_s, read_s=_SECONDS) as client:
            await ask(client, "GET", f"{where.rstrip('/')}/models")
    except httpx2.HTTPError as again:
        if other == "https" and any(isinstance(link, ssl.SSLCertVerificationError) for link in causes(again)):
            return "only-tls", where
        return ("no-http" if tls or _answered_otherwise(again) else None), ""
    return ("no-tls" if other == "http" else "only-tls"), where


def _answered_otherwise(error: BaseException) -> bool:
    """Tell whether a handshake ended in *error* because bytes came that are not TLS, not because none came."""
    return any(isinstance(link, ssl.SSLError) and not isinstance(link, ssl.SSLEOFError) for link in causes(error))


def _other_paths(base_url: str) -> tuple[str, ...]:
    """Return the base URLs at the same server that may have been meant by *base_url*."""
    stripped = _WHOLE_PATH.sub("", base_url.rstrip("/"))
    parts = urlsplit(stripped)
    root = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    tried = (stripped, *(f"{stripped}{path}" for path in _PATHS), *(f"{root}{path}" for path in _PATHS))
    return tuple(one for one in dict.fromkeys(tried) if one != base_url.rstrip("/"))


async def _look(client: httpx2.AsyncClient, base_url: str) -> httpx2.Response | None:
    import httpx2

    try:
        return await ask(client, "GET", f"{base_url}/models", seconds=_SECONDS)
    except httpx2.HTTPError:
        return None


def _lists_models(answer: httpx2.Response) -> bool:
    try:
        body: Any = read_json(answer.content)
    except UnreadableJson:
        return False
    entries = body.get("data") if isinstance(body, dict) else None
    return answer.status_code == 200 and isinstance(entries, list) and bool(entries)


def _by(base_url: str, scheme: str) -> str:
    return f"{scheme}:{base_url.partition(':')[2]}"
