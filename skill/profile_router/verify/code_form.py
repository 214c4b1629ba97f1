"""Which code is the same but for its form: a digest of a syntax tree, without what a formatter rewrites.

White space, brackets around one expression and the comma after the last element are form. So are quotes of a plain
string and semicolons of JavaScript. So are the sides of a comparison, where both only name or count something. So is
`list()` for `[]`.
These are what formatters and linters rewrite (black, prettier; ruff's SIM300 and C408).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from profile_router.values import frozen
from profile_router.workspace.tree_steps import count_steps, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_BRACKETS = frozenset({"parenthesized_expression", "parenthesized_statements"})
_COMMA_ENDS = frozenset(
    {"argument_list", "arguments", "list", "dictionary", "set", "parameters", "array", "object", "formal_parameters"}
    | {"literal_value", "array_expression", "hash", "parameter_list"}
)
_QUOTED = frozenset({"python", "javascript", "jsx", "typescript", "tsx", "ruby"})
_SEMICOLONS = frozenset({"javascript", "jsx", "typescript", "tsx"})
_COMPARISONS = frozenset({"comparison_operator", "binary_expression", "binary"})
_MIRRORED = {">": "<", ">=": "<=", "<": "<", "<=": "<=", "==": "==", "!=": "!=", "===": "===", "!==": "!=="}
# What may do something, so that it matters which side comes first.
_ACTS = ("call", "invocation", "assignment", "await", "yield", "update", "increment", "macro", "new", "creation")
_EMPTY: Mapping[bytes, bytes] = {b"list()": b"[]", b"dict()": b"{}", b"tuple()": b"()"}
_LONGEST_EMPTY = max(map(len, _EMPTY))
_STEPS_A_NODE = 8  # its children, signs and digest are looked at, not it alone


@frozen(kw_only=False)
class _Form:
    """The digest of a node's code. `acts`: it may do something. `may_end`: it has a `?.`, whose end brackets move."""

    digest: bytes
    acts: bool = False
    may_end: bool = False


def code_form(language: str, root: Node, source: bytes, is_words: Callable[[Node], bool]) -> bytes:
    """Return a digest of the code of *source*, which *root* parses, `looking_at` it; *is_words* tells what is none.

    Raises TooManyStepsError.
    """
    nodes: list[tuple[Node, Sequence[Node]]] = []
    left = [root]
    while left:
        node = left.pop()
        count_steps(_STEPS_A_NODE)
        inside = [child for child in node.children if not is_words(child)]
        nodes.append((node, inside))
        left.extend(inside)
    forms: dict[int, _Form] = {}
    for node, below in reversed(nodes):
        forms[node.id] = _form(language, node, below, forms, source)
    return forms[root.id].digest


def _form(language: str, node: Node, given: Sequence[Node], forms: Mapping[int, _Form], source: bytes) -> _Form:
    acts = any(word in node.type for word in _ACTS) or any(forms[one.id].acts for one in given)
    may_end = any(forms[one.id].may_end for one in given)
    if not node.child_count:
        text = text_of(node)
        return _Form(_form_digest(node.type.encode(), text), acts, b"?." in text)
    if language == "python" and node.end_byte - node.start_byte <= _LONGEST_EMPTY:
        text = source[node.start_byte : node.end_byte]
        if text in _EMPTY or text in _EMPTY.values():
            return _Form(_form_digest(_EMPTY.get(text, text)))
    if node.type in _BRACKETS and len(given) == 3 and not may_end:
        return forms[given[1].id]
    inside = _without_signs(language, node, given)
    parts = [forms[one.id].digest for one in inside]
    if node.type == "string" and language in _QUOTED and len(inside) > 1:
        parts = _unquoted(inside, parts, source)
    elif node.type in _COMPARISONS and len(inside) == 3 and inside[1].type in _MIRRORED and not acts:
        sign = inside[1].type
        ends = [parts[2], parts[0]] if sign in {">", ">="} else [parts[0], parts[2]]
        parts = [_MIRRORED[sign].encode(), *(ends if sign in {">", ">=", "<", "<="} else sorted(ends))]
    return _Form(_form_digest(node.type.encode(), *parts, *_between(node, source)), acts, may_end)


def _without_signs(language: str, node: Node, inside: Sequence[Node]) -> Sequence[Node]:
    """Return *inside* without a comma after the last element, and without semicolons that nobody needs."""
    signs = [one.type for one in inside[-3:]]
    last = signs[-2:-1] == [","] and signs[0] != ","
    if last and (node.type in _COMMA_ENDS or (node.type == "tuple" and node.named_child_count > 1)):
        return [*inside[:-2], inside[-1]]
    ends = node.type.endswith(("statement", "declaration")) and node.type != "for_statement"
    if language in _SEMICOLONS and ends and inside and inside[-1].type == ";":
        return inside[:-1]
    return inside


def _unquoted(inside: Sequence[Node], parts: Sequence[bytes], source: bytes) -> list[bytes]:
    """Return *parts* of a string without its quotes, where they may be either: it holds neither, and no escape."""
    held = source[inside[0].end_byte : inside[-1].start_byte]
    start = text_of(inside[0])
    if len(start.strip(b"'\"")) + 1 != len(start) or any(sign in held for sign in (b"'", b'"', b"\\", b"#", b"\n")):
        return list(parts)
    return [start[:-1].lower(), *parts[1:-1]]


def _between(node: Node, source: bytes) -> list[bytes]:
    """Return the text of *node* that is in none of its children."""
    found, at = [], node.start_byte
    for child in node.children:
        found.append(source[at : child.start_byte].strip())
        at = child.end_byte
    return [one for one in (*found, source[at : node.end_byte].strip()) if one]


def _form_digest(*parts: bytes) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.digest()
