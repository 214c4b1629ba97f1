"""Who may ask LangGraph's server of our graph: Studio's own page, and programs of this machine. No other web page may.

The server has no login, and a page of anybody may send to loopback. A browser names the page that sends (`Origin`),
also where it does not wait for an answer; a program names none. The name of a page may lead to loopback all at once
(DNS rebinding). Then its GET names no page, but the name in `Host`. What a request may set is in `studio`: no command
and no policy.
"""

from __future__ import annotations

from collections.abc import Mapping

from langgraph_sdk import Auth

from profile_router.core.profile import is_loopback

STUDIO = "https://smith.langchain.com"  # where LangGraph Studio is; langgraph.json allows it to read answers

auth = Auth()


@auth.authenticate
async def authenticate(headers: Mapping[bytes, bytes]) -> Auth.types.MinimalUserDict:
    """Return who asks. Raises HTTPException (403) for a web page that is not Studio's, or asks by another name."""
    origin, host = headers.get(b"origin"), headers.get(b"host")
    if origin is not None and origin.decode("latin-1") != STUDIO:
        said = f"this server answers LangGraph Studio ({STUDIO}) and programs, and no other web page"
        raise Auth.exceptions.HTTPException(status_code=403, detail=said)
    if host is not None and not _is_ours(host.decode("latin-1")):
        said = "this server answers as localhost, 127.0.0.1 or [::1], and by no other name"
        raise Auth.exceptions.HTTPException(status_code=403, detail=said)
    return {"identity": "operator", "is_authenticated": True}


def _is_ours(host: str) -> bool:
    return not set(host) & set("@/?#\\") and is_loopback(f"http://{host}")
