"""The providers a profile may name without a base_url: address, key variable and spellings, in one table.

Addresses and key variables are those of the providers' own documentation of their OpenAI-compatible endpoints; the
spellings are the ones Hermes 0.19 accepts, and what people write.
"""

from __future__ import annotations

import re

from profile_router.core.profile import same_endpoint
from profile_router.values import frozen


@frozen
class Provider:
    """One row. `base_url` None: the profile has to state it. `key_variable` None: no variable ever holds its key."""

    name: str
    base_url: str | None
    key_variable: str | None = None
    needs_key: bool = False
    aliases: tuple[str, ...] = ()


CUSTOM = Provider(name="custom", base_url=None, needs_key=True)
_OPENAI = Provider(
    name="openai-api", base_url="https://api.openai.com/v1", key_variable="OPENAI_API_KEY", needs_key=True
)
_LLAMA_CPP = Provider(name="llama.cpp", base_url="http://127.0.0.1:8080/v1", aliases=("llamacpp", "llama-cpp"))

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        name="openrouter",
        base_url="https://openrouter.ai/api/v1",
        key_variable="OPENROUTER_API_KEY",
        needs_key=True,
        aliases=("open-router", "or"),
    ),
    Provider(
        name="together",
        base_url="https://api.together.xyz/v1",
        key_variable="TOGETHER_API_KEY",
        needs_key=True,
        aliases=("togetherai", "together-ai", "together.ai"),
    ),
    Provider(
        name="anthropic",
        base_url="https://api.anthropic.com/v1/",
        key_variable="ANTHROPIC_API_KEY",
        needs_key=True,
        aliases=("claude",),
    ),
    _OPENAI,
    Provider(name="ollama", base_url="http://127.0.0.1:11434/v1"),
    _LLAMA_CPP,
    Provider(name="lmstudio", base_url="http://127.0.0.1:1234/v1", aliases=("lm-studio",)),
    Provider(name="vllm", base_url="http://127.0.0.1:8000/v1"),
    CUSTOM,
)

_BY_SPELLING = {spelling: row for row in PROVIDERS for spelling in (row.name, *row.aliases)}

SPELLINGS = tuple(_BY_SPELLING)

# Two names mean one thing with a base_url and another without: whoever states an address means that address.
_WITHOUT_BASE_URL = {"openai": _OPENAI, "local": _LLAMA_CPP}


def find_provider(spelling: str, base_url: str | None = None) -> Provider | None:
    """Return the provider that *spelling* names beside *base_url* (None where the profile states none).

    Case, spaces and underscores do not matter. None means the name is unknown; a known one may still lack an address
    (`base_url` None in the row and in the profile).
    """
    name = re.sub(r"[\s_]+", "-", spelling.strip().lower())
    if name not in _WITHOUT_BASE_URL:
        return _BY_SPELLING.get(name)
    meant = _WITHOUT_BASE_URL[name]
    at_home = base_url is None or (meant.base_url is not None and same_endpoint(base_url, meant.base_url))
    return meant if at_home else CUSTOM


def provider_names() -> str:
    """List the names for a message: those with an address of their own, then the one that needs a base_url."""
    known = ", ".join(row.name for row in PROVIDERS if row.base_url)
    return f"{known}, or `custom` (also written `openai`) together with a base_url"
