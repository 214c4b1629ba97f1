"""The one place where HTTP clients are made: no retries, no redirects, no proxy for this machine's own addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from profile_router.core.profile import is_loopback

if TYPE_CHECKING:
    import httpx2


def open_client(
    base_url: str, *, connect_s: float, read_s: float, headers: Mapping[str, str] | None = None
) -> httpx2.AsyncClient:
    """Return a client for *base_url*. Times are seconds.

    A redirect is an answer, not an instruction: a server that sends a request elsewhere would choose where the code
    goes. A proxy from the environment is never used for a loopback address, or private work would leave by it.
    """
    import httpx2  # 0.1 s: `route` never asks anybody

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(read_s, connect=connect_s),
        follow_redirects=False,
        trust_env=not is_loopback(base_url),
        headers=dict(headers or {}),
    )
