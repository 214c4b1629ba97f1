"""What the names of a file stand for: what it imports, and names for other names. By its syntax; nothing of it runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from profile_router.expressions import expression
from profile_router.workspace.tree_steps import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_STEPS = 8  # from a name to the one that it stands for
_DOTTED = expression(rb"\w+(?:\.\w+)*")
_MEMBER = expression(rb"\[\s*[\"'](\w+)[\"']\s*\]")
LocalNames = Mapping[bytes, bytes]


def local_names(nodes: Iterable[Node]) -> LocalNames:
    """Return what each name of a file with these *nodes* stands for, as dotted names; without scopes."""
    return {name: meant for node in nodes for name, meant in _said_by(node) if name != meant}


def meaning(text: bytes, names: LocalNames) -> bytes:
    """Return what the dotted name *text* stands for, by the *names* of its file. What it is called with is left out."""
    said = dotted(text)
    for _ in range(_MOST_STEPS):
        head, dot, rest = said.partition(b".")
        if head not in names:
            break
        said = names[head] + dot + rest
    return said


def dotted(text: bytes) -> bytes:
    """Return the name that *text* begins with, such as `a.b` of `a["b"](c)`; empty where it begins with none."""
    found = re.match(rb"\w+(?:\.\w+)*", _MEMBER.sub(rb".\1", text[:400]))
    return found[0] if found else b""


def _said_by(node: Node) -> Iterator[tuple[bytes, bytes]]:
    """Yield each name that *node* makes, and what it is a name for."""
    if node.type in {"import_statement", "import_from_statement"}:
        module = text_of(node.child_by_field_name("module_name"))
        for one in node.children_by_field_name("name"):
            yield from _imported(one, module)
    elif node.type == "import_specifier" and node.child_by_field_name("alias") is not None:
        yield text_of(node.child_by_field_name("alias")), text_of(node.child_by_field_name("name"))
    elif node.type in {"assignment", "variable_declarator"}:
        yield from _assigned(node)


def _imported(node: Node, module: bytes) -> Iterator[tuple[bytes, bytes]]:
    name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
    said = text_of(name if name is not None else node)
    if module:
        yield text_of(alias) or said, module + b"." + said
    elif alias is not None:
        yield text_of(alias), said


def _assigned(node: Node) -> Iterator[tuple[bytes, bytes]]:
    name = node.child_by_field_name("left") or node.child_by_field_name("name")
    value = node.child_by_field_name("right") or node.child_by_field_name("value")
    if name is None or value is None:
        return
    # Of Python alone: a mark with its reason.
    called = value.child_by_field_name("function") if value.type == "call" else None
    meant = _MEMBER.sub(rb".\1", text_of(called if called is not None else value)[:400])
    if not _DOTTED.fullmatch(meant):
        return
    if name.type == "identifier":
        yield text_of(name), meant
    for one in name.named_children if name.type == "object_pattern" else ():
        key, local = one.child_by_field_name("key"), one.child_by_field_name("value")
        yield text_of(local if local is not None else one), meant + b"." + text_of(key if key is not None else one)
