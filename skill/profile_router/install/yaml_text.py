"""Read a config.yaml as text and as nodes with places, so that it can be edited without being written anew.

Every edit is checked by what the parser then reads; where that differs from what was meant, the edit is refused.
"""

from __future__ import annotations

import re

import yaml

Pair = tuple[yaml.Node, yaml.Node]
_NULL = "tag:yaml.org,2002:null"


def compose(text: str) -> yaml.MappingNode | None:
    """Return the node of the mapping in *text*, None for an empty one. Whoever calls it has parsed *text* before."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    return node if isinstance(node, yaml.MappingNode) else None


def find(node: yaml.Node | None, key: str) -> Pair | None:
    """Return the pair of *key* in the mapping *node*; as for the parser the last of two counts."""
    pairs: list[Pair] = node.value if isinstance(node, yaml.MappingNode) else []
    return next((pair for pair in reversed(pairs) if pair[0].value == key), None)


def is_null(node: yaml.Node) -> bool:
    """Tell whether *node* is a value left out, as in `key:`."""
    return node.tag == _NULL and node.start_mark.index == node.end_mark.index


def is_flow(node: yaml.Node) -> bool:
    """Tell whether *node* is a collection in brackets or braces."""
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def start(node: yaml.Node) -> int:
    """Return the place where *node* starts."""
    return int(node.start_mark.index)


def end(node: yaml.Node) -> int:
    """Return the place where the text of *node* ends, without the comments and blank lines behind a collection."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return end(last[1] if isinstance(node, yaml.MappingNode) else last)
    return int(node.end_mark.index)


def line_start(text: str, place: int) -> int:
    """Return the start of the line of *place*, behind a byte order mark."""
    return max(text.rfind("\n", 0, place) + 1, int(text.startswith("\ufeff")))


def line_end(text: str, place: int) -> int:
    """Return the place behind the line of *place* and its break; a *place* behind a break is one already."""
    if place and text[place - 1] == "\n":
        return place
    found = text.find("\n", place)
    return len(text) if found < 0 else found + 1


def indent(text: str, place: int) -> str | None:
    """Return the blanks between the start of the line and *place*; None where something else stands there."""
    before = text[line_start(text, place) : place]
    return before if not before.strip(" ") else None


def line_break(text: str) -> str:
    """Return how *text* breaks its lines."""
    return "\r\n" if re.search(r"\r\n", text) else "\n"
