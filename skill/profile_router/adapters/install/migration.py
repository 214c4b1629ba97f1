"""Turn the spelling of the profile scheme into the one that Hermes 0.19 honours, as text edits of a config.yaml.

What Hermes refuses or passes over in silence: `provider: openai`, fallbacks under `model:` or without provider and
model, `openrouter:` preferences, and `max_turns` and `tool_use_enforcement` at the top level.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from profile_router.adapters.install.moves import move
from profile_router.adapters.install.yaml_text import (
    NotEditable,
    compose,
    end,
    find,
    indent,
    is_flow,
    line_break,
    line_end,
    load,
    reads_as,
    start,
)
from profile_router.adapters.profile_settings import PREFERENCES
from profile_router.adapters.providers import find_provider

_OPENAI = "openai"
_ROUTING = "provider_routing"
_CHAIN = "fallback_providers"
_OF_AGENT = ("max_turns", "tool_use_enforcement")


def migrate(text: str, *, provider: str, model: str) -> str:
    """Return *text* as Hermes honours it; the same text where it does already.

    *provider* and *model* are what the profile comes to (`custom`, `openai-api`; the model's name): what the scheme
    leaves out, Hermes wants said. Raises NotEditable with the key that cannot be edited as text.
    """
    for step in (_provider(provider), _chain, _entries(model), _preferences, _agent):
        text = step(text)
    return text


Step = Callable[[str], str]


def _provider(meant: str) -> Step:
    def step(text: str) -> str:
        if not _is_openai(_section(load(text), "model").get("provider")):
            return text
        pair = find(_pair_value(text, "model"), "provider")
        return text if pair is None else _replaced(text, pair[1], meant)

    return step


def _chain(text: str) -> str:
    if _section(load(text), "model").get(_CHAIN) is None:
        return text
    return _settle(text, ("model", _CHAIN), (_CHAIN,))


def _entries(model: str) -> Step:
    def step(text: str) -> str:
        config = load(text)
        stated = config.get(_CHAIN)
        if stated is None:
            return text
        entries = stated if isinstance(stated, list) else [stated]
        meant = [_whole(entry, model) for entry in entries]
        if meant == entries and not isinstance(stated, str):
            return text
        value = _pair_value(text, _CHAIN)
        after = text
        nodes = value.value if isinstance(value, yaml.SequenceNode) else [value]
        for node, entry, whole in reversed(list(zip(nodes, entries, meant, strict=True))):
            after = _edited(after, node, entry, whole, alone=not isinstance(stated, list))
        goal = meant if isinstance(stated, list | str) else meant[0]
        if not reads_as(after, {**config, _CHAIN: goal}):
            raise NotEditable(f"{_CHAIN} cannot be completed without writing it anew")
        return after

    return step


def _preferences(text: str) -> str:
    for source in (("openrouter",), ("model", "openrouter")):
        config = load(text)
        section = config
        for key in source:
            section = _section(section, key)
        ours = [key for key in section if key in PREFERENCES]
        if ours and len(ours) == len(section) and config.get(_ROUTING) is None:
            text = _settle(text, source, (_ROUTING,))
            continue
        for key in ours:
            text = _settle(text, (*source, key), (_ROUTING, key))
    return text


def _agent(text: str) -> str:
    for key in _OF_AGENT:
        if load(text).get(key) is not None:
            text = _settle(text, (key,), ("agent", key))
    return text


def _settle(text: str, source: tuple[str, ...], target: tuple[str, ...]) -> str:
    """Move *source* to *target*; where that states something already it counts, and *source* goes."""
    inner: Any = load(text)
    for key in target[:-1]:
        inner = _section(inner, key)
    if inner.get(target[-1]) is not None:
        return move(text, source, None)
    if target[-1] in inner:
        text = move(text, target, None)
    return move(text, source, target)


def _whole(entry: Any, model: str) -> Any:
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


def _edited(text: str, node: yaml.Node, entry: Any, whole: Any, *, alone: bool) -> str:
    """Return *text* with the *node* of one *entry* made *whole*."""
    if entry == whole:
        return text
    added = [f"{key}: {_scalar(value)}" for key, value in _added(entry, whole)]
    if isinstance(entry, str):
        flow = f"{{{', '.join(added)}}}"
        return text[: start(node)] + (f"[{flow}]" if alone else flow) + text[end(node) :]
    pair = find(node, "provider")
    if is_flow(node):
        last = end(node.value[-1][1])
        text = text[:last] + "".join(f", {words}" for words in added) + text[last:]
    elif added:
        over = line_break(text)
        blanks = " " * (
            node.start_mark.column if indent(text, start(node)) is None else len(indent(text, start(node)) or "")
        )
        at = line_end(text, end(node))
        missing = "" if text[:at].endswith("\n") else over
        text = text[:at] + missing + "".join(f"{blanks}{words}{over}" for words in added) + text[at:]
    if pair is not None and pair[1].value != whole["provider"]:
        text = _replaced(text, pair[1], whole["provider"])
    return text


def _added(entry: Any, whole: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    known = {} if isinstance(entry, str) else entry
    return ((key, value) for key, value in whole.items() if key not in known)


def _replaced(text: str, node: yaml.Node, word: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise NotEditable("a provider is no word")
    return text[: start(node)] + word + text[end(node) :]


def _scalar(value: str) -> str:
    return value if value.isalpha() and value.islower() and value not in _WORDS else json.dumps(value)


_WORDS = {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}


def _pair_value(text: str, key: str) -> yaml.Node | None:
    pair = find(compose(text), key)
    return None if pair is None else pair[1]


def _section(config: Any, name: str) -> dict[str, Any]:
    section = config.get(name)
    return section if isinstance(section, dict) else {}


def _is_openai(provider: Any) -> bool:
    return isinstance(provider, str) and provider.strip().lower() == _OPENAI
