"""Keep where in a config.yaml its values stand, so that the next call need not read it as YAML.

To import and ask PyYAML takes longer than to decide. Keys may stand in a config in the clear, so no value is kept. Kept
is its kind, and where it begins and ends in the text, which is read anyway. Some values are not spelt as they are:
folded over lines, with escapes, a date, a merge. A config with one is kept nowhere, and read as YAML each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from profile_router import __version__
from profile_router.digests import sha256
from profile_router.state.kept_files import keep_file, kept_file

if TYPE_CHECKING:
    from pathlib import Path

_MOST_KEPT = 64  # configs: one a profile
_KINDS: Mapping[str, Callable[[str], Any]] = {"str": str, "int": int, "float": float}
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_WORD_TAGS = ("bool", "null")
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


class _NotAsSpelled(ValueError):
    """A value that is not what its text says, letter by letter."""


def recall_config(folder: Path, text: str) -> dict[str, Any] | None:
    """Return the mapping that *text* is as YAML; None where *folder* has nothing of it, or nothing to be trusted."""
    content = kept_file(folder, _name(text))
    return None if content is None else _mapping(content, text)


def keep_config(folder: Path, text: str, config: dict[str, Any]) -> None:
    """Keep in *folder* where the values of *config* stand in *text*. Where that cannot be, it is not."""
    import yaml

    from profile_router.outside.yaml_guard import safe_loader

    with suppress(*_UNREADABLE):
        places = _places(yaml.compose(text, Loader=safe_loader()), text)
        content = json.dumps(places, separators=(",", ":")).encode()
        if repr(_mapping(content, text)) == repr(config):  # 1, 1.0 and true are equal, and not the same
            keep_file(folder, _name(text), content, most=_MOST_KEPT)


def _name(text: str) -> str:
    return sha256(f"{__version__}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()


def _places(node: Any, text: str) -> list[Any]:
    """Return the kind of *node* and where it stands: `["str", 4, 9]`, `["true"]`, `["map", key, value, …]`."""
    kind = str(node.tag).rpartition(":")[2]
    if kind == "map":
        return [kind, *(_places(one, text) for pair in node.value for one in pair)]
    if kind == "seq":
        return [kind, *(_places(one, text) for one in node.value)]
    start, end = node.start_mark.index, node.end_mark.index
    if kind in _WORD_TAGS:
        word = text[start:end].lower().replace("~", "null") or "null"
        return [word if word in _WORDS else _refuse()]
    if kind == "str" and node.style in ("'", '"'):
        start, end = start + 1, end - 1
    if kind not in _KINDS or text[start:end] != node.value:
        _refuse()
    return [kind, start, end]


def _refuse() -> Any:
    raise _NotAsSpelled


def _mapping(content: bytes, text: str) -> dict[str, Any] | None:
    try:
        found = _value(json.loads(content), text)
    except _UNREADABLE:
        return None
    return found if isinstance(found, dict) else None


def _value(place: list[Any], text: str) -> Any:
    kind, *inner = place
    if kind == "map":
        values = [_value(one, text) for one in inner]
        return dict(zip(values[::2], values[1::2], strict=True))
    if kind == "seq":
        return [_value(one, text) for one in inner]
    if kind in _WORDS:
        return _WORDS[kind]
    start, end = inner
    return _KINDS[kind](text[start:end])
