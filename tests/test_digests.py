"""Digests that Python itself has are those of OpenSSL."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from profile_router.digests import blake2b, sha256


@given(st.binary())
def test_a_digest_is_the_one_that_hashlib_gives(content: bytes) -> None:
    assert sha256(content).hexdigest() == hashlib.sha256(content).hexdigest()
    assert blake2b(content, digest_size=16).digest() == hashlib.blake2b(content, digest_size=16).digest()


@given(st.lists(st.binary()))
def test_parts_are_digested_as_the_whole(parts: list[bytes]) -> None:
    found = sha256()
    for part in parts:
        found.update(part)
    assert found.digest() == hashlib.sha256(b"".join(parts)).digest()
