"""Encrypt what is kept, with the key of the threads: AES in OCB mode (RFC 7253), all in C.

A run encrypts about a hundred small values. LangGraph takes EAX mode, as our older versions did. Each value then costs
0.3 ms, because pycryptodome builds it of parts in Python. In OCB mode it costs 0.03 ms. EAX is still read.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any, Final, Literal

from profile_router.values import frozen

Mode = Literal["aes", "aes-ocb"]

EAX: Mode = "aes"  # what LangGraph calls it beside a checkpoint
OCB: Mode = "aes-ocb"
NONCES: Final[dict[Mode, int]] = {EAX: 16, OCB: 15}  # in bytes, at random: OCB takes 15 at most
TAG = 16


def encrypt(key: bytes, text: bytes, of: bytes = b"") -> bytes:
    """Return *text* encrypted: nonce, tag, data. It is opened with the same *of* alone, which is not kept in it."""
    nonce = secrets.token_bytes(NONCES[OCB])
    data, tag = _cipher(key, OCB, nonce, of).encrypt_and_digest(text)
    return bytes(nonce + tag + data)


def decrypt(key: bytes, sealed: bytes, of: bytes = b"", mode: Mode = OCB) -> bytes:
    """Return what was *sealed* with *key* for *of*. Raises ValueError where one of them is another, or a bit is."""
    size = NONCES[mode]
    nonce, tag, data = sealed[:size], sealed[size : size + TAG], sealed[size + TAG :]
    return bytes(_cipher(key, mode, nonce, of).decrypt_and_verify(data, tag))


@frozen(kw_only=False)
class Cipher:
    """LangGraph's protocol of a cipher, with *key*."""

    key: bytes

    def encrypt(self, plaintext: bytes) -> tuple[str, bytes]:
        """Return the mode and *plaintext* encrypted."""
        return OCB, encrypt(self.key, plaintext)

    def decrypt(self, ciphername: str, ciphertext: bytes) -> bytes:
        """Return what *ciphertext* holds. Raises ValueError for another key, a changed bit, an unknown mode."""
        mode = next((mode for mode in NONCES if mode == ciphername), None)
        if mode is None:
            raise ValueError(
                f"{ciphername!r} is not a way in which a thread is encrypted; allowed: {', '.join(NONCES)}"
            )
        return decrypt(self.key, ciphertext, mode=mode)


def _cipher(key: bytes, mode: Mode, nonce: bytes, of: bytes) -> Any:
    from Crypto.Cipher import AES  # 15 ms: who lists threads or runs reads none of their words

    if mode == OCB:  # no key serves two modes
        cipher: Any = AES.new(hmac.digest(key, mode.encode(), "sha256"), AES.MODE_OCB, nonce=nonce)
    else:
        cipher = AES.new(key, AES.MODE_EAX, nonce=nonce)
    if of:
        cipher.update(of)
    return cipher
