"""What the ledger keeps in words (errors, reasons, names of files, commands): encrypted with the key of the threads.

A copy of the state folder tells none of it. Where no key can be kept, no words are; the figures stand all the same.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from profile_router.core.ladder.run_kinds import Stage
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.threads.cipher import EAX, OCB, decrypt, encrypt
from profile_router.threads.key import NoThreadKey, key_file, read_key
from profile_router.values import frozen

REFUSED_STAGE = "refused"  # what `Result.refused` is sealed for, behind the run's id


def sealed_for(stage: Stage, after: int) -> str:
    """Return what the words of a verification are sealed for, behind the run's id."""
    return f"check {after}" if stage == "after" else f"check {stage} {after}"


@frozen(kw_only=False)
class Seal:
    """Encrypts and reads words with `key`; None: keeps none, and reads none."""

    key: bytes | None

    def sealed(self, words: Mapping[str, Any], of: str) -> bytes | None:
        """Return *words* of the row *of*, encrypted; None where there are none, or they cannot be kept."""
        if self.key is None or not any(words.values()):
            return None
        return encrypt(self.key, zlib.compress(json.dumps(words).encode()), of.encode())

    def opened(self, sealed: object, of: str) -> dict[str, Any] | None:
        """Return the words that were *sealed* for the row *of*; None where there are none, or another key is needed."""
        if self.key is None or not isinstance(sealed, bytes):
            return None
        for mode in (OCB, EAX):  # older versions wrote the latter, and no row says by which it was
            with suppress(ValueError, zlib.error, UnreadableJson):
                found = read_json(zlib.decompress(decrypt(self.key, sealed, of.encode(), mode)))
                return found if isinstance(found, dict) else None
        return None


def seal_of(environ: Mapping[str, str], *, make: bool) -> Seal:
    """Return the seal of this user. *make*: a missing key is made. Raises StateError for a spoilt one."""
    if not make and not key_file(environ).exists():
        return Seal(None)
    try:
        return Seal(read_key(environ))
    except NoThreadKey:
        return Seal(None)
