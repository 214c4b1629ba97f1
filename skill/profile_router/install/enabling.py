"""Put a plugin on the list `plugins.enabled` of a config.yaml, and take it off, as text: nothing else changes.

Every edit is checked by what the parser then reads; where that differs from what was meant, the edit is refused.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from profile_router.errors import ProfileError, UsageError
from profile_router.install.applying import read_file
from profile_router.install.changes import Change, Insertion, inserted
from profile_router.install.sources import PLUGIN
from profile_router.profiles.files import parse_config, read_config

BEGIN, END = "# >>> profile-router >>>", "# <<< profile-router <<<"
_INLINE = "# profile-router is on the list below >>> profile-router <<<"
_BLOCK = re.compile(
    rf"(?:^|(?<=\ufeff))[ ]*{re.escape(BEGIN)}[ ]*\r?\n(?:.*\n)*?[ ]*{re.escape(END)}[ ]*(?:\r?\n|\Z)", re.MULTILINE
)
_COMMENT = re.compile(rf"(?:^|(?<=\ufeff))[ ]*{re.escape(_INLINE)}[ ]*\r?\n", re.MULTILINE)

_CONFIG = "config.yaml"
_BY_HAND = f"write `{PLUGIN}` on its list `plugins.enabled` by hand, then run this again"
_OFF = f"'{PLUGIN}' is on `plugins.disabled` in {{}}, which wins; take it off with `hermes plugins enable {PLUGIN}`"

Edit = tuple[Insertion, ...]
Pair = tuple[yaml.Node, yaml.Node]


def enabling(parent: Path) -> tuple[Change, tuple[str, ...]]:
    """Return the change that puts our plugin on the list of *parent*, and what to say.

    Raises UsageError where that file cannot be edited as text, and ProfileError where it is not YAML.
    """
    path = Path(os.path.realpath(parent / _CONFIG))
    before = read_file(path)
    read_config(path)  # refuses what is too large or too deep, with the line
    text = (before or b"").decode()
    edit = enable(text, PLUGIN)
    notes = (_OFF.format(path),) if is_disabled(text, PLUGIN) else ()
    if edit is None:
        why = "its `plugins` is written in a way that this program does not edit"
        raise UsageError(f"{path} is not edited: {why}; {_BY_HAND}")
    if not edit:
        return Change(kind="same", path=str(path)), notes
    after = inserted(text, edit).encode()
    if before is None:
        return Change(kind="create", path=str(path), content=after, note="enables the plugin"), notes
    note, mode = "enables the plugin; nothing else in it changes", stat.S_IMODE(path.stat().st_mode)
    change = Change(kind="change", path=str(path), content=after, before=before, mode=mode, insertions=edit, note=note)
    return change, notes


def enable(text: str, plugin: str) -> Edit | None:
    """Return what to insert into *text* so that `plugins.enabled` lists *plugin*; nothing where it does.

    None where no insertion makes the parser read just that.
    """
    before = _loaded(text)
    if before is None:
        return None
    if plugin in _listed(before):
        return ()
    for edit in _ways(text, plugin):
        after = _loaded(inserted(text, edit))
        if after is not None and plugin in _listed(after) and _rest(after, plugin) == _rest(before, plugin):
            return edit
    return None


def disable(text: str, plugin: str) -> str | None:
    """Return *text* with *plugin* taken off the list where `enable` may have put it; None where that is not safe."""
    before = _loaded(text)
    if before is None or plugin not in _listed(before):
        return None
    for after in (_BLOCK.sub("", text), *_without_item(text, plugin)):
        loaded = _loaded(after)
        if loaded is not None and plugin not in _listed(loaded) and _rest(loaded, plugin) == _rest(before, plugin):
            return after
    return None


def is_disabled(text: str, plugin: str) -> bool:
    """Tell whether the user has put *plugin* on the list `plugins.disabled`, which Hermes lets win."""
    return plugin in _listed(_loaded(text) or {}, "disabled")


def _loaded(text: str) -> dict[str, Any] | None:
    try:
        return parse_config(text, Path(_CONFIG))
    except ProfileError:
        return None


def _listed(config: dict[str, Any], name: str = "enabled") -> list[Any]:
    plugins = config.get("plugins")
    listed = plugins.get(name) if isinstance(plugins, dict) else None
    return listed if isinstance(listed, list) else []


def _rest(config: dict[str, Any], plugin: str) -> dict[str, Any]:
    """Return *config* without *plugin*, and without what is empty then."""
    plugins = config.get("plugins") or {}
    listed = plugins.get("enabled") or [] if isinstance(plugins, dict) else None
    if not isinstance(listed, list):
        return config
    inner = {**plugins, "enabled": [name for name in listed if name != plugin]}
    kept = {key: value for key, value in inner.items() if key != "enabled" or value}
    return {key: value for key, value in {**config, "plugins": kept}.items() if key != "plugins" or value}


def _ways(text: str, plugin: str) -> Iterator[Edit]:
    root = _compose(text)
    pair = _find(root, "plugins")
    whole = ("plugins:", "  enabled:", f"    - {plugin}")
    if root is None or pair is None:
        yield _block(text, len(text), "", whole)
        if root is not None and not _is_flow(root):
            yield _block(text, _line_start(text, _start(root)), "", whole)
        return
    key, plugins = pair
    listed = _find(plugins, "enabled")
    if listed is None:
        yield from _into(text, key, plugins, ("enabled:", f"  - {plugin}"), f"enabled: [{plugin}]")
    else:
        yield from _into(text, listed[0], listed[1], (f"- {plugin}",), plugin)


def _into(text: str, key: yaml.Node, value: yaml.Node, lines: tuple[str, ...], item: str) -> Iterator[Edit]:
    """Yield the way into the collection *value* of *key*: as *lines* of a block, or as an *item* in brackets."""
    outer = _indent(text, _start(key))
    if _is_null(value) and outer is not None:
        yield _block(text, _line_end(text, _end(key)), f"{outer}  ", lines)
    elif _is_flow(value):
        last = _end(_last(value)) if value.value else 0
        line = _line_start(text, _start(value))
        blanks = re.match(" *", text[line:])
        comment = f"{blanks[0] if blanks else ''}{_INLINE}{_line_break(text)}"
        yield (
            Insertion(at=line, text=comment),
            Insertion(at=last or _start(value) + 1, text=f", {item}" if last else item),
        )
    elif isinstance(value, yaml.CollectionNode) and (inner := _indent(text, _start(value))) is not None:
        yield _block(text, _line_start(text, _start(value)), inner, lines)


def _block(text: str, at: int, blanks: str, lines: tuple[str, ...]) -> Edit:
    over = _line_break(text)
    marked = "".join(f"{blanks}{line}{over}" for line in (BEGIN, *lines, END))
    missing = over if at == len(text) and text.strip("\ufeff") and not text.endswith("\n") else ""
    return (Insertion(at=at, text=missing + marked),)


def _without_item(text: str, plugin: str) -> Iterator[str]:
    root = _compose(text)
    plugins = _find(root, "plugins")
    listed = _find(plugins[1], "enabled") if plugins else None
    items = listed[1].value if listed and isinstance(listed[1], yaml.SequenceNode) else []
    for place, item in enumerate(items):
        if item.value != plugin:
            continue
        if not _is_flow(listed[1]):  # type: ignore[index]  # items come from it
            yield text[: _line_start(text, _start(item))] + text[_line_end(text, _end(item)) :]
        elif place:
            yield _COMMENT.sub("", text[: _end(items[place - 1])] + text[_end(item) :])
        else:
            behind = _start(items[1]) if len(items) > 1 else _end(item)
            yield _COMMENT.sub("", text[: _start(item)] + text[behind:])


def _compose(text: str) -> yaml.MappingNode | None:
    """Return the node of the mapping in *text*, which was parsed before; None for an empty one."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    return node if isinstance(node, yaml.MappingNode) else None


