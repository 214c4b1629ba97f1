"""Move a key of a config.yaml to another section as text, with its comments; nothing else changes a byte."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml

from profile_router.adapters.install.yaml_text import (
    NotEditable,
    Pair,
    compose,
    end,
    find,
    indent,
    is_flow,
    is_null,
    line_break,
    line_end,
    line_start,
    load,
    reads_as,
    start,
)

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    """A text without a key: `at` is where a new section for it belongs, `body` its own lines, indented by nothing."""

    text: str
    at: int
    body: str


def move(text: str, source: Path, target: Path | None) -> str:
    """Return *text* with the key *source* at *target* (at most one section deep), or without it for None.

    A section that is left empty goes too, and one that is missing is made. Raises NotEditable where the result
    would not read as meant.
    """
    cut = _cut(text, source, take_comment=target is not None)
    after = cut.text if target is None else _paste(cut, source[-1], target, line_break(text))
    if not reads_as(after, moved(load(text), source, target)):
        where = f"to {'.'.join(target)}" if target else "away"
        raise NotEditable(f"{'.'.join(source)} cannot be moved {where} without writing the file anew")
    return after


def moved(config: dict[str, Any], source: Path, target: Path | None) -> dict[str, Any]:
    """Return what `move` means, as values."""
    config = deepcopy(config)
    *sections, key = source
    inner = config
    for section in sections:
        inner = inner[section]
    value = inner.pop(key)
    if sections and not inner:
        config = moved(config, tuple(sections), None)
    if target is not None:
        *sections, key = target
        inner = config
        for section in sections:
            if inner.get(section) is None:
                inner[section] = {}
            inner = inner[section]
        inner[key] = value
    return config


def _cut(text: str, source: Path, *, take_comment: bool) -> _Cut:
    root = compose(text)
    chain = _chain(root, source)
    depth = len(chain) - 1
    body = _body(text, chain[depth])
    while depth and len(chain[depth - 1][1].value) == 1:  # the section would be left empty
        depth -= 1
    parent = chain[depth - 1][1] if depth else root
    if parent is not None and is_flow(parent):
        first, last = _flow_span(parent, chain[depth])
    else:
        alone = chain[depth] is chain[-1]  # what stands above a section that goes is kept
        first, last = _line_span(text, chain[depth], take_comment=take_comment and alone)
    top = line_end(text, end(chain[0][1]))
    at = first if depth == 0 else top - (last - first)
    return _Cut(text=text[:first] + text[last:], at=at, body=body)


def _chain(node: yaml.Node | None, source: Path) -> list[Pair]:
    chain: list[Pair] = []
    for key in source:
        pair = find(node, key)
        if pair is None or end(pair[1]) < start(pair[0]):  # an alias has the places of its anchor
            raise NotEditable(f"{'.'.join(source)} is written by way of an alias")
        chain.append(pair)
        node = pair[1]
    return chain


def _body(text: str, pair: Pair) -> str:
    blanks = indent(text, start(pair[0]))
    if blanks is None:
        return text[start(pair[0]) : end(pair[1])] + line_break(text)
    first, last = _line_span(text, pair, take_comment=True)
    lines = text[first:last].splitlines(keepends=True)
    body = "".join(line[len(blanks) :] if line.startswith(blanks) else line.lstrip(" ") for line in lines)
    return body if body.endswith("\n") else body + line_break(text)


def _line_span(text: str, pair: Pair, *, take_comment: bool) -> tuple[int, int]:
    """Return the span of the lines of *pair*, and of the comment right above it unless that heads the file."""
    blanks = indent(text, start(pair[0]))
    if blanks is None:
        raise NotEditable(f"{pair[0].value} does not begin a line")
    first = comment = line_start(text, start(pair[0]))
    top = line_start(text, 0)
    while comment > top and re.match(rf"{blanks}#", text[(above := line_start(text, comment - 1)) : comment]):
        comment = above
    if take_comment and comment > top:
        first = comment
    return first, line_end(text, max(end(pair[1]), end(pair[0])))


def _flow_span(parent: yaml.Node, pair: Pair) -> tuple[int, int]:
    """Return the span of *pair* in braces, with the comma that goes with it."""
    place = parent.value.index(pair)
    if place + 1 < len(parent.value):
        return start(pair[0]), start(parent.value[place + 1][0])
    return end(parent.value[place - 1][1]) if place else start(pair[0]), end(pair[1])


def _paste(cut: _Cut, old: str, target: Path, over: str) -> str:
    body = cut.body
    if target[-1] != old:
        body = re.sub(rf"^(['\"]?){re.escape(old)}\1(?=\s*:)", target[-1], body, count=1, flags=re.MULTILINE)
    if len(target) == 1:
        return _insert(cut.text, cut.at, body, over)
    section = find(compose(cut.text), target[0])
    if section is None:
        return _insert(cut.text, cut.at, f"{target[0]}:{over}{_indented(body, '  ')}", over)
    key, value = section
    if is_flow(value):
        last = end(value.value[-1][1]) if value.value else start(value) + 1
        return cut.text[:last] + (", " if value.value else "") + body.strip() + cut.text[last:]
    if is_null(value):
        return _insert(cut.text, line_end(cut.text, end(key)), _indented(body, "  "), over)
    blanks = indent(cut.text, start(value)) or ""
    return _insert(cut.text, line_end(cut.text, end(value)), _indented(body, blanks), over)


def _insert(text: str, at: int, body: str, over: str) -> str:
    missing = over if at == len(text) and text and not text.endswith(("\n", "\ufeff")) else ""
    return text[:at] + missing + body + text[at:]


def _indented(body: str, blanks: str) -> str:
    return "".join(blanks + line if line.strip() else line for line in body.splitlines(keepends=True))
