"""What makes a path or a text private. Pure: the globs come from the policy, the texts from the adapters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from profile_router.core.globs import glob_regex

_KEY_BLOCK = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")


def private_glob(path: str, globs: Sequence[str]) -> str | None:
    """Return the first glob that *path* (POSIX, relative or absolute) matches.

    A glob without a slash matches any single part of the path, so `.env*` holds in every folder; one with a slash
    matches at the end of the path, `**` standing for any number of parts. Case does not count.
    """
    parts = [part for part in path.lower().replace("\\", "/").split("/") if part not in {"", "."}]
    whole = "/".join(parts)
    return next((glob for glob in globs if whole and any(regex.match(whole) for regex in _regexes(glob))), None)


@lru_cache(maxsize=256)
def _regexes(glob: str) -> tuple[re.Pattern[str], ...]:
    wanted = [part for part in glob.lower().split("/") if part]
    below = len(wanted) == 1 or wanted[-1:] == ["**"]
    while len(wanted) > 1 and wanted[-1] == "**":
        wanted.pop()
    stem = "/".join(["**", *wanted])
    spelled = (stem, f"{stem}/**") if below else (stem,)
    return tuple(regex for regex in map(glob_regex, spelled) if wanted and regex is not None)


def private_text(text: str) -> str | None:
    """Return the kind of secret that *text* holds (`private key`), None where none is recognized."""
    return "private key" if _KEY_BLOCK.search(text) else None
