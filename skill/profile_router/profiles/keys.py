"""Give a profile its keys: a provider for each, those on cooldown last. `pools` reads what Hermes lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from profile_router.core.profile import Profile, ProviderEndpoint, Secret, same_endpoint
from profile_router.profiles.agreement import may_read
from profile_router.profiles.pools import PooledKey, listed_for, pool_damage, read_pools


def with_pool_keys(profile: Profile, folder: Path, root: Path, *, now: float) -> Profile:
    """Return *profile*, whose files are in *folder*, with a provider per key of its pool, else of the home *root*.

    The home's keys come only where the user has agreed; that a key of the profile is on cooldown there, always. *now*
    is seconds since 1970. Its written key stands where the pool lists it, as in Hermes, else first. Keys on cooldown
    come after everything else. Where all of the endpoint's are, the one that is back first stays the endpoint's.
    """
    pools = read_pools(folder)
    pool = listed_for(pools, profile.endpoint)
    if not pool and folder != root:
        pool = _of_home(profile, root)
    first, cooling = _split(profile.endpoint, pool, now)
    if not first:
        first, cooling = cooling[:1], cooling[1:]
    for fallback in profile.fallbacks:
        fit, rest = _split(fallback, listed_for(pools, fallback), now)
        first, cooling = [*first, *fit], [*cooling, *rest]
    ends: dict[tuple[str, str, Secret | None], ProviderEndpoint] = {}
    for end in (*first, *cooling):
        ends.setdefault((end.base_url, end.model, end.api_key), end)
    endpoint, *others = ends.values()
    damage = "; ".join(filter(None, (pool_damage(place) for place in dict.fromkeys((folder, root)))))
    return replace(profile, endpoint=endpoint, fallbacks=tuple(others), pool_damage=damage)


def _of_home(profile: Profile, root: Path) -> tuple[PooledKey, ...]:
    pool = listed_for(read_pools(root), profile.endpoint)
    if not pool or may_read(profile, root):
        return pool
    return tuple(entry for entry in pool if entry.is_of(profile.endpoint))


def _split(
    endpoint: ProviderEndpoint, pool: Sequence[PooledKey], now: float
) -> tuple[list[ProviderEndpoint], list[ProviderEndpoint]]:
    """Return *endpoint* once per key: those to be used, then those on cooldown, the first to be back first."""
    found = _keyed(endpoint, pool, now)
    cooling = sorted((end for end in found if end.cooldown_until), key=lambda end: end.cooldown_until)
    return [end for end in found if not end.cooldown_until], cooling


def _keyed(endpoint: ProviderEndpoint, pool: Sequence[PooledKey], now: float) -> list[ProviderEndpoint]:
    unlisted = endpoint.api_key is not None and not any(entry.is_of(endpoint) for entry in pool)
    found = {endpoint.api_key: endpoint} if unlisted else {}
    for entry in pool:
        if entry.is_of(endpoint):
            end = endpoint
        elif entry.key is not None and same_endpoint(entry.base_url, endpoint.base_url):
            end = replace(endpoint, api_key=entry.key, label=entry.label)
        else:
            continue
        known = found.setdefault(end.api_key, end)
        if entry.cooldown_s(now) and entry.until > known.cooldown_until:  # listed twice: as long as either says
            found[end.api_key] = replace(known, cooldown_until=entry.until, cooldown_after=entry.status)
    return list(found.values()) or [endpoint]
