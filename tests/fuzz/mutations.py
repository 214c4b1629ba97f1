"""Strategies that damage what is right: texts by cutting, doubling and inserting, trees by putting odd values in."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

# What parsers trip over: of YAML, JSON, SSE and Markdown, and what only Unicode has.
PIECES = (
    *("", " ", "\n", "\r", "\t", "\0", "\x1b[2J", "\x85", "\u2028", "\u200b", "\u202e", "\ufeff", "\ufffd", "e\u0301"),
    *("\U0001f600", "Ａ", "ı", "ß", "中", "'", '"', "`", "```", "~~~", "\\", "/", "//", "../", "~", "$", "%", "%2e"),
    *("&a ", "*a", "<<: *a", "!!python/name:os.system", "!!binary ", "!!set", "---\n", "...\n", "? ", "- ", ": ", "#"),
    *("|", ">", "{", "}", "[", "]", "[[[[", "{{{{", ",", ":", ";", "=", "null", "true", "yes", "NaN", "Infinity"),
    *("-1", "0", "1e999", "-.inf", ".nan", "0x1f", "0o7", "1_0", "9" * 400, "\\u0000", "\\ud800", '"\\', "(a+)+$"),
    *("data: ", "data:", "\n\n", "data: [DONE]\n\n", "event: error\n", ": ping\n\n", "id: 1\n", "retry: 1\n", "\r\n"),
    *("<!--", "-->", "<tool_call>", "![x](", "](", "http://", "file://", "C:\\", "src/a.py", ".env", "**", "__", "()"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, 10**400, -(10**30), 1e308, float("inf"), float("nan")),
    *("", " ", "\0", "x" * 5_000, "\ud800", "429", "1e9", "on", "é", "\n\n", "{}"),
    *([], {}, [[]], [None], {"": None}, {"a": {"b": []}}, [[[[[[]]]]]], ["x"] * 300),
)


def texts(base: str, pieces: Sequence[str] = PIECES, most: int = 6) -> st.SearchStrategy[str]:
    """Return *base* with a few cuts, doublings and insertions; cut points tend to be the ends of lines."""
    edit = st.tuples(
        st.integers(0, max(0, len(base) - 1)),
        st.sampled_from([0, 0, 1, 2, 7, 40, 400]),
        st.one_of(st.sampled_from(pieces), st.text(max_size=4)),
        st.sampled_from(["put", "double", "cut", "line"]),
    )
    return st.lists(edit, min_size=1, max_size=most).map(lambda edits: _edited(base, edits))


def _edited(base: str, edits: Sequence[tuple[int, int, str, str]]) -> str:
    text = base
    for at, length, piece, how in edits:
        at = text.find("\n", at) + 1 if how == "line" else min(at, len(text))
        removed = text[at : at + length]
        middle = {"double": removed * 2, "cut": ""}.get(how, piece)
        text = text[:at] + middle + text[at + length :]
    return text.encode("utf-8", "replace").decode()


def octets(base: bytes, most: int = 6) -> st.SearchStrategy[bytes]:
    """Return *base* damaged as text, as bytes, or cut off."""
    as_text = texts(base.decode(), most=most).map(str.encode)
    flips = st.lists(st.tuples(st.integers(0, max(0, len(base) - 1)), st.integers(0, 255)), min_size=1, max_size=most)
    cut = st.integers(0, len(base)).map(lambda end: base[:end])
    return st.one_of(as_text, flips.map(lambda found: _flipped(base, found)), cut)


def _flipped(base: bytes, flips: Sequence[tuple[int, int]]) -> bytes:
    changed = bytearray(base)
    for at, byte in flips:
        if at < len(changed):
            changed[at] = byte
    return bytes(changed)


def trees(base: Any, values: Sequence[Any] = VALUES, most: int = 3) -> st.SearchStrategy[Any]:
    """Return *base* (of mappings and lists) with values replaced, left out or wrapped, and keys renamed."""
    places = tuple(_places(base))
    change = st.tuples(
        st.sampled_from(places),
        st.one_of(st.sampled_from(values), st.text(max_size=8)),
        st.sampled_from(["replace", "replace", "drop", "wrap", "rename", "add"]),
    )
    return st.lists(change, min_size=1, max_size=most).map(lambda changes: _changed(base, changes))


def _places(tree: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    children: Any = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for key, child in children:
        yield (*way, key)
        yield from _places(child, (*way, key))


def _changed(base: Any, changes: Sequence[tuple[tuple[Any, ...], Any, str]]) -> Any:
    tree = copy.deepcopy(base)
    for way, value, how in changes:
        holder = tree
        try:
            for key in way[:-1]:
                holder = holder[key]
            _change(holder, way[-1], copy.deepcopy(value), how)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change has taken that place away
    return tree


def _change(holder: Any, key: Any, value: Any, how: str) -> None:
    if how == "drop":
        del holder[key]
    elif how == "wrap":
        holder[key] = [holder[key], value]
    elif how == "rename" and isinstance(holder, dict):
        holder[str(value)[:20]] = holder.pop(key)
    elif how == "add" and isinstance(holder, dict):
        holder["unheard-of"] = value
    else:
        holder[key] = value