def _find(node: yaml.Node | None, key: str) -> Pair | None:
    """Return the pair of *key* in the mapping *node*; as for the parser the last of two counts."""
    pairs: list[Pair] = node.value if isinstance(node, yaml.MappingNode) else []
    return next((pair for pair in reversed(pairs) if pair[0].value == key), None)


def _is_null(node: yaml.Node) -> bool:
    """Tell whether *node* is a value left out, as in `key:`."""
    return node.tag == "tag:yaml.org,2002:null" and node.start_mark.index == node.end_mark.index


def _is_flow(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _start(node: yaml.Node) -> int:
    return int(node.start_mark.index)


def _end(node: yaml.Node) -> int:
    """Return the place where the text of *node* ends, without the comments and blank lines behind a collection."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        return _end(_last(node))
    return int(node.end_mark.index)


def _last(node: yaml.Node) -> yaml.Node:
    last: yaml.Node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    return last


def _line_start(text: str, place: int) -> int:
    """Return the start of the line of *place*, behind a byte order mark."""
    return max(text.rfind("\n", 0, place) + 1, int(text.startswith("\ufeff")))


def _line_end(text: str, place: int) -> int:
    """Return the place behind the line of *place* and its break; a *place* behind a break is one already."""
    if place and text[place - 1] == "\n":
        return place
    found = text.find("\n", place)
    return len(text) if found < 0 else found + 1


def _indent(text: str, place: int) -> str | None:
    """Return the blanks between the start of the line and *place*; None where something else stands there."""
    before = text[_line_start(text, place) : place]
    return before if not before.strip(" ") else None


def _line_break(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
