"""Lend a profile the keys of the Hermes root's pool, where the user has agreed."""

from __future__ import annotations

import time
from pathlib import Path

from profile_router.core.profile import Profile
from profile_router.profiles.agreement import may_read
from profile_router.profiles.keys import with_keys
from profile_router.profiles.pools import listed, listed_for, read_pools


def with_root_key(profile: Profile, root: Path | None) -> Profile:
    """Return *profile* with the keys of the root pool, in memory only, where it has none and the user has agreed."""
    if root is None or not profile.key_missing or not may_read(profile, root):
        return profile
    return with_keys(profile, listed_for(read_pools(root), profile.endpoint), {}, now=time.time())


def pool_size(folder: Path, provider: str) -> int:
    """Return how many keys the pool in *folder* has for *provider*, not counting what only points to a variable."""
    return sum(entry.held for entry in listed(read_pools(folder), provider))
