"""The endpoints that a config names itself: `custom_providers`, a list, and `providers`, a mapping by name.

Hermes 0.19 and 0.22 read them so (hermes_cli/runtime_provider.py). `model.provider` is an entry's name, with or without
`custom:` before it. The entry states the address, the key and perhaps the model. A built-in name is never theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from profile_router.core.profile import same_endpoint
from profile_router.core.text import nearest
from profile_router.errors import ProfileError
from profile_router.profiles.providers import CUSTOM, find_provider
from profile_router.profiles.settings import NAMED_PROVIDER_KEYS, Stated, described_value, stated_settings
from profile_router.values import frozen

_LIST, _MAPPING = "custom_providers", "providers"
_PREFIX = "custom:"
_MOST = 200  # entries that are looked at

_Settings = dict[str, Stated]


@frozen
class Named:
    """One entry: `config` is what it says, `key` where it stands, such as `custom_providers[0]`, in `file`."""

    name: str
    file: str
    key: str
    config: Mapping[str, Any]


def named_in(config: Mapping[str, Any], file: str) -> tuple[Named, ...]:
    """Return the endpoints that *config* names. Raises ProfileError where `custom_providers` is not a list."""
    return tuple(_entries(config, file))[:_MOST]


def _entries(config: Mapping[str, Any], file: str) -> Iterator[Named]:
    by_name = config.get(_MAPPING)
    for name, entry in by_name.items() if isinstance(by_name, dict) else ():
        if isinstance(entry, dict):
            yield Named(
                name=str(name), file=file, key=f"{_MAPPING}.{described_value(str(name)).strip(chr(39))}", config=entry
            )
    listed = config.get(_LIST)
    if listed is not None and not isinstance(listed, list):
        raise ProfileError(
            f"{file}: {_LIST} is {described_value(listed)}; allowed: a list, each entry `- name: …` and its lines"
        )
    for number, entry in enumerate(listed or ()):
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            yield Named(name=entry["name"], file=file, key=f"{_LIST}[{number}]", config=entry)


def with_named(settings: _Settings, known: tuple[Named, ...], variables: Mapping[str, str]) -> _Settings:
    """Return *settings* with what the entry says that its provider names, or that has its address.

    Raises ProfileError for an entry that is wrong, and for a `custom:` name that no entry has.
    """
    provider = settings.get("provider")
    name = _provider_key(provider.value) if provider else ""
    builtin = provider is not None and find_provider(provider.value, None)
    entry = next((one for one in known if name and _provider_key(one.name) == name), None) if not builtin else None
    if entry is not None and provider is not None:
        of_entry = _read(entry, variables)
        if "base_url" not in of_entry:
            raise ProfileError(f"{entry.file}: {entry.key}.base_url is missing; write the address of its server there")
        of_entry["provider"] = Stated(value=CUSTOM.name, file=provider.file, key=provider.key, written=provider.written)
        others = _without_key(settings) if {"api_key", "key_variable"} & of_entry.keys() else settings
        stated = {setting: others[setting] for setting in ("model", "context_length") if setting in others}
        return others | of_entry | stated
    if provider is not None and not builtin and provider.value.strip().lower().startswith(_PREFIX):
        raise provider.refusal(_names(name, known))
    return _with_key_of_address(settings, known, variables)


def _with_key_of_address(settings: _Settings, known: tuple[Named, ...], variables: Mapping[str, str]) -> _Settings:
    """Return *settings* with the key of the entry that has their address, where they state none."""
    if "base_url" not in settings or {"api_key", "key_variable"} & settings.keys():
        return settings
    for entry in known:
        of_entry = _read(entry, variables)
        if "base_url" in of_entry and same_endpoint(of_entry["base_url"].value, settings["base_url"].value):
            return settings | {name: of_entry[name] for name in ("api_key", "key_variable") if name in of_entry}
    return settings


def _read(entry: Named, variables: Mapping[str, str]) -> _Settings:
    return stated_settings(
        entry.config, NAMED_PROVIDER_KEYS, file=entry.file, variables=variables, inside=f"{entry.key}."
    )


def _without_key(settings: _Settings) -> _Settings:
    return {name: stated for name, stated in settings.items() if name not in ("api_key", "key_variable")}


def _names(name: str, known: tuple[Named, ...]) -> str:
    listed = ", ".join(f"custom:{described_value(one.name).strip(chr(39))}" for one in known[:5])
    near = nearest(name, [one.name for one in known])
    meant = f"`custom:{near}` (did you mean that?), " if near else ""
    return f"{meant}a name under {_LIST}: {listed or 'it has none'}"


def _provider_key(name: str) -> str:
    return "-".join(name.strip().lower().removeprefix(_PREFIX).split())
