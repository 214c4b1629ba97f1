"""What makes a path or a text private. Pure: the globs come from the policy, the texts from the adapters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

_KEY_BLOCK = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")


def private_glob(path: str, globs: Sequence[str]) -> str | None:
    """Return the first glob that *path* (POSIX, relative or absolute) matches.

    A glob without a slash matches any single part of the path, so `.env*` holds in every folder; one with a slash
    matches at the end of the path, `**` standing for any number of parts. Case does not count.
    """
    parts = [part for part in path.lower().replace("\\", "/").split("/") if part not in {"", "."}]
    return next((glob for glob in globs if _matches(parts, glob.lower())), None)


def _matches(parts: list[str], glob: str) -> bool:
    wanted = [part for part in glob.split("/") if part]
    if len(wanted) == 1:
        return any(fnmatchcase(part, wanted[0]) for part in parts)
    return any(_from(parts[start:], wanted) for start in range(len(parts)))


def _from(parts: list[str], wanted: list[str]) -> bool:
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return any(_from(parts[skip:], wanted[1:]) for skip in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], wanted[0]) and _from(parts[1:], wanted[1:])


def private_text(text: str) -> str | None:
    """Return the kind of secret that *text* holds (`private key`), None where none is recognized."""
    return "private key" if _KEY_BLOCK.search(text) else None
