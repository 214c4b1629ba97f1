"""The settings of a profile's config.yaml: their spellings, their kinds, and what a wrong one says.

Some spellings are the profile scheme's: `openrouter:` and `fallback_providers` under `model:`. Others are those of
Hermes 0.19 and 0.22: `provider_routing`, top-level `fallback_providers`, `agent.*`. So are `api_base` and what else
their config.py moves below `model:`. `model.key_env` is of 0.22. Where one file uses two, the first in the table
counts. Keys that the table does not name are Hermes' own business and are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Any, get_args

from profile_router.core.language.anchored import Anchored
from profile_router.core.profile import ToolFormat
from profile_router.core.text import shown as on_one_line
from profile_router.errors import ProfileError
from profile_router.expressions import expression
from profile_router.values import frozen

_REFERENCE = expression(r"\$\{([^}]+)\}")
_VARIABLE = expression(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_MOST = 100_000_000
_HOTTEST = 2.0
_SWITCH = {"true": "on", "always": "on", "yes": "on", "on": "on", "false": "off", "never": "off", "no": "off"}
_SWITCH |= {"off": "off", "auto": "auto"}
# A line that lost its colon joins the value above it: these words in a model's name say so.
_LOST_COLON = Anchored(
    r"\s(?:api_?key|base_url|provider|context_length|max_tokens|fallback_providers)\b|\bsk-",
    anchors=("api_key", "apikey", "base_url", "provider", "context_length", "max_tokens", "sk-"),
    flags=re.IGNORECASE,
)


@frozen
class Stated:
    """A value with the place that states it; `value` has its `${VAR}` expanded, and may be a key.

    `variables` are the names that it was expanded by.
    """

    value: Any = field(repr=False)
    file: str
    key: str
    written: str = ""
    variables: tuple[str, ...] = ()

    def refusal(self, allowed: str) -> ProfileError:
        """Return the error for this value, quoting it as written (never a key, never an expanded variable)."""
        return ProfileError(f"{self.file}: {self.key} is {self.written}; allowed: {allowed}")

    @property
    def unset(self) -> tuple[str, ...]:
        """The variables that the value refers to and nothing sets."""
        return _references(self.value)


class _Wrong(Exception):  # no error of its own: the reader makes it a ProfileError with file and key
    """A value of the wrong kind. The text says what is allowed."""


def _references(value: Any) -> tuple[str, ...]:
    return tuple(_REFERENCE.findall(value)) if isinstance(value, str) and "${" in value else ()


def _text(value: Any) -> str | None:
    """Return one line of text; blank counts as not stated."""
    if not isinstance(value, str) or not value.strip().isprintable():
        raise _Wrong("one line of text; put a number in quotes")
    return value.strip() or None


def _model(value: Any) -> str | None:
    name = _text(value)
    if name and _LOST_COLON.search(name):
        raise _Wrong("a model's name; look for a line near it that lacks its colon")
    return name


def _key_text(value: Any) -> str | None:
    """Return a key, which no message may quote."""
    if not isinstance(value, str):
        raise _Wrong("text in quotes, best a reference such as ${OPENROUTER_API_KEY} to a line of the profile's .env")
    return value.strip() or None


def _variable(value: Any) -> str | None:
    """Return the name of a variable. What is not a name may be the key itself, so no message may quote it."""
    if not isinstance(value, str) or (value.strip() and not _VARIABLE.fullmatch(value.strip())):
        raise _Wrong("the bare name of a variable in the profile's .env, such as OPENROUTER_API_KEY, never the key")
    return value.strip() or None


def _count(value: Any) -> int:
    """Return a count; digits in quotes count too, because `${VAR}` gives text."""
    number = int(value) if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,9}\s*", value, re.A) else value
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= _MOST:
        raise _Wrong(f"a whole number from 1 to {_MOST:,}, such as 8192")
    return number


def _temperature(value: Any) -> float:
    """Return a temperature; digits in quotes count too, because `${VAR}` gives text."""
    digits = isinstance(value, str) and re.fullmatch(r"\s*[0-9](?:\.[0-9]{1,6})?\s*", value, re.A)
    number = float(value) if digits else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= _HOTTEST:
        raise _Wrong("a number from 0 to 2, such as 0.2")
    return float(number)


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("true or false")
    return value


def _names(value: Any) -> tuple[str, ...]:
    """Return a list of names; one name alone is a list of one."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _Wrong("a list of names, such as [file, terminal]")
    return tuple(value)


def _collection(value: Any) -> str:
    if value not in ("allow", "deny"):
        raise _Wrong("allow or deny")
    return str(value)


