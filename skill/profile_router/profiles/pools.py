"""Read Hermes' credential pools: `credential_pool` in the auth.json of a profile or the home. Never written.

Rules of Hermes 0.19 (agent/credential_pool.py): an exhausted key is on cooldown until `last_error_reset_at`. Without
that it is so for 5 minutes after a 401, and for an hour after anything else. A dead one never comes back. A key of an
.env or config file is listed by a fingerprint, without itself (agent/credential_persistence.py). A custom endpoint's
pool is called `custom:<name>`. What cannot be read, or is half written, lists nothing, and `pool_damage` tells why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Any

from profile_router.core.profile import ProviderEndpoint, Secret, same_endpoint
from profile_router.digests import sha256
from profile_router.expressions import expression
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.outside.plain_file import read_plain
from profile_router.values import frozen

POOLS_FILE = "auth.json"
_MOST_BYTES = 5_000_000
_MOST_KEYS = 100  # of one provider: no person has more, and each is a provider of the profile
_REST_AFTER_401 = 300.0
_REST_ELSE = 3_600.0
_NEVER = float("inf")
_MILLISECONDS_FROM = 1e12  # a moment beyond this is in milliseconds
_LABEL = expression(r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}")  # too short for a key
_TELLING = 6  # characters: less of a key in its label gives nothing away
_CUSTOM = "custom"

Pools = Mapping[str, Any]


@frozen
class PooledKey:
    """One entry of a pool. `key` is None for an OAuth token, and for an entry that points to its key.

    `held`: the entry itself holds what it stands for; else `fingerprint` tells whose it is, as Hermes writes it.
    `until` is the moment (seconds since 1970) before which Hermes does not use it. It is 0 for none, infinity for a
    dead one. `status` is the HTTP status that put it on cooldown, None where that is unknown.
    """

    label: str
    key: Secret | None = field(default=None, repr=False)
    base_url: str = ""
    on_cooldown: bool = False
    fingerprint: str = ""
    until: float = 0.0
    status: int | None = None

    def is_of(self, endpoint: ProviderEndpoint) -> bool:
        """Tell whether this is the entry of the key that *endpoint* has."""
        if endpoint.api_key is None or self.on_cooldown:
            return self.key is not None and self.key == endpoint.api_key
        return bool(self.fingerprint) and self.fingerprint == _fingerprint(endpoint.api_key)

    def cooldown_s(self, now: float) -> float:
        """Return for how many seconds more it is on cooldown: 0 for not at all, infinity for a dead one."""
        return max(0.0, self.until - now)


def read_pools(folder: Path) -> Pools:
    """Return the pools in the auth.json of *folder* as they stand there; {} for none that can be read."""
    return _read_auth(folder)[0]


def pool_damage(folder: Path) -> str:
    """Return what is wrong with the auth.json of *folder*, in a line that names it; "" for a whole one and for none.

    A file that was cut would else look like one from which every key was taken out.
    """
    why = _read_auth(folder)[1]
    return f"{folder / POOLS_FILE} is damaged ({why}): none of its keys is used" if why else ""


def _read_auth(folder: Path) -> tuple[Pools, str]:
    why = ""
    for _ in range(2):  # half written, it is read once more
        try:
            content = read_plain(folder / POOLS_FILE, _MOST_BYTES)
            if content is None:
                return {}, ""
            document = read_json(content) if content.strip() else None
        except OSError as error:
            return {}, f"it cannot be read: {error.strerror or type(error).__name__}"
        except UnreadableJson:
            why = "it is not whole JSON"
            continue
        if document is None:
            why = "it is empty"
            continue
        pools = document.get("credential_pool", {}) if isinstance(document, dict) else None
        if pools is None and isinstance(document, dict):  # `null`, as nobody's pool
            pools = {}
        return (pools, "") if isinstance(pools, dict) else ({}, "its credential_pool is not an object")
    return {}, why


def pooled_keys(pools: Pools, provider: str) -> tuple[PooledKey, ...]:
    """Return the entries of *provider* in the order in which Hermes takes them."""
    entries = pools.get(provider)
    found = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    found = sorted(found, key=_priority)[:_MOST_KEYS]
    keys = [token for entry in found if isinstance(token := entry.get("access_token"), str)]
    labels: list[str] = []
    for number, entry in enumerate(found, 1):
        label = _label(entry.get("label"), keys)
        labels.append(label if label and label not in labels else f"k{number}")
    return tuple(_pooled(provider, entry, label) for entry, label in zip(found, labels, strict=True))


def pool_size(folder: Path, provider: str) -> int:
    """Return how many keys the pool in *folder* has for *provider*, not counting what only points to a variable."""
    return sum(entry.on_cooldown for entry in pooled_keys(read_pools(folder), provider))


def listed_for(pools: Pools, endpoint: ProviderEndpoint) -> tuple[PooledKey, ...]:
    """Return the entries that Hermes would take for *endpoint*: its provider's, of custom ones those of its place."""
    if endpoint.provider != _CUSTOM:
        return pooled_keys(pools, endpoint.provider)
    names = [name for name in pools if name == _CUSTOM or name.startswith(f"{_CUSTOM}:")]
    found = [entry for name in names for entry in pooled_keys(pools, name)]
    return tuple(entry for entry in found if entry.base_url and same_endpoint(entry.base_url, endpoint.base_url))


