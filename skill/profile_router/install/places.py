"""Where an installation goes: the Hermes home, the profile that delegates, the user's policy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from profile_router.core.text import nearest, shown
from profile_router.errors import UnknownProfile, UsageError
from profile_router.install.sources import profiles
from profile_router.policies.file import own_policy
from profile_router.profiles.home import DEFAULT_PROFILE, HermesHome, find_home
from profile_router.values import frozen


@frozen
class Places:
    """`root` is the Hermes home, `parent` the home of the profile that delegates, often the same."""

    home: HermesHome
    root: Path
    parent: Path
    policy: Path


def find_places(environ: Mapping[str, str], profile: str | None = None) -> Places:
    """Return where to install for *profile*, by default the one that HERMES_HOME names.

    Raises UsageError without a Hermes home or for a profile that subagents run under, and UnknownProfile.
    """
    root = find_root(environ)
    home = find_home(environ)
    parent = home.parent or root if profile is None else _parent(home, root, profile)
    if parent != root and parent.name in profiles():
        raise UsageError(
            f"'{parent.name}' is a profile that subagents run under; name the one that delegates: "
            "`profile-router install --profile default`"
        )
    return Places(home=home, root=root, parent=parent, policy=own_policy(environ).absolute())


def find_root(environ: Mapping[str, str]) -> Path:
    """Return the Hermes home that *environ* names. Raises UsageError without one."""
    root = find_home(environ).root
    if root is None:
        wanted = environ.get("HERMES_HOME", "").strip() or "~/.hermes"
        raise UsageError(
            f"there is no Hermes home: {wanted} is not a folder; run `hermes` once; without Hermes run "
            f"`mkdir {shown(wanted)}`; or name another: HERMES_HOME=DIR"
        )
    return root


def _parent(home: HermesHome, root: Path, profile: str) -> Path:
    if profile == DEFAULT_PROFILE:
        return root
    if profile not in home.names():
        known = tuple(dict.fromkeys((DEFAULT_PROFILE, *home.names())))
        raise UnknownProfile(shown(profile), known, where=home.where, near=nearest(profile, known))
    return home.profiles / profile
