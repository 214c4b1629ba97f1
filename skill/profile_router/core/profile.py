"""A Hermes profile as a value. The key is there to be used, never to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from profile_router.expressions import expression
from profile_router.values import frozen

Enforcement = Literal["auto", "on", "off"]
ToolFormat = Literal["auto", "native", "whole-file", "json"]
_TELLING = 8  # characters: a shorter piece of a key opens nothing
_ROOM = 20  # so many times what is shown is looked at
_MARKS = expression("\0+")


class Secret:
    """A value that must not be seen: `str()`, `repr()` and formatting show stars. `reveal()` is the only way out.

    No dataclass: `asdict` and the checkpointer's serializer would take one apart.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def reveal(self) -> str:
        """Return the value itself, for the one request that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Secret is never serialized: keys do not belong in a checkpoint")


def without_key(text: str, key: Secret | None, longest: int) -> str:
    """Return *text* on one line, at most *longest* characters of it, without the *key*: some servers repeat it.

    What cannot be printed is left out first, so that it hides no key; a piece of the key is cut like the whole.
    """
    plain = "".join(char for char in text[: longest * _ROOM] if char.isprintable() or char.isspace())
    line = " ".join(plain.split())
    return _without_pieces(line, key.reveal())[:longest] if key and key.reveal() else line[:longest]


def _without_pieces(line: str, key: str) -> str:
    """Return *line* with `***` for the *key*, and for each piece of it that is long enough to tell something."""
    line = line.replace(key, "***")
    pieces = {key[start : start + _TELLING] for start in range(len(key) - _TELLING + 1)}
    cut = [False] * len(line)
    for start in range(len(line) - _TELLING + 1):
        if line[start : start + _TELLING] in pieces:
            cut[start : start + _TELLING] = [True] * _TELLING
    return _MARKS.sub("***", "".join("\0" if gone else char for char, gone in zip(line, cut, strict=True)))


@frozen
class ProviderEndpoint:
    """Where one provider is spoken to, with one key. `key_variable` names the variable that would hold its key.

    `label` is what Hermes' pool calls a key from there, "" for a written one. By Hermes' account the key is on
    cooldown until `cooldown_until` (seconds since 1970, 0 for not at all). `cooldown_after` is the HTTP status that
    began it (None: unknown).
    """

    provider: str
    base_url: str
    model: str
    key_variable: str | None = None
    api_key: Secret | None = field(default=None, repr=False)
    needs_key: bool = True
    label: str = ""
    cooldown_until: float = 0.0
    cooldown_after: int | None = None

    @property
    def named(self) -> str:
        """Return how messages name this provider and key: `openrouter`, or `openrouter#k2` for a pool's."""
        return f"{self.provider}#{self.label}" if self.label else self.provider

    @property
    def limit_name(self) -> str:
        """Return what a request calls the most tokens of its answer: OpenAI's own endpoint insists on a newer name."""
        return "max_completion_tokens" if self.provider == "openai-api" else "max_tokens"


@frozen
class Profile:
    """A profile as this program uses it.

    `window` and `max_tokens` are tokens, `max_turns` model calls; `temperature` None: it states none. `tool_format`
    is the form in which the embedded runner lets its model act. `preferences` goes out as the request's `provider`
    object, to OpenRouter only; `toolsets` None means the profile does not restrict them. `pool_damage` says what is
    wrong with Hermes' file of its keys, "" for nothing.
    """

    name: str
    endpoint: ProviderEndpoint
    window: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    max_turns: int | None = None
    tool_use_enforcement: Enforcement = "auto"
    tool_format: ToolFormat = "auto"
    toolsets: tuple[str, ...] | None = None
    preferences: Mapping[str, Any] = field(default_factory=dict)
    fallbacks: tuple[ProviderEndpoint, ...] = ()
    terminal_backend: str = "local"
    source: str = ""
    pool_damage: str = ""

    def at(self, provider: int) -> Profile:
        """Return the profile with its provider number *provider* as its endpoint, 0 being the one it names first."""
        return self if provider == 0 else replace(self, endpoint=self.fallbacks[provider - 1])

    @property
    def key_missing(self) -> bool:
        """Tell whether the provider wants a key and the profile has none."""
        return self.endpoint.needs_key and self.endpoint.api_key is None

    @property
    def keys(self) -> int:
        """Return how many different keys there are for the server that it names first."""
        ends = (self.endpoint, *self.fallbacks)
        keys = {end.api_key for end in ends if same_endpoint(end.base_url, self.endpoint.base_url)}
        return len(keys - {None})

    @property
    def where(self) -> str:
        """Return how messages name this backend: profile and address."""
        return backend_name(self.name, address(self.endpoint.base_url))


def without_label(provider: str) -> str:
    """Return the provider that `ProviderEndpoint.named` named, without its key's label."""
    return provider.partition("#")[0]


def backend_name(profile: str, host: str) -> str:
    """Return how messages name the backend of *profile* at *host*, which `address` made."""
    return f"{profile} at {host}"


def is_loopback(base_url: str) -> bool:
    """Tell whether *base_url* names this machine: 127.0.0.0/8, ::1 or the name localhost."""
    host = host_name(base_url)
    if host in {"localhost", "::1"}:
        return True
    parts = host.split(".")
    return (
        len(parts) == 4
        and parts[0] == "127"
        and all(part.isascii() and part.isdigit() and int(part) < 256 for part in parts)
    )


def host_name(base_url: str) -> str:
    """Return the host of *base_url* in lower case, empty where it is not a URL."""
    try:
        return (urlsplit(base_url).hostname or "").lower()
    except ValueError:
        return ""


def names_cloud(model: str) -> bool:
    """Tell whether *model* is named as Ollama names what its cloud runs: a local port would only forward to it."""
    return model.strip().lower().endswith((":cloud", "-cloud"))


def address(base_url: str) -> str:
    """Return host and port of *base_url*, as messages name a server."""
    try:
        parts = urlsplit(base_url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        return "an address that is not a URL"


def same_endpoint(one: str, other: str) -> bool:
    """Tell whether two base URLs are the same, but for a trailing slash and the case of scheme and host."""
    return _canonical(one) == _canonical(other)


def _canonical(base_url: str) -> tuple[str, str, int | None, str]:
    try:
        parts = urlsplit(base_url.strip())
        return (parts.scheme.lower(), (parts.hostname or "").lower(), parts.port, parts.path.rstrip("/"))
    except ValueError:
        return ("", base_url, None, "")