def _pooled(provider: str, entry: Mapping[str, Any], label: str) -> PooledKey:
    token, place, code = entry.get("access_token"), entry.get("base_url"), entry.get("last_error_code")
    return PooledKey(
        label=label,
        key=_key(provider, entry),
        base_url=place if isinstance(place, str) else "",
        on_cooldown=isinstance(token, str) and bool(token.strip()),
        fingerprint=str(entry.get("secret_fingerprint") or ""),
        until=_until(entry),
        status=code if isinstance(code, int) and not isinstance(code, bool) else None,
    )


def _key(provider: str, entry: Mapping[str, Any]) -> Secret | None:
    """Return the API key in *entry*. Hermes takes an Anthropic OAuth token for one whatever its entry says."""
    token = entry.get("access_token")
    if not isinstance(token, str) or entry.get("auth_type") != "api_key":
        return None
    token = token.strip()
    writable = token.isascii() and token.isprintable() and " " not in token
    oauth = provider == "anthropic" and token.startswith("sk-ant-oat")
    return Secret(token) if token and writable and not oauth else None


def _label(written: object, keys: Sequence[str]) -> str:
    """Return *written* where it is a short plain name and no telling part of a key, else nothing."""
    if not isinstance(written, str) or not _LABEL.fullmatch(written):
        return ""
    telling = len(written) >= _TELLING
    return "" if any(key in written or (telling and written in key) for key in keys if key) else written


def _fingerprint(key: Secret) -> str:
    return f"sha256:{sha256(key.reveal().encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _priority(entry: Mapping[str, Any]) -> float:
    try:
        priority = float(entry.get("priority") or 0)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return priority if priority == priority else 0.0  # NaN has no place in an order


def _until(entry: Mapping[str, Any]) -> float:
    status = entry.get("last_status")
    if status == "dead":
        return _NEVER
    if status != "exhausted":
        return 0.0
    until, since = _moment(entry.get("last_error_reset_at")), _moment(entry.get("last_status_at"))
    if until is None and since is not None:
        until = since + (_REST_AFTER_401 if entry.get("last_error_code") == 401 else _REST_ELSE)
    return until or 0.0


def _moment(value: object) -> float | None:
    """Return *value* as seconds since 1970: seconds, milliseconds or an ISO date, as Hermes reads it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        moment = float(value)
    except ValueError:
        return _iso(str(value))
    except OverflowError:
        return None
    if not moment > 0:
        return None
    return moment / 1_000 if moment > _MILLISECONDS_FROM else moment


def _iso(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text.strip().replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
