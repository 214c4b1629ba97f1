"""Find and read the policy file. It is read on every call; what it was read as may be kept (`parsed`)."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from profile_router.core.policy import Policy
from profile_router.digests import policy_digest
from profile_router.errors import PolicyError
from profile_router.folders import POLICIES, our_folder
from profile_router.outside.places import is_file_named
from profile_router.outside.plain_file import read_plain
from profile_router.policies.parsed import keep_policy, name_of, recall_policy

SHIPPED = Path(__file__).resolve().parent / "default_policy.yaml"
_MOST_BYTES = 4_000_000  # `strict_yaml` takes a million characters, and UTF-8 has up to 4 bytes for each
POLICY_VARIABLE = "PROFILE_ROUTER_POLICY"


def own_policy(environ: Mapping[str, str]) -> Path:
    """Return where the user's own policy is. It need not exist."""
    return our_folder("CONFIG", environ) / "policy.yaml"


def find_policy(named: str | None, environ: Mapping[str, str]) -> Path:
    """Return the policy in force: *named*, else $PROFILE_ROUTER_POLICY, else the user's own, else the shipped one."""
    if named is not None:
        return Path(named)
    if environ.get(POLICY_VARIABLE):
        return Path(environ[POLICY_VARIABLE])
    users = own_policy(environ)
    return users if is_file_named(str(users)) else SHIPPED


def found_policy(named: str | None, environ: Mapping[str, str]) -> Policy:
    """Return the policy that `find_policy` finds, as it was read before where it was. Raises PolicyError."""
    return read_policy(find_policy(named, environ), our_folder("CACHE", environ) / POLICIES)


def read_policy(path: Path, kept_in: Path | None = None) -> Policy:
    """Return the policy in *path*. Raises PolicyError with file, line and what is allowed.

    *kept_in* is the folder where what the same bytes were read as may be kept; without it they are parsed.
    """
    try:
        raw = read_plain(path, _MOST_BYTES)
        if raw is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        text = raw.decode()
        name = name_of(raw, raw if path == SHIPPED else SHIPPED.read_bytes()) if kept_in else ""
    except OSError as error:
        import shlex

        raise PolicyError(
            f"cannot be read ({error.strerror}); "
            f"make one: `profile-router policy show --shipped > {shlex.quote(str(path))}`",
            file=str(path),
        ) from None
    except UnicodeDecodeError as error:
        raise PolicyError(f"not UTF-8 text (byte {error.start})", file=str(path)) from None
    digest = policy_digest(raw)
    if kept_in and (known := recall_policy(kept_in, name, digest, str(path))):
        return known
    from profile_router.policies.grammar import policy_in  # most calls find the policy as it was kept

    policy = policy_in(text, str(path))
    if kept_in:
        keep_policy(kept_in, name, policy)
    return policy


def is_as_shipped(policy: Policy) -> bool:
    """Tell whether the file of *policy* is the shipped one, or a copy that nobody changed."""
    return policy.digest == policy_digest(SHIPPED.read_bytes())
