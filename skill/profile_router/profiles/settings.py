"""The settings a profile's config.yaml may state: their spellings, the kind each has to be, and what a wrong one says.

The spellings are those of the profile scheme (`openrouter:` and `fallback_providers` under `model:`) and those of
Hermes 0.19 (`provider_routing`, top-level `fallback_providers`, `agent.*`); where one file uses two, the first in the
table counts. Keys that the table does not name are Hermes' own business and are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from profile_router.errors import ProfileError
from profile_router.profiles.values import (
    Wrong,
    collection,
    count,
    enforcement,
    fallbacks,
    key_text,
    model,
    names,
    shown,
    text,
    yes_no,
)

_REFERENCE = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A value with the place that states it; `value` has its `${VAR}` expanded, and may be a key."""

    value: Any = field(repr=False)
    file: str
    key: str
    written: str = ""

    def refusal(self, allowed: str) -> ProfileError:
        """Return the error for this value, quoting it as written (never a key, never an expanded variable)."""
        return ProfileError(f"{self.file}: {self.key} is {self.written}; allowed: {allowed}")

    @property
    def unset(self) -> tuple[str, ...]:
        """The variables that the value refers to and nothing sets."""
        return tuple(_REFERENCE.findall(self.value)) if isinstance(self.value, str) else ()


Check = Callable[[Any], Any]
Table = Mapping[str, tuple[Check, tuple[str, ...]]]

PREFERENCES: Mapping[str, Check] = {
    "sort": text,
    "order": names,
    "only": names,
    "ignore": names,
    "allow_fallbacks": yes_no,
    "require_parameters": yes_no,
    "data_collection": collection,
}

SETTINGS: Table = {
    "provider": (text, ("model.provider",)),
    "base_url": (text, ("model.base_url",)),
    "api_key": (key_text, ("model.api_key",)),
    "model": (model, ("model.default", "model.model")),
    "context_length": (count, ("model.context_length",)),
    "max_tokens": (count, ("model.max_tokens",)),
    "max_turns": (count, ("agent.max_turns", "max_turns")),
    "tool_use_enforcement": (enforcement, ("agent.tool_use_enforcement", "tool_use_enforcement")),
    "toolsets": (names, ("toolsets",)),
    "disabled_toolsets": (names, ("agent.disabled_toolsets",)),
    "backend": (text, ("terminal.backend",)),
    "fallbacks": (fallbacks, ("fallback_providers", "model.fallback_providers", "fallback_model")),
} | {
    name: (check, tuple(f"{section}.{name}" for section in ("provider_routing", "openrouter", "model.openrouter")))
    for name, check in PREFERENCES.items()
}

FALLBACK: Table = {
    "provider": (text, ("provider",)),
    "base_url": (text, ("base_url",)),
    "api_key": (key_text, ("api_key",)),
    "key_variable": (text, ("key_env", "api_key_env")),
    "model": (model, ("model",)),
}


def read_settings(
    config: Mapping[str, Any], table: Table, *, file: str, variables: Mapping[str, str], inside: str = ""
) -> dict[str, Stated]:
    """Return what *config* states of *table*, by name. `inside` is the key of *config* itself, for messages.

    Raises ProfileError for a value of the wrong kind, with file, key and what is allowed.
    """
    if isinstance(config.get("model"), str) and table is SETTINGS:
        config = {**config, "model": {"default": config["model"]}}
    found: dict[str, Stated] = {}
    for name, (check, spellings) in table.items():
        for spelling in spellings:
            value = _at(config, spelling, file)
            if value is None:
                continue
            stated = Stated(value=value, file=file, key=f"{inside}{spelling}", written=_written(value, check))
            try:
                checked = check(_expanded(value, variables))
            except Wrong as wrong:
                raise stated.refusal(str(wrong)) from None
            if checked is not None:
                found[name] = Stated(value=checked, file=file, key=stated.key, written=stated.written)
                break
    return found


def _at(config: Mapping[str, Any], spelling: str, file: str) -> Any:
    *sections, last = spelling.split(".")
    for depth, section in enumerate(sections, start=1):
        inner = config.get(section)
        if inner is None:
            return None
        if not isinstance(inner, dict):
            where = ".".join(sections[:depth])
            raise ProfileError(f"{file}: {where} is {shown(inner)}; allowed: a mapping of its settings")
        config = inner
    return config.get(last)


def _expanded(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _REFERENCE.sub(lambda reference: variables.get(reference[1]) or reference[0], value)
    if isinstance(value, list):
        return [_expanded(item, variables) for item in value]
    return value


def _written(value: Any, check: Check) -> str:
    return "not usable" if check is key_text else shown(value)
