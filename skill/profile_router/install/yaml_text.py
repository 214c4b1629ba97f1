"""Edit a config.yaml as text: marked insertions at the places that the parser names, so that nothing else changes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from profile_router.install.changes import Insertion
from profile_router.values import frozen

Edit = tuple[Insertion, ...]
WRITTEN_SO = "is not edited, by the way that it is written"  # flow style, say, or an anchor
_Pair = tuple[yaml.Node, yaml.Node]


@frozen
class BlockComments:
    """The comments around what is ours: `begin` and `end` of a block of lines, `above` a line with brackets."""

    begin: str
    end: str
    above: str

    def without_blocks(self, text: str) -> str:
        """Return *text* without the blocks between these comments."""
        begin, end = (rf"[ ]*{re.escape(comment)}[ ]*" for comment in (self.begin, self.end))
        found = rf"(?:^|(?<=\ufeff)){begin}\r?\n(?:.*\n)*?{end}(?:\r?\n|\Z)"
        return re.sub(found, "", text, flags=re.MULTILINE)

    def without_comments(self, text: str) -> str:
        """Return *text* without the comments above lines."""
        return re.sub(rf"(?:^|(?<=\ufeff))[ ]*{re.escape(self.above)}[ ]*\r?\n", "", text, flags=re.MULTILINE)

    def block(self, text: str, at: int, blanks: str, lines: tuple[str, ...]) -> Edit:
        """Return what puts *lines*, each behind *blanks*, at the place *at* of *text*."""
        over = line_break(text)
        ours = "".join(f"{blanks}{line}{over}" for line in (self.begin, *lines, self.end))
        missing = over if at == len(text) and text.strip("\ufeff") and not text.endswith("\n") else ""
        return (Insertion(at=at, text=missing + ours),)

    def ways_into(self, text: str, pair: _Pair, lines: tuple[str, ...], item: str) -> Iterator[Edit]:
        """Yield the way into the collection of *pair*: as *lines* of a block, or as an *item* in brackets."""
        key, value = pair
        outer = _indent(text, start_of(key))
        if is_left_out(value) and outer is not None:
            yield self.block(text, end_of_line(text, end_of(key)), f"{outer}  ", lines)
        elif in_brackets(value):
            last = end_of(_last(value)) if value.value else 0
            line = start_of_line(text, start_of(value))
            blanks = re.match(" *", text[line:])
            comment = f"{blanks[0] if blanks else ''}{self.above}{line_break(text)}"
            yield (
                Insertion(at=line, text=comment),
                Insertion(at=last or start_of(value) + 1, text=f", {item}" if last else item),
            )
        elif isinstance(value, yaml.CollectionNode) and (inner := _indent(text, start_of(value))) is not None:
            yield self.block(text, start_of_line(text, start_of(value)), inner, lines)


def composed(text: str) -> yaml.MappingNode | None:
    """Return the node of the mapping in *text*, which was parsed before; None for an empty one."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    return node if isinstance(node, yaml.MappingNode) else None


def pair_of(node: yaml.Node | None, key: str) -> _Pair | None:
    """Return the pair of *key* in the mapping *node*; as for the parser the last of two counts."""
    pairs: list[_Pair] = node.value if isinstance(node, yaml.MappingNode) else []
    return next((pair for pair in reversed(pairs) if pair[0].value == key), None)


def is_left_out(node: yaml.Node) -> bool:
    """Tell whether *node* is a value left out, as in `key:`."""
    return node.tag == "tag:yaml.org,2002:null" and node.start_mark.index == node.end_mark.index


def in_brackets(node: yaml.Node) -> bool:
    """Tell whether *node* is a list or mapping in brackets."""
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def start_of(node: yaml.Node) -> int:
    """Return the place where the text of *node* starts."""
    return int(node.start_mark.index)


def end_of(node: yaml.Node) -> int:
    """Return the place where the text of *node* ends, without the comments and blank lines behind a collection."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        return end_of(_last(node))
    return int(node.end_mark.index)


def start_of_line(text: str, place: int) -> int:
    """Return the start of the line of *place*, behind a byte order mark."""
    return max(text.rfind("\n", 0, place) + 1, int(text.startswith("\ufeff")))


def end_of_line(text: str, place: int) -> int:
    """Return the place behind the line of *place* and its break; a *place* behind a break is one already."""
    if place and text[place - 1] == "\n":
        return place
    found = text.find("\n", place)
    return len(text) if found < 0 else found + 1


def line_break(text: str) -> str:
    """Return how *text* ends its lines."""
    return "\r\n" if "\r\n" in text else "\n"


def in_one(first: Edit, second: Insertion) -> Edit:
    """Return one edit that does what *first* does and then *second*, whose place counts what *first* put in.

    That place must not be within what *first* put in.
    """
    texts = {insertion.at: insertion.text for insertion in first}
    put_in = 0  # characters before the place of the second
    for at in sorted(texts):
        if at + put_in + len(texts[at]) <= second.at:
            put_in += len(texts[at])
    at = second.at - put_in
    there = texts.get(at, "")
    behind = second.at > at + sum(len(text) for place, text in texts.items() if place < at)
    texts[at] = there + second.text if behind else second.text + there
    return tuple(Insertion(at=place, text=text) for place, text in sorted(texts.items()))


def _last(node: yaml.Node) -> yaml.Node:
    last: yaml.Node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    return last


def _indent(text: str, place: int) -> str | None:
    """Return the blanks between the start of the line and *place*; None where something else stands there."""
    before = text[start_of_line(text, place) : place]
    return before if not before.strip(" ") else None
