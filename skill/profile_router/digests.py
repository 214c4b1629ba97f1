"""Digests without OpenSSL, for texts of a few kilobytes. Pure.

`hashlib` loads OpenSSL when it is imported: 3 ms of each command's start. What Python itself has gives the same
digests, at a quarter of the speed. `random` of the standard library asks in the same way.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import blake2b, sha256
else:
    try:
        from _blake2 import blake2b

        if sys.version_info >= (3, 12):
            from _sha2 import sha256
        else:
            from _sha256 import sha256
    except ImportError:  # a Python that was built without its own
        from hashlib import blake2b, sha256

__all__ = ["blake2b", "content_digest", "policy_digest", "sha256"]


def content_digest(content: bytes) -> str:
    """Return the SHA-256 of a file's *content*, in hex."""
    return sha256(content).hexdigest()


def policy_digest(content: bytes) -> str:
    """Return the first twelve hex digits of the SHA-256 of a policy file's *content*: it is told by these."""
    return content_digest(content)[:12]
