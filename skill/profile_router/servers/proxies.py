"""The proxies that the environment names, as far as one of them keeps a client from being made."""

from __future__ import annotations

import os
from urllib.request import getproxies

_SCHEMES = ("https", "http", "all")  # those that httpx2 looks at
_SORTS = ("http", "https")


def odd_proxy() -> str:
    """Return what is wrong with the first proxy that is none of HTTP, and how to go without it; empty: nothing is.

    No address is told: it may hold a password.
    """
    found = getproxies()
    for scheme in _SCHEMES:
        sort, named, _ = found.get(scheme, "").partition("://")
        if named and sort.lower() not in _SORTS:
            name = next((one for one in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY") if os.environ.get(one)), "")
            where = name or f"the system's settings for {scheme}"
            how = f"`unset {name}`" if name else "`NO_PROXY='*'`"
            return (
                f"the proxy of {where} is one of '{sort[:20]}', through which nothing is sent; allowed: "
                f"{', '.join(_SORTS)}; {how} goes without one"
            )
    return ""
