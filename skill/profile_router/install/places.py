"""Where an installation goes: the Hermes home, the profile that delegates, the user's policy."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from profile_router.core.text import did_you_mean, nearest, shown
from profile_router.errors import UnknownProfile, UsageError
from profile_router.install.sources import profiles
from profile_router.machine.hermes_program import find_hermes
from profile_router.policies.file import own_policy
from profile_router.profiles.home import DEFAULT_PROFILE, HermesHome, find_home, no_folder
from profile_router.values import frozen

_USUAL = "~/.hermes"


@frozen
class Places:
    """`root` is the Hermes home, `parent` the home of the profile that delegates, often the same."""

    home: HermesHome
    root: Path
    parent: Path
    policy: Path


def find_places(environ: Mapping[str, str], profile: str | None = None) -> Places:
    """Return where to install for *profile*, by default the one that HERMES_HOME names.

    Where there is neither Hermes nor a home of it, the usual one is to be made. Raises UsageError where a home is
    another's to make, and for a profile that subagents run under; and UnknownProfile.
    """
    home = find_home(environ)
    root = home.root or _new_root(environ)
    home = home if home.root else HermesHome(root=root, profiles=root / "profiles", environ=environ)
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
        wanted = environ.get("HERMES_HOME", "").strip() or _USUAL
        raise UsageError(
            f"there is no Hermes home, so nothing is installed: {shown(wanted)} is not a folder; name another: "
            "HERMES_HOME=DIR"
        )
    return root


def _new_root(environ: Mapping[str, str]) -> Path:
    """Return the Hermes home that an install makes: the usual one, where there is no Hermes that would make it.

    Raises UsageError, with the one next command, where that is not ours to make.
    """
    named, user = environ.get("HERMES_HOME", "").strip(), environ.get("HOME", "")
    if named or not user:
        what = no_folder(named) if named else "HOME and HERMES_HOME are not set"
        way = f"make it: `mkdir -p {shlex.quote(named)}`" if named else "name a folder: HERMES_HOME=DIR"
        raise UsageError(f"there is no Hermes home: {what}; {way}")
    if find_hermes(environ) is not None:
        raise UsageError(
            f"Hermes makes its home {_USUAL} at its first start, which was not yet; start it once: `hermes`"
        )
    return Path(user, ".hermes").absolute()


def _parent(home: HermesHome, root: Path, profile: str) -> Path:
    if profile == DEFAULT_PROFILE:
        return root
    if profile not in home.names():
        known = tuple(dict.fromkeys((DEFAULT_PROFILE, *home.names())))
        meant = did_you_mean(nearest(profile, known))
        raise UnknownProfile(shown(profile), known, where=home.where, meant=meant)
    return home.profiles / profile
