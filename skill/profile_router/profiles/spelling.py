"""What Hermes passes over or refuses in a profile's config.yaml, and how it wants that spelled.

Read in Hermes 0.19.0 and 0.22.2. Values only: no file is read, and none is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from profile_router.profiles.providers import find_provider
from profile_router.profiles.settings import PREFERENCES

Config = dict[str, Any]
_KEY_VARIABLES = ("key_env", "api_key_env")
_CHAIN, _ROUTING, _ENFORCEMENT = "fallback_providers", "provider_routing", "tool_use_enforcement"


def honoured(config: Mapping[str, Any], *, provider: str = "custom", model: str = "") -> Config:
    """Return *config* in the spelling that Hermes honours; an equal mapping where it is spelled so already.

    *provider* and *model* are what the profile comes to (`custom`, `openai-api`; the model's name).
    """
    meant = deepcopy(dict(config))
    for _, respell in _RULES:
        respell(meant, provider, model)
    return meant


def not_honoured(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence for each thing in *config* that Hermes does not honour."""
    meant, said = deepcopy(dict(config)), []
    for sentence, respell in _RULES:
        before = deepcopy(meant)
        respell(meant, "custom", "")
        if meant != before:
            said.append(sentence)
    return tuple(said)


def not_read(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence for each setting of *config* that neither Hermes nor this program reads, with what is read."""
    found = [(place, instead) for place, instead in _NOT_READ.items() if _holds(config, place)]
    return tuple(f"{place} is not read: write {instead}" for place, instead in found)


def _holds(config: Mapping[str, Any], place: str) -> bool:
    *sections, last = place.split(".")
    for name in sections:
        config = section(config, name)
    return config.get(last) is not None


KEY_BESIDE = "and NAME=… into the .env beside it"  # what writes a key where it is read
_KEY_INSTEAD = f'api_key: "${{NAME}}" below model:, {KEY_BESIDE}'
_NOT_READ: Mapping[str, str] = {
    "api_key": _KEY_INSTEAD,
    "key_env": _KEY_INSTEAD,
    "api_key_env": _KEY_INSTEAD,
    "model.env_key": _KEY_INSTEAD,
    "model.apiKey": _KEY_INSTEAD,
    "model.keyEnv": _KEY_INSTEAD,
    "model.apiKeyEnv": _KEY_INSTEAD,
    "model.url": "base_url below model:",
    "model.api": "base_url below model:",
    "model.baseUrl": "base_url below model:",
    "model.endpoint": "base_url below model:",
    "model.custom_providers": "custom_providers at the top level",
}


def never_honoured(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence for each thing that no spelling makes Hermes do (its agent/chat_completion_helpers.py, cli.py).

    *config* is one that `honoured` returned.
    """
    model, chain = section(config, "model"), config.get(_CHAIN)
    main = (model.get("provider"), model.get("default"))
    entries = [entry for entry in (chain if isinstance(chain, list) else [chain]) if isinstance(entry, dict)]
    said = []
    if "allow_fallbacks" in section(config, _ROUTING):
        said.append("this program sends `allow_fallbacks`, Hermes has no such setting")
    if any((entry.get("provider"), entry.get("model")) == main for entry in entries):
        said.append("Hermes skips a fallback whose provider and model are those of the profile itself")
    return tuple(said)


def _name_provider(config: Config, provider: str, _model: str) -> None:
    if _is_openai(section(config, "model").get("provider")):
        config["model"]["provider"] = provider


def _complete_chain(config: Config, _provider: str, model: str) -> None:
    stated = config.get(_CHAIN)
    if isinstance(stated, str | list):
        config[_CHAIN] = [_complete(entry, model) for entry in ([stated] if isinstance(stated, str) else stated)]
    elif isinstance(stated, dict):
        config[_CHAIN] = _complete(stated, model)


def _rename_preferences(config: Config, _provider: str, _model: str) -> None:
    for source in (("openrouter",), ("model", "openrouter")):
        for key in PREFERENCES:
            _move(config, (*source, key), (_ROUTING, key))


def _name_key(config: Config, _provider: str, _model: str) -> None:
    model = section(config, "model")
    variables = [model.pop(key) for key in _KEY_VARIABLES if key in model]
    if variables and not model.get("api_key") and isinstance(variables[0], str) and variables[0].strip():
        model["api_key"] = f"${{{variables[0].strip()}}}"


_RULES: tuple[tuple[str, Callable[[Config, str, str], None]], ...] = (
    ("Hermes refuses `provider: openai`: it says custom", _name_provider),
    (
        "Hermes ignores fallback_providers below model: they belong at the top level",
        lambda config, *_: _move(config, ("model", _CHAIN), (_CHAIN,)),
    ),
    (
        "Hermes 0.19 ignores model.key_env and model.api_key_env: it says api_key: ${NAME}",
        _name_key,
    ),
    ("Hermes ignores a fallback without provider and model", _complete_chain),
    ("Hermes ignores openrouter: it says provider_routing", _rename_preferences),
    (
        "Hermes reads tool_use_enforcement only below agent",
        lambda config, *_: _move(config, (_ENFORCEMENT,), ("agent", _ENFORCEMENT)),
    ),
)


def _move(config: Config, source: tuple[str, ...], target: tuple[str, ...]) -> None:
    """Move *source* to *target*; where that states something already it counts, and *source* goes."""
    holders = [config]
    for key in source[:-1]:
        holders.append(section(holders[-1], key))
    value = holders[-1].get(source[-1])
    if value is None:
        return
    del holders[-1][source[-1]]
    for holder, key in reversed(list(zip(holders, source[:-1], strict=False))):
        if not holder[key]:  # a section that is left empty goes too
            del holder[key]
    for key in target[:-1]:
        config[key] = config.get(key) or {}
        config = config[key]
    if config.get(target[-1]) is None:
        config[target[-1]] = value


def _complete(entry: Any, model: str) -> Any:
    """Return a fallback *entry* as Hermes wants it: a mapping with a provider it knows, and a model."""
    if isinstance(entry, str):
        entry = {"provider": entry}
    if not isinstance(entry, dict):
        return entry
    provider = entry.get("provider") or "custom"
    if _is_openai(provider):
        row = find_provider(provider, entry.get("base_url"))
        provider = row.name if row else provider
    return {**entry, "provider": provider, "model": entry.get("model") or model}


def section(config: Mapping[str, Any], name: str) -> Config:
    """Return what *config* says below *name*, nothing where that is not a mapping."""
    found = config.get(name)
    return found if isinstance(found, dict) else {}


def _is_openai(provider: Any) -> bool:
    return isinstance(provider, str) and provider.strip().lower() == "openai"
