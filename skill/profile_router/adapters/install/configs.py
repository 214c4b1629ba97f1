"""Plan the edits of config.yaml files: the plugin on the parent's list, and the profiles' spelling."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from profile_router.adapters.install.applying import read_file
from profile_router.adapters.install.enabling import Edit, enable, is_disabled
from profile_router.adapters.install.migration import migrate
from profile_router.adapters.install.places import Places
from profile_router.adapters.install.sources import PLUGIN
from profile_router.adapters.install.yaml_text import NotEditable, load
from profile_router.adapters.profile_config import build_profile
from profile_router.adapters.profile_files import read_config, read_env
from profile_router.core.changes import NEW_FILE, Change, inserted
from profile_router.core.profile import Profile
from profile_router.errors import ProfileError, UsageError

BACKUP = "config.yaml.before-profile-router"
_PRIVATE = 0o600
_CONFIG = "config.yaml"
_BY_HAND = f"write `{PLUGIN}` on its list `plugins.enabled` by hand, then run this again"
_OFF = f"'{PLUGIN}' is on `plugins.disabled` in {{}}, which wins; take it off with `hermes plugins enable {PLUGIN}`"


def _repeats(config: Mapping[str, Any]) -> bool:
    own = config.get("model")
    chain = config.get("fallback_providers")
    entries = chain if isinstance(chain, list) else [chain]
    same = (own.get("provider"), own.get("default")) if isinstance(own, Mapping) else None
    return any((entry.get("provider"), entry.get("model")) == same for entry in entries if isinstance(entry, Mapping))


def _allows(config: Mapping[str, Any]) -> bool:
    stated = config.get("provider_routing")
    return isinstance(stated, Mapping) and "allow_fallbacks" in stated


# What no spelling makes Hermes 0.19 do (agent/chat_completion_helpers.py, cli.py).
_UNHEARD: tuple[tuple[str, Callable[[Mapping[str, Any]], bool]], ...] = (
    ("{}: this program sends `allow_fallbacks`, Hermes has no such setting", _allows),
    ("{}: Hermes skips a fallback whose provider and model are those of the profile itself", _repeats),
)


def enabling(parent: Path, migrated: Sequence[Change]) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Return the changes that put our plugin on the list of *parent*, with *migrated* among them, and what to say.

    Raises UsageError where that file cannot be edited as text, and ProfileError where it is no YAML.
    """
    path = Path(os.path.realpath(parent / _CONFIG))
    others = tuple(change for change in migrated if change.path != str(path))
    earlier = next((change for change in migrated if change.path == str(path) and change.writes), None)
    before = read_file(path)
    read_config(path)  # refuses what is too large or too deep, with the line
    text = _text(path, before if earlier is None else earlier.content)
    try:
        edit = enable(text, PLUGIN)
        notes = (_OFF.format(path),) if is_disabled(text, PLUGIN) else ()
    except NotEditable as reason:
        raise UsageError(f"{path} is not edited: {reason}; {_BY_HAND}") from None
    if not edit:
        return (*migrated, Change(kind="same", path=str(path))), notes
    return (*others, _enabled(path, before, inserted(text, edit).encode(), edit, earlier)), notes


def _enabled(path: Path, before: bytes | None, after: bytes, edit: Edit, earlier: Change | None) -> Change:
    if earlier is not None:
        return replace(earlier, content=after, note=f"{earlier.note}; enables the plugin")
    if before is None:
        return Change(kind="create", path=str(path), content=after, note="enables the plugin")
    return Change(
        kind="change", path=str(path), content=after, before=before, mode=_mode(path), insertions=edit,
        note="enables the plugin; nothing else in it changes",
    )  # fmt: skip


def migrations(places: Places, environ: Mapping[str, str]) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Return the changes, each behind its backup, that bring profiles to Hermes' own spelling, and what to say."""
    changes: list[Change] = []
    notes: list[str] = []
    for name in places.home.names():
        folder = places.home.profiles / name
        path = Path(os.path.realpath(folder / _CONFIG))
        if not path.exists():
            continue
        try:
            found = tuple(_migration(name, folder, path, places.root, environ))
        except (ProfileError, NotEditable) as reason:
            changes.append(Change(kind="keep", path=str(path), note=f"not migrated: {reason}"))
            continue
        changes += found
        if found:
            config = load((found[-1].content or b"").decode())
            notes += [said.format(path) for said, applies in _UNHEARD if applies(config)]
    return tuple(changes), tuple(notes)


def _migration(name: str, folder: Path, path: Path, root: Path, environ: Mapping[str, str]) -> Iterator[Change]:
    own = read_config(path) or {}
    before = read_file(path) or b""
    text = _text(path, before)
    variables = {**environ, **{key: value for key, value in read_env(folder / ".env").items() if value}}
    profile = _read(name, root, path, own, variables)
    after = migrate(text, provider=profile.endpoint.provider, model=_model(own) or profile.endpoint.model)
    if after == text:
        return
    if _read(name, root, path, load(after), variables) != profile:
        raise NotEditable("the result would be read as another profile")
    backup = _free(path.with_name(BACKUP))
    yield Change(kind="create", path=str(backup), content=before, mode=_PRIVATE, note="what it was")
    yield Change(
        kind="change", path=str(path), content=after.encode(), before=before, mode=_mode(path), backup=str(backup),
        note="to the spelling that Hermes honours",
    )  # fmt: skip


def _read(name: str, root: Path, path: Path, own: dict[str, Any], variables: Mapping[str, str]) -> Profile:
    below = read_config(root / _CONFIG)
    layers = [(str(root / _CONFIG), below)] if below is not None else []
    return build_profile(name, [*layers, (str(path), own)], variables)


def _model(own: Mapping[str, Any]) -> str:
    """Return the model as the file writes it, `${VAR}` and all."""
    stated = own.get("model")
    found = (stated.get("default") or stated.get("model")) if isinstance(stated, dict) else stated
    return found if isinstance(found, str) else ""


def _text(path: Path, content: bytes | None) -> str:
    try:
        return (content or b"").decode()
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text and is not edited; {_BY_HAND}") from None


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else NEW_FILE


def _free(path: Path) -> Path:
    number = 1
    free = path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free
