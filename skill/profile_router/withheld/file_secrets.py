"""Which known secret stands in a file: looked for once for each state of the file, for as long as a run lasts."""

from __future__ import annotations

import os
import time
from collections.abc import MutableMapping

from profile_router.core.policy.private import Confidential
from profile_router.withheld.survey import INSTALLED
from profile_router.withheld.whole_scan import EndNotReached, ReadBudget, secret_in

_JUST_NOW = 0.1  # seconds; the clock of a file system may stand still for a part of that

Stamp = tuple[int, int, int, int, int]  # st_dev, st_ino, st_mtime_ns, st_ctime_ns, st_size
Known = MutableMapping[Stamp, str]  # the secret that such a file holds, empty where it is clear


def stamp(found: os.stat_result) -> Stamp:
    """Return what changes whenever the content of a file does: nobody sets st_ctime at will."""
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def is_installed(path: str) -> bool:
    """Tell whether *path* is in a package that was installed: what stands there, everybody can have."""
    return not INSTALLED.isdisjoint(path.split("/"))


def secret_of(
    path: str, found: os.stat_result, budget: ReadBudget, confidential: Confidential, known: Known
) -> str | None:
    """Return the secret that *path*, which was *found* so, holds; empty: it is clear, None: not read to its end.

    What *known* tells is not looked for again; what is found goes into it.
    """
    kind = known.get(stamp(found))
    if kind is not None:
        return kind
    if not found.st_size and found.st_blocks == 0:
        return ""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            before = os.fstat(handle)
            kind = secret_in(file, budget, confidential, bare_heads=not is_installed(path))
            if stamp(before) != stamp(os.fstat(handle)):
                return kind or None
    except FileNotFoundError:
        return ""
    except (EndNotReached, OSError):
        return None
    if time.time() - before.st_ctime > _JUST_NOW:
        known[stamp(before)] = kind
    return kind
