"""The kinds of value a profile may state: each check returns the value in its one form, or says what is allowed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from profile_router.core.text import shown as on_one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 100_000_000
_SWITCH = {"true": "on", "always": "on", "yes": "on", "on": "on", "false": "off", "never": "off", "no": "off"}
_SWITCH |= {"off": "off", "auto": "auto"}
# A line that lost its colon becomes part of the value above it: these words in a model's name say that it did.
_LOST_COLON = re.compile(r"\s(?:api_?key|base_url|provider|context_length|max_tokens|fallback_providers)\b|\bsk-", re.I)


class Wrong(Exception):  # no error of its own: the reader makes it a ProfileError with file and key
    """A value of the wrong kind. The text says what is allowed."""


def text(value: Any) -> str | None:
    """Check one line of text; blank counts as not stated."""
    if not isinstance(value, str) or not value.strip().isprintable():
        raise Wrong("one line of text; put a number in quotes")
    return value.strip() or None


def model(value: Any) -> str | None:
    """Check a model's name."""
    name = text(value)
    if name and _LOST_COLON.search(name):
        raise Wrong("a model's name; look for a line near it that lacks its colon")
    return name


def key_text(value: Any) -> str | None:
    """Check a key, which no message may quote."""
    if not isinstance(value, str):
        raise Wrong("text in quotes, best a reference such as ${OPENROUTER_API_KEY} to a line of the profile's .env")
    return value.strip() or None


def count(value: Any) -> int:
    """Check a count; digits in quotes count too, because `${VAR}` gives text."""
    number = int(value) if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,9}\s*", value, re.A) else value
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= _MOST:
        raise Wrong(f"a whole number from 1 to {_MOST:,}, such as 8192")
    return number


def yes_no(value: Any) -> bool:
    """Check a switch."""
    if not isinstance(value, bool):
        raise Wrong("true or false")
    return value


def names(value: Any) -> tuple[str, ...]:
    """Check a list of names; one name alone is a list of one."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise Wrong("a list of names, such as [file, terminal]")
    return tuple(value)


def collection(value: Any) -> str:
    """Check OpenRouter's data_collection."""
    if value not in ("allow", "deny"):
        raise Wrong("allow or deny")
    return str(value)


def enforcement(value: Any) -> str | tuple[str, ...]:
    """Return auto, on, off, or the parts of model names that switch it on."""
    if isinstance(value, list):
        return names(value)
    word = str(value).strip().lower() if isinstance(value, str | bool) else ""
    if word not in _SWITCH:
        raise Wrong("auto, true, false, or a list of parts of model names")
    return _SWITCH[word]


def fallbacks(value: Any) -> tuple[Mapping[str, Any], ...]:
    """Return the fallback entries as mappings."""
    entries = value if isinstance(value, list) else [value]
    if not all(isinstance(entry, str | dict) for entry in entries):
        raise Wrong("a list of {provider: …, model: …} mappings or provider names")
    return tuple({"provider": entry} if isinstance(entry, str) else entry for entry in entries)


def shown(value: Any) -> str:
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
