"""Say what to paste into a profile so that Hermes honours all of it, and what copies it first."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from profile_router.core.profile import Profile
from profile_router.errors import ProfileError
from profile_router.expressions import expression
from profile_router.install.places import Places
from profile_router.profiles.build import build_profile
from profile_router.profiles.env_file import read_env
from profile_router.profiles.files import read_config
from profile_router.profiles.spelling import honoured, never_honoured

BACKUP = "config.yaml.before-profile-router"
_SECRET = expression(r"(?i)(key|token|secret|password)$")
_KEY, _REFERENCE = expression(r"\bsk-\w"), expression(r"\$\{[^}]+\}")
_HIDDEN = "(as it stands there)"


def respellings(places: Places, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines that tell how each profile is to be edited, none where Hermes honours all of them."""
    for name in places.home.names():
        folder = places.home.profiles / name
        try:
            yield from _respelling(name, folder, places, environ)
        except ProfileError as reason:
            yield f"{folder / 'config.yaml'}: nothing to paste: {reason}"


def _respelling(name: str, folder: Path, places: Places, environ: Mapping[str, str]) -> Iterator[str]:
    path = folder / "config.yaml"
    config = read_config(path)
    if config is None:
        return
    variables = {**environ, **{key: value for key, value in read_env(folder / ".env", environ).items() if value}}
    profile = _profile(name, places, path, config, variables)
    meant = honoured(config, provider=profile.endpoint.provider, model=_model(config) or profile.endpoint.model)
    if meant != config:
        if _profile(name, places, path, meant, variables) != profile:
            raise ProfileError("spelled as Hermes honours it, it would be another profile")
        yield from migration_lines(path, config, meant)
        yield from (f"{path}: {sentence}" for sentence in never_honoured(meant))


def migration_lines(path: Path, config: Mapping[str, Any], meant: Mapping[str, Any]) -> Iterator[str]:
    """Yield how to bring the file *path* from *config* to *meant*: the copy, the keys to take out, the block."""
    import yaml

    gone = [key for key in config if key not in meant]
    block: dict[str, Any] = {}
    for key, value in meant.items():
        before = config.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            gone += [f"{key}.{inner}" for inner in before if inner not in value]
            value = {inner: found for inner, found in value.items() if found != before.get(inner)}
            if value:
                block[key] = value
        elif value != before:
            block[key] = value
    yield f"{path}: Hermes does not honour all of it. Keep a copy:"
    yield f"  {shlex.join(('cp', '-p', str(path), str(_free(path.with_name(BACKUP)))))}"
    if gone:
        yield f"then take out {', '.join(gone)}"
    yield "then paste this, each key in place of the one of its name:"
    text = yaml.safe_dump(_without_keys(block), sort_keys=False, allow_unicode=True, width=100)
    yield from (f"  {line}" for line in text.splitlines())


def _free(path: Path) -> Path:
    """Return *path*, or where something is there already, the first name like it that is free."""
    names = (path, *(path.with_name(f"{path.name}.{number}") for number in range(2, 1_000)))
    return next(name for name in names if not os.path.lexists(name))


def _without_keys(value: Any, name: str = "") -> Any:
    """Return *value* without the keys in it; a reference such as `${KEY}` stays."""
    if isinstance(value, dict):
        return {key: _without_keys(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_keys(inner) for inner in value]
    if not isinstance(value, str) or _REFERENCE.fullmatch(value):
        return value
    return _HIDDEN if _SECRET.search(name) or _KEY.search(value) else value


def _profile(name: str, places: Places, path: Path, config: Mapping[str, Any], variables: Mapping[str, str]) -> Profile:
    file = places.root / "config.yaml"
    below = read_config(file)
    return build_profile(name, [*([(str(file), below)] if below else []), (str(path), config)], variables)


def _model(config: Mapping[str, Any]) -> str:
    """Return the model as the file writes it, `${VAR}` and all."""
    stated = config.get("model")
    found = (stated.get("default") or stated.get("model")) if isinstance(stated, dict) else stated
    return found if isinstance(found, str) else ""
