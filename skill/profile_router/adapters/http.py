"""The one place where HTTP clients are made: no retries, no redirects, no proxy for what is local."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    import httpx2


def open_client(
    *, direct: bool, connect_s: float, read_s: float, headers: Mapping[str, str] | None = None
) -> httpx2.AsyncClient:
    """Return a client, to be closed by its user. Times are seconds; *direct* leaves the environment's proxies out.

    A redirect is an answer, not an instruction: a server that sends a request elsewhere would choose where the code
    goes. An endpoint on this machine, or one attested as local, is always spoken to directly: private work would leave
    by a proxy.
    """
    import httpx2  # 0.1 s: `route` never asks anybody

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(read_s, connect=connect_s),
        follow_redirects=False,
        trust_env=not direct,
        verify=_tls(direct),
        headers=dict(headers or {}),
        # llama.cpp's server promises to keep a streamed connection and closes it: the next request on it would fail
        # now and then (32 of 300), and nothing here retries.
        limits=httpx2.Limits(max_keepalive_connections=0) if direct else httpx2.Limits(),
    )


@cache
def _tls(direct: bool) -> ssl.SSLContext:
    """Return the one TLS context of each sort: reading the certificates takes 25 ms, and a run counts prompts often."""
    import httpx2

    return httpx2.create_ssl_context(trust_env=not direct)
