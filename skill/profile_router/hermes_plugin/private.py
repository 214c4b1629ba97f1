"""Whether a task may be private, told without the router: asked only where the router did not get to say so.

It errs on the safe side: more looks private here than to the router, and what cannot be read counts as private.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

# The shipped policy's; the router tells those of the policy in force whenever it comes that far.
PATHS = (
    *(".env*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "id_rsa*"),
    *("id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".pgpass", ".npmrc", ".pypirc"),
    *(".aws/credentials", ".ssh/**", ".gnupg/**", "secrets/**"),
)
_SPOKEN = re.compile(
    r"\blocal[- ]only\b|\bconfidential|\bnever leaves? "
    r"|\b(?:stay|keep|run)s?\b[^.\n]{0,60}\b(?:machine|local(?:ly)?|private)\b"
    r"|-----BEGIN [A-Z0-9 ]*PRIVATE KEY|\bsk-[\w-]{16}|\bgh[pousr]_\w{16}|\bAKIA[0-9A-Z]{12}|\bxox[abps]-"
    r"|\b(?:password|passwd|secret|api[_-]?key|token)\s*[:=]\s*\S",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\s\"'`<>()\[\]{},;|=:!?*]+")


def looks_private(task: Mapping[str, Any], globs: Sequence[str]) -> str:
    """Return what makes *task* look private, empty where nothing does. *globs* come on top of the shipped ones."""
    if task.get("local_only"):
        return "it is labelled local-only"
    if task.get("thread"):
        return "it goes on with a thread, which may be private"
    for text in _texts(task):
        if spoken := _SPOKEN.search(text):
            return f"it says '{spoken[0][:12]}…'"
        for word in _BETWEEN.split(text):
            if glob := _private_path(word, (*PATHS, *globs)):
                return f"it names a path like {glob}"
    return ""


def _private_path(word: str, globs: Sequence[str]) -> str:
    path = "/" + word.lower().replace("\\", "/").strip("/").rstrip(".")
    parts = path.split("/")[1:]
    for glob in globs:
        wanted = glob.lower()
        if "/" in wanted:
            if fnmatchcase(f"{path}/", "*/" + wanted.strip("/").replace("**", "*").removesuffix("/*") + "/*"):
                return glob
        elif any(fnmatchcase(part, wanted) for part in parts):
            return glob
    return ""


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return [str(value)]
