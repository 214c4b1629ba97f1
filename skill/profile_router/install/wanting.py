"""Who would need Hermes' root credential pool: profiles of the tiers that have no key of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.errors import PolicyError, ProfileError
from profile_router.install import sources
from profile_router.install.places import Places
from profile_router.policies.file import SHIPPED, find_policy, read_policy
from profile_router.profiles.agreement import AgreedFallbacks, agreed, may_read
from profile_router.profiles.home import HermesHome
from profile_router.profiles.pools import pool_size
from profile_router.resources import shipped
from profile_router.values import frozen


@frozen
class Wanting:
    """Profiles without a key of their own, the provider they share, and its keys in the root pool."""

    provider: str
    profiles: tuple[str, ...]
    keys: int

    @property
    def counted(self) -> str:
        """Return the keys in words: `2 keys for openrouter`."""
        return f"{self.keys} key{'s' * (self.keys != 1)} for {self.provider}"


def who_wants(places: Places, environ: Mapping[str, str]) -> tuple[Wanting, ...]:
    """Return which profiles would need the pool of *places* after an install; a key in this shell does not count."""
    found: dict[str, list[str]] = {}
    tiers = policy_in_force(environ).tiers
    for name in filter(None, dict.fromkeys((tiers.burst, tiers.cheap, tiers.local))):
        profile = _loaded(places, name)
        if profile is None or not (profile.key_missing or may_read(profile, places.root)):
            continue
        provider = profile.endpoint.provider
        if pool_size(places.root, provider) and not pool_size(places.root / "profiles" / name, provider):
            found.setdefault(provider, []).append(name)
    return tuple(
        Wanting(provider=provider, profiles=tuple(names), keys=pool_size(places.root, provider))
        for provider, names in found.items()
    )


def not_agreed(wanting: tuple[Wanting, ...], root: Path) -> tuple[Wanting, ...]:
    """Return *wanting* without the profiles that the user has agreed on before."""
    before = agreed(root)
    left = ((one, tuple(name for name in one.profiles if name not in before.get(one.provider, ()))) for one in wanting)
    return tuple(Wanting(provider=one.provider, profiles=names, keys=one.keys) for one, names in left if names)


def with_wanting(before: AgreedFallbacks, wanting: tuple[Wanting, ...]) -> AgreedFallbacks:
    """Return *before* with the profiles of *wanting* added."""
    found = dict(before)
    for one in wanting:
        found[one.provider] = tuple(sorted({*found.get(one.provider, ()), *one.profiles}))
    return found


def policy_in_force(environ: Mapping[str, str]) -> Policy:
    """Return the user's policy, the shipped one where that cannot be read."""
    try:
        return read_policy(find_policy(None, environ))
    except PolicyError:
        return read_policy(SHIPPED)


def _loaded(places: Places, name: str) -> Profile | None:
    """Return the profile *name* as it is or, where it is to come, as it ships; no variable of this shell counts."""
    there = (places.home.profiles / name / "config.yaml").exists() or name not in sources.profiles()
    folder = places.home.profiles if there else shipped("profiles")
    try:
        return HermesHome(root=places.root, profiles=folder, environ={}).load(name)
    except ProfileError:
        return None
