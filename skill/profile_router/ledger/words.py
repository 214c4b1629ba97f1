"""What the ledger keeps in words (errors, reasons, names of files, commands): encrypted with the key of the threads.

A copy of the state folder tells none of it. Where no key can be kept, no words are; the figures stand all the same.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from profile_router.core.ladder.run_kinds import Stage
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.threads.key import NoThreadKey, key_file, read_key
from profile_router.values import frozen

_NONCE = _TAG = 16


def words_of(stage: Stage, after: int) -> str:
    """Return what the words of a verification are sealed for, behind the run's id."""
    return f"check {after}" if stage == "after" else f"check {stage} {after}"


@frozen(kw_only=False)
class Seal:
    """Encrypts and reads words (AES-EAX) with `key`; None: keeps none, and reads none."""

    key: bytes | None

    def sealed(self, words: Mapping[str, Any], of: str) -> bytes | None:
        """Return *words* of the row *of*, encrypted; None where they are none, or cannot be kept."""
        if self.key is None or not any(words.values()):
            return None
        from Crypto.Cipher import AES  # 15 ms: `history` reads no words

        cipher: Any = AES.new(self.key, AES.MODE_EAX)
        cipher.update(of.encode())
        data, tag = cipher.encrypt_and_digest(zlib.compress(json.dumps(words).encode()))
        return bytes(cipher.nonce + tag + data)

    def opened(self, sealed: bytes | None, of: str) -> dict[str, Any] | None:
        """Return the words that were *sealed* for the row *of*; None where there are none, or another key is needed."""
        if self.key is None or not sealed:
            return None
        from Crypto.Cipher import AES

        nonce, tag, data = sealed[:_NONCE], sealed[_NONCE : _NONCE + _TAG], sealed[_NONCE + _TAG :]
        cipher: Any = AES.new(self.key, AES.MODE_EAX, nonce=nonce)
        cipher.update(of.encode())
        try:
            found = read_json(zlib.decompress(cipher.decrypt_and_verify(data, tag)))
        except (ValueError, zlib.error, UnreadableJson):
            return None
        return found if isinstance(found, dict) else None


def seal_of(environ: Mapping[str, str], *, make: bool) -> Seal:
    """Return the seal of this user. *make*: a missing key is made. Raises StateError for a spoilt one."""
    if not make and not key_file(environ).exists():
        return Seal(None)
    try:
        return Seal(read_key(environ))
    except NoThreadKey:
        return Seal(None)