def _enforcement(value: Any) -> str | tuple[str, ...]:
    """Return auto, on, off, or the parts of model names that switch it on."""
    if isinstance(value, list):
        return _names(value)
    word = str(value).strip().lower() if isinstance(value, str | bool) else ""
    if word not in _SWITCH:
        raise _Wrong("auto, true, false, or a list of parts of model names")
    return _SWITCH[word]


def _tool_format(value: Any) -> str:
    if value not in get_args(ToolFormat):
        raise _Wrong(", ".join(get_args(ToolFormat)))
    return str(value)


def _fallbacks(value: Any) -> tuple[Mapping[str, Any], ...]:
    entries = value if isinstance(value, list) else [value]
    if not all(isinstance(entry, str | dict) for entry in entries):
        raise _Wrong("a list of {provider: …, model: …} mappings or provider names")
    return tuple({"provider": entry} if isinstance(entry, str) else entry for entry in entries)


_Check = Callable[[Any], Any]
Table = Mapping[str, tuple[_Check, tuple[str, ...]]]

PREFERENCES: Mapping[str, _Check] = {
    "sort": _text,
    "order": _names,
    "only": _names,
    "ignore": _names,
    "allow_fallbacks": _yes_no,
    "require_parameters": _yes_no,
    "data_collection": _collection,
}

SETTINGS: Table = {
    "provider": (_text, ("model.provider", "provider")),
    "base_url": (_text, ("model.base_url", "base_url", "api_base", "model.api_base")),
    "api_key": (_key_text, ("model.api_key",)),
    "key_variable": (_variable, ("model.key_env", "model.api_key_env")),
    "model": (_model, ("model.default", "model.model", "model.name")),
    "context_length": (_count, ("model.context_length", "context_length")),
    "max_tokens": (_count, ("model.max_tokens",)),
    "temperature": (_temperature, ("model.temperature", "temperature")),
    "max_turns": (_count, ("agent.max_turns", "max_turns")),
    "tool_use_enforcement": (_enforcement, ("agent.tool_use_enforcement", "tool_use_enforcement")),
    "tool_format": (_tool_format, ("agent.tool_format", "tool_format")),
    "toolsets": (_names, ("toolsets",)),
    "disabled_toolsets": (_names, ("agent.disabled_toolsets",)),
    "backend": (_text, ("terminal.backend",)),
    "fallbacks": (_fallbacks, ("fallback_providers", "model.fallback_providers", "fallback_model")),
} | {
    name: (check, tuple(f"{section}.{name}" for section in ("provider_routing", "openrouter", "model.openrouter")))
    for name, check in PREFERENCES.items()
}

FALLBACK: Table = {
    "provider": (_text, ("provider",)),
    "base_url": (_text, ("base_url",)),
    "api_key": (_key_text, ("api_key",)),
    "key_variable": (_variable, ("key_env", "api_key_env")),
    "model": (_model, ("model",)),
}

# An entry of `custom_providers` or `providers` (hermes_cli/config_providers.py, the same in 0.19 and 0.22).
NAMED_PROVIDER_KEYS: Table = {
    "base_url": (_text, ("base_url", "url", "api", "baseUrl")),
    "api_key": (_key_text, ("api_key", "apiKey")),
    "key_variable": (_variable, ("key_env", "api_key_env", "keyEnv", "apiKeyEnv")),
    "model": (_model, ("model", "default_model")),
    "context_length": (_count, ("context_length",)),
}


def stated_settings(
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
            written = "not usable" if check in (_key_text, _variable) else described_value(value)
            where = f"{inside}{spelling}"
            stated = Stated(value=value, file=file, key=where, written=written, variables=_references(value))
            try:
                checked = check(value if check is _variable else _expanded(value, variables))
            except _Wrong as wrong:
                raise stated.refusal(str(wrong)) from None
            if checked is not None:
                found[name] = replace(stated, value=checked)
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
            raise ProfileError(f"{file}: {where} is {described_value(inner)}; allowed: a mapping of its settings")
        config = inner
    return config.get(last)


def _expanded(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _REFERENCE.sub(lambda reference: variables.get(reference[1]) or reference[0], value)
    if isinstance(value, list):
        return [_expanded(item, variables) for item in value]
    return value


def described_value(value: Any) -> str:
    """Describe *value* for a message: one word of a text at most, and none that looks like a key."""
    if isinstance(value, str):
        words = value.split()
        first = words[0][:40] if words else ""
        masked = "***" if "sk-" in first or "@" in first else on_one_line(first)
        return f"'{masked}'" if first == value else f"'{masked} …'"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) and abs(value) <= 10**15:
        return repr(value)
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    return "a value of another kind"
