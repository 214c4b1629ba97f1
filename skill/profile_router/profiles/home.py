"""Find the Hermes home and read its profiles: `<home>/profiles/<name>/{config.yaml,.env}` over `<home>/config.yaml`.

Hermes itself does not inherit from the global file; the profile scheme does, and so do we. As in Hermes, the home's
own .env belongs to the profile `default` alone. Further keys come from Hermes' pools. Nothing is ever written here.
"""

from __future__ import annotations

import time
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profile_router.core.text import did_you_mean, nearest, shown
from profile_router.errors import ProfileError, UnknownProfile
from profile_router.expressions import expression
from profile_router.outside.places import at_home, is_folder_named
from profile_router.profiles.build import build_profile
from profile_router.profiles.env_file import read_env_file
from profile_router.profiles.files import read_config
from profile_router.resources import shipped
from profile_router.values import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from profile_router.core.profile import Profile

_NAME = expression(r"[a-z0-9][a-z0-9_-]{0,63}")  # Hermes' own rule: no path can be written with it
_CONFIG = "config.yaml"
DEFAULT_PROFILE = "default"
_CHAINS = ("fallback_providers", "fallback_model")


@frozen
class HermesHome:
    """Where profiles come from. Without a Hermes home `root` is None, and the shipped profiles serve.

    `kept_in` is the folder where it may be kept how a config was read; None: nothing is written.
    """

    root: Path | None
    profiles: Path
    environ: Mapping[str, str] = field(repr=False)
    kept_in: Path | None = None

    @property
    def shipped(self) -> bool:
        """Tell whether the profiles are those that come with the program."""
        return self.root is None

    @property
    def where(self) -> str:
        """The place, for a message."""
        return "the profiles that come with the program" if self.root is None else str(self.profiles)

    @property
    def parent(self) -> Path | None:
        """Return the folder of the Hermes that delegates: the profile that HERMES_HOME names, else the home."""
        named = at_home(self.environ.get("HERMES_HOME", "").strip() or ".").absolute()
        return named if named.parent == self.profiles and is_folder_named(str(named)) else self.root

    def names(self) -> tuple[str, ...]:
        """Return the names of all profiles, sorted. A folder counts without a config.yaml: it inherits all of it.

        `default` is the home itself, where it has a config.yaml and no profile of that name. Raises ProfileError if
        the folder cannot be read.
        """
        try:
            found = {
                entry.name for entry in self.profiles.iterdir() if _NAME.fullmatch(entry.name) and _is_folder(entry)
            }
        except (FileNotFoundError, NotADirectoryError):
            found = set()
        except OSError as exc:
            raise ProfileError(f"{self.profiles} cannot be read ({exc.strerror}); check it with `ls -ld`") from None
        if self.root is not None and (self.root / _CONFIG).exists():
            found.add(DEFAULT_PROFILE)
        return tuple(sorted(found))

    def load(self, name: str, *, asked_by: str = "--profile") -> Profile:
        """Return the profile *name*; `asked_by` tells the user what asked for it.

        Raises UnknownProfile with the names there are, and ProfileError for files that cannot be used.
        """
        known = self.names()
        if name not in known:
            ours = shipped("profiles") / name if _NAME.fullmatch(name) else None
            install = str(ours) if ours is not None and ours.is_dir() else ""
            meant = did_you_mean(nearest(name, known))
            at_home = self.root is not None
            raise UnknownProfile(
                shown(name), known, where=self.where, meant=meant, asked_by=asked_by, install=install, at_home=at_home
            )
        folder = self.profiles / name
        if self.root is not None and name == DEFAULT_PROFILE and not folder.is_dir():
            folder = self.root
        files = dict.fromkeys(place / _CONFIG for place in (self.root, folder) if place is not None)
        layers = [(str(file), config) for file in files if (config := read_config(file, self.kept_in)) is not None]
        layers = [(file, config if Path(file).parent == folder else _without_chain(config)) for file, config in layers]
        env = read_env_file(folder / ".env", self.environ)
        from_file = {key: value for key, value in env.values.items() if value}
        lines = {key: env.lines[key] for key in from_file}
        profile = build_profile(
            name, layers or [(str(folder / _CONFIG), {})], {**self.environ, **from_file}, lines=lines
        )
        if self.root is None:
            return profile
        from profile_router.profiles.keys import with_pool_keys  # without a home there is no pool

        return with_pool_keys(profile, folder, self.root, now=time.time())


def _is_folder(entry: Path) -> bool:
    """Tell whether *entry* is a folder, or cannot be looked at: then loading it says why."""
    try:
        return entry.is_dir()
    except OSError:
        return True


def _without_chain(config: dict[str, Any]) -> dict[str, Any]:
    """Return the home's *config* as a profile inherits it: without the providers that the home itself falls back on.

    Whoever gives a profile no chain wants its work to stay with its own provider, which may be this machine.
    """
    model = config.get("model")
    model_alone = (
        {"model": {key: value for key, value in model.items() if key not in _CHAINS}} if isinstance(model, dict) else {}
    )
    return {key: value for key, value in config.items() if key not in _CHAINS} | model_alone


def find_home(environ: Mapping[str, str]) -> HermesHome:
    """Return the Hermes home that *environ* points to: HERMES_HOME, else `.hermes` in HOME.

    A HERMES_HOME of the form `X/profiles/Y`, as Hermes sets it for a running profile, means X. A home that does not
    exist counts as none. Raises ProfileError for one that is not a folder.
    """
    home, user = environ.get("HERMES_HOME", "").strip(), environ.get("HOME", "")
    if not home and not user:
        return _shipped(environ)
    root = Path(user, ".hermes") if not home else Path(user, home[2:]) if home.startswith("~/") else Path(home)
    root = root.absolute()
    if root.parent.name == "profiles":
        root = root.parent.parent
    try:
        root.stat()
    except (FileNotFoundError, NotADirectoryError):
        return _shipped(environ)
    except OSError as exc:
        raise ProfileError(f"HERMES_HOME is {root}, which cannot be read ({exc.strerror})") from None
    if not root.is_dir():
        raise ProfileError(f"{no_folder(str(root))}; name the folder that holds `profiles`")
    return HermesHome(root=root, profiles=root / "profiles", environ=environ)


def no_folder(named: str) -> str:
    """Return that HERMES_HOME, *named* so, is not a folder."""
    return f"HERMES_HOME is {shown(named)}, which is not a folder"


def _shipped(environ: Mapping[str, str]) -> HermesHome:
    return HermesHome(root=None, profiles=shipped("profiles"), environ=environ)
