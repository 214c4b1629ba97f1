"""Whether profiles without their own key may use Hermes' root credential pool: what the user said, and the keys.

Hermes 0.19 lets a profile read through to the pool of the root `auth.json` (hermes_cli/auth.py, read_credential_pool).
Only a key for that provider in its own `auth.json` stops it. An empty list does not, nor a key in the profile's .env.
The pool's own order decides. So nothing is written into Hermes' files. This program asks here before it uses the pool,
and its Hermes children do not see it. `<home>/profile-router/root-keys.json`, 0600, holds names only:
{"version": 1, "agreed": {"openrouter": ["coding-burst"]}}. No key is ever copied to the disk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from profile_router.core.profile import Profile, same_endpoint
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.outside.plain_file import read_plain
from profile_router.profiles.pools import listed_for, read_pools

OURS_IN_HOME = "profile-router"  # below the Hermes home: what is ours there
AGREEMENT_FILE = "root-keys.json"
AGREEMENT_MODE = 0o600
_MOST_BYTES = 5_000_000

AgreedFallbacks = Mapping[str, tuple[str, ...]]


def record_path(root: Path) -> Path:
    """Return where the agreement for the Hermes home *root* is kept."""
    return root / OURS_IN_HOME / AGREEMENT_FILE


def agreed(root: Path) -> AgreedFallbacks:
    """Return the profiles that may use the root pool, by provider. What cannot be read agrees to nothing."""
    try:
        document = read_json(read_plain(record_path(root), _MOST_BYTES) or b"null")
    except (OSError, UnreadableJson):
        document = None
    found = document.get("agreed") if isinstance(document, dict) else None
    return {
        str(provider): tuple(str(name) for name in names)
        for provider, names in (found.items() if isinstance(found, dict) else ())
        if isinstance(names, list)
    }


def agreement_bytes(agreement: AgreedFallbacks) -> bytes:
    """Return *agreement* as the file's bytes."""
    named = {provider: sorted(names) for provider, names in sorted(agreement.items())}
    return f"{json.dumps({'version': 1, 'agreed': named}, indent=1)}\n".encode()


def may_read(profile: Profile, root: Path) -> bool:
    """Tell whether a child of *profile* may read through to the pool of *root*: agreed, with no other key there."""
    if profile.name not in agreed(root).get(profile.endpoint.provider, ()):
        return False
    endpoint = profile.endpoint
    return endpoint.api_key is None or any(
        entry.key == endpoint.api_key and same_endpoint(entry.base_url, endpoint.base_url)
        for entry in listed_for(read_pools(root), endpoint)
    )
