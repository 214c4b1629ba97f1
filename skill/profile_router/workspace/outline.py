"""Outline source code: its definitions with their signatures and docstrings, the bodies left out.

The parsers are tree-sitter's; what counts as a definition is each grammar's own `tags` query. Grammars are installed
with the program: nothing is fetched. A megabyte takes about a second.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Parser, Query

MOST_OUTLINED_BYTES = 2_000_000
OUTLINE_SECONDS = 5.0  # for one parse
_PIECE_BYTES = 65_536
_MOST_ERRORS = 10_000  # children of the root: on text that is all brackets the search would take its size squared
_LONGEST_LINE, _LONGEST_DOC, _LONGEST_LEAD = 400, 300, 80
_JS = ("tree_sitter_javascript", "language", ("tree_sitter_javascript",))
_TAGS_OF_TS = ("tree_sitter_javascript", "tree_sitter_typescript")  # as TypeScript's own tree-sitter.json has it
_GRAMMARS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "python": ("tree_sitter_python", "language", ("tree_sitter_python",)),
    "javascript": _JS,
    "jsx": _JS,
    "typescript": ("tree_sitter_typescript", "language_typescript", _TAGS_OF_TS),
    "tsx": ("tree_sitter_typescript", "language_tsx", _TAGS_OF_TS),
    "go": ("tree_sitter_go", "language", ("tree_sitter_go",)),
    "rust": ("tree_sitter_rust", "language", ("tree_sitter_rust",)),
    "java": ("tree_sitter_java", "language", ("tree_sitter_java",)),
    "c": ("tree_sitter_c", "language", ("tree_sitter_c",)),
    "cpp": ("tree_sitter_cpp", "language", ("tree_sitter_cpp",)),
    "ruby": ("tree_sitter_ruby", "language", ("tree_sitter_ruby",)),
}


def outline(language: str, text: str) -> str | None:
    """Return the definitions of *text*, a line or a few each, in order.

    None where the language is not known, or the text defines nothing. None also above MOST_OUTLINED_BYTES, and after
    OUTLINE_SECONDS. Text that does not parse gives what could be recognized.
    """
    source = text.encode("utf-8", "replace")
    if language not in _GRAMMARS or len(source) > MOST_OUTLINED_BYTES:
        return None
    found = {node.start_byte: _entry(source, node, docs) for node, docs in _definitions(language, source)}
    lines = [line for at in sorted(found) for line in found[at]]
    return "\n".join(dict.fromkeys(lines)) or None


def numbered_outline(language: str, text: str) -> str | None:
    """Return the definitions of *text* as its lines with their numbers (`12\tdef f(x) …`), None as `outline` does."""
    source = text.encode("utf-8", "replace")
    if language not in _GRAMMARS or len(source) > MOST_OUTLINED_BYTES:
        return None
    found = {node.start_point.row + 1: _entry(source, node, ())[0] for node, _ in _definitions(language, source)}
    return "\n".join(f"{row}\t{found[row]}" for row in sorted(found)) or None


def syntax_of(language: str, source: bytes, *, whole: bool = True) -> Node | None:
    """Return the root of what *source* parses to; None where it is not parsed in time, or its language is not known.

    *whole*: None too where a part of it does not parse.
    """
    from tree_sitter import Parser

    if language not in _GRAMMARS or len(source) > MOST_OUTLINED_BYTES:
        return None
    root = _root(Parser(_grammar(language)[0]), source)
    return None if root is None or (whole and root.has_error) else root


def _definitions(language: str, source: bytes) -> list[tuple[Node, Sequence[Node]]]:
    """Return what *source* defines, each with its comments, the first that is found at a place; none if not parsed."""
    from tree_sitter import Parser, QueryCursor  # only who outlines pays for the parsers

    grammar, query = _grammar(language)
    root = _root(Parser(grammar), source)
    if root is None or (root.has_error and root.child_count > _MOST_ERRORS):
        return []
    found: dict[int, tuple[Node, Sequence[Node]]] = {}
    for _, captures in QueryCursor(query).matches(root):
        for name, nodes in captures.items():
            if name.startswith("definition."):
                found.setdefault(nodes[0].start_byte, (nodes[0], captures.get("doc", ())))
    return list(found.values())


def _root(parser: Parser, source: bytes) -> Node | None:
    """Parse *source*; None after OUTLINE_SECONDS: to fix what is all beginnings takes the square of its length."""
    until = monotonic() + OUTLINE_SECONDS
    try:
        tree = parser.parse(
            lambda at, _: source[at : at + _PIECE_BYTES], progress_callback=lambda *_: monotonic() > until
        )
    except ValueError:  # it was told to stop
        return None
    return tree.root_node if tree is not None else None


@cache
def _grammar(language: str) -> tuple[Language, Query]:
    """Return the parser's language and its definitions query: the patterns that find uses of names are switched off."""
    from tree_sitter import Language, Query

    module, function, tags = _GRAMMARS[language]
    grammar = Language(getattr(importlib.import_module(module), function)())
    text = "\n".join(importlib.import_module(name).TAGS_QUERY for name in tags)
    query, raw = Query(grammar, text), text.encode()
    for place in range(query.pattern_count):
        if b"@definition." not in raw[query.start_byte_for_pattern(place) : query.end_byte_for_pattern(place)]:
            query.disable_pattern(place)
    return grammar, query


def _entry(source: bytes, node: Node, docs: Sequence[Node]) -> list[str]:
    """Return comment, signature and docstring of the definition *node*, indented as it is."""
    body = node.child_by_field_name("body")
    whole = source[_start(source, node) : body.start_byte if body is not None else node.end_byte]
    signature = whole if body is not None else whole.split(b"\n", 1)[0]
    comments = [_cut(source[doc.start_byte : doc.end_byte], _LONGEST_DOC) for doc in docs[:3]]
    inside = _docstring(body)
    within = [] if inside is None else [_cut(source[_start(source, inside) : inside.end_byte], _LONGEST_DOC)]
    return [*comments, f"{_cut(signature, _LONGEST_LINE)} …", *within]


def _start(source: bytes, node: Node) -> int:
    """Return where the line of *node* begins, if it is short: its indentation, its modifiers, a function's type."""
    line = source.rfind(b"\n", max(0, node.start_byte - _LONGEST_LEAD), node.start_byte) + 1
    lead = source[line : node.start_byte]
    return line if len(lead) <= _LONGEST_LEAD and not set(lead) & set(b"{};") else node.start_byte


def _docstring(body: Node | None) -> Node | None:
    first = body.named_child(0) if body is not None and body.named_child_count else None
    if first is not None and first.type == "expression_statement" and first.named_child_count:
        first = first.named_child(0)
    return first if first is not None and first.type == "string" else None


def _cut(text: bytes, longest: int) -> str:
    shown = text.decode("utf-8", "replace").rstrip().rstrip("{:").rstrip()
    return shown if len(shown) <= longest else f"{shown[:longest]}…"
