"""Where a syntax tree defines tests, language by language: the names of the frameworks that a check is found for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from profile_router.expressions import expression
from profile_router.values import frozen
from profile_router.workspace.local_names import LocalNames
from profile_router.workspace.tree_steps import count_steps, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

CALLS = frozenset({"call", "call_expression", "method_invocation", "macro_invocation", "annotation"})
_CALLEE = ("receiver", "object", "function", "macro", "method", "name")
_GO = expression(rb"(?:Test|Fuzz|Example)(?![a-z])\w*")
_MACRO = expression(rb"(?:TYPED_)?TEST(?:_F|_P)?|BOOST_AUTO_TEST_CASE|Test")
_C = expression(rb"_*[Tt]est\w*|\w+_test")
_JS_OFF = frozenset({b"x", b"skip", b"todo", b"skipIf", b"runIf", b"failing", b"fails", b"fixme"})
_SCRIPTS = frozenset({"javascript", "jsx", "typescript", "tsx"})
_FIXTURE = expression(rb"@(?:\w+\.)*fixture\b")
_JS = expression(rb"(x|f)?(?:Deno\.)?(?:test|it|specify)((?:\.\w+)*)")
_JS_GROUP = expression(rb"(x|f)?(?:describe|suite|context)((?:\.\w+)*)")
_RUBY = expression(rb"(x|f)?(?:test|it|specify|scenario|example)")
_JAVA = expression(rb"@(?:\w+\.)*(?:Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate|Property)\b")
_RUST = expression(rb"#\[(?:\w+::)*(?:test|rstest|test_case|quickcheck|wasm_bindgen_test)\b")


@frozen
class FoundTest:
    """A test in a tree. `above` are its decorators, annotations and attributes, and those of what it stands in."""

    name: str
    body: Node
    above: tuple[Node, ...] = ()
    off: bool = False
    only: bool = False


def tests_in_tree(language: str, root: Node, names: LocalNames) -> Iterator[FoundTest]:
    """Yield the tests that the file with this *root* defines. *names* is what its names stand for."""
    for node in nodes_below(root):
        yield from _javascript(node, names) if language in _SCRIPTS else _FINDERS[language](node)


def nodes_below(root: Node) -> Iterator[Node]:
    """Yield *root* and all nodes below it in order, without comments. Raises TooManyStepsError."""
    left = [root]
    while left:
        node = left.pop()
        count_steps(1)
        if not node.type.endswith("comment"):
            yield node
            left.extend(reversed(node.children))


def called_by(node: Node) -> tuple[Node, ...]:
    """Return the parts of what *node* calls, its name last; none where it calls nothing."""
    parts = (node.child_by_field_name(name) for name in _CALLEE) if node.type in CALLS else ()
    return tuple(one for one in parts if one is not None)


def outwards(node: Node) -> Iterator[Node]:
    """Yield what *node* stands in, from the inside."""
    above, depth = node.parent, 1
    while above is not None:
        count_steps(depth)  # a parent is looked for from the root on
        yield above
        above, depth = above.parent, depth + 1


def _python(node: Node) -> Iterator[FoundTest]:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if node.type != "function_definition" or body is None or not text_of(name).startswith(b"test"):
        return
    around = list(outwards(node))
    if any(one.type == "function_definition" for one in around):
        return
    above = [
        child
        for one in around
        if one.type == "decorated_definition"
        for child in one.children
        if child.type == "decorator"
    ]
    if any(_FIXTURE.match(text_of(one)) for one in above):
        return
    yield FoundTest(name=_decoded(name), body=body, above=tuple(above))


def _javascript(node: Node, names: LocalNames) -> Iterator[FoundTest]:
    said = _js_call(node, _JS, names)
    given = node.child_by_field_name("arguments")
    if said is None or given is None or not given.named_children:
        return
    first, body = given.named_children[0], given.named_children[-1]
    if not first.type.endswith("string"):
        return
    groups = [(one, found) for one in outwards(node) if (found := _js_call(one, _JS_GROUP, names))]
    words = {word for one in (said, *(found for _, found in groups)) for word in one}
    calls = (node, *(group for group, _ in groups))
    above = [text for one in calls if (text := one.child_by_field_name("function"))]
    yield FoundTest(
        name=_decoded(first).strip("\"'`"),
        body=body,
        above=tuple(one for one in above if one.type == "call_expression"),
        off=len(given.named_children) == 1 or not words.isdisjoint(_JS_OFF) or any(map(_told_off, calls)),
        only=not words.isdisjoint({b"f", b"only"}),
    )


def _js_call(node: Node, words: re.Pattern[bytes], names: LocalNames) -> tuple[bytes, ...] | None:
    """Return what *node* adds to one of *words* that it calls: its first letter and last members; None if none."""
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    if function is not None and function.type == "call_expression":  # test.each([...])("name", …)
        function = function.child_by_field_name("function")
    if function is None:
        return None
    found = words.fullmatch(_meaning(function, names)) or words.fullmatch(text_of(function))
    return ((found[1] or b""), *found[2].split(b".")[1:]) if found else None


def _meaning(function: Node, names: LocalNames) -> bytes:
    """Return what *function* stands for: `it.skip` by another name, or `it["skip"]`."""
    text = re.sub(rb"\[\s*[\"'](\w+)[\"']\s*\]", rb".\1", text_of(function)[:400])
    head, dot, rest = text.partition(b".")
    return names.get(head, head) + dot + rest


def _told_off(call: Node) -> bool:
    """Tell whether *call* is given options such as `{ skip: true }`."""
    given = call.child_by_field_name("arguments")
    options = [] if given is None else [one for one in given.named_children if one.type == "object"]
    pairs = [pair for one in options for pair in one.named_children]
    told = {text_of(one.child_by_field_name("key")): text_of(one.child_by_field_name("value")) for one in pairs}
    return any(told.get(key, b"false") not in {b"false", b"undefined"} for key in (b"skip", b"todo", b"fails"))


def _go(node: Node) -> Iterator[FoundTest]:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if node.type == "function_declaration" and body is not None and _GO.fullmatch(text_of(name)):
        yield FoundTest(name=_decoded(name), body=body)


def _rust(node: Node) -> Iterator[FoundTest]:
    above: list[Node] = []
    for child in node.named_children if node.type in {"source_file", "declaration_list"} else ():
        if child.type == "attribute_item":
            above.append(child)
        elif not child.type.endswith("comment"):
            body = child.child_by_field_name("body") if child.type == "function_item" else None
            if body is not None and any(_RUST.match(text_of(one)) for one in above):
                yield FoundTest(name=_decoded(child.child_by_field_name("name")), body=body, above=tuple(above))
            above = []


def _java(node: Node) -> Iterator[FoundTest]:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if node.type != "method_declaration" or body is None:
        return
    mine, outer = _annotations(node), [child for one in outwards(node) for child in _annotations(one)]
    if any(_JAVA.match(text_of(one)) for one in mine) or text_of(name).startswith(b"test"):
        yield FoundTest(name=_decoded(name), body=body, above=(*mine, *outer))


def _annotations(node: Node) -> list[Node]:
    modifiers = next((child for child in node.children if child.type == "modifiers"), None)
    return [] if modifiers is None else [one for one in modifiers.children if one.type.endswith("annotation")]


def _c(node: Node) -> Iterator[FoundTest]:
    body, declarator = node.child_by_field_name("body"), node.child_by_field_name("declarator")
    if node.type != "function_definition" or body is None or declarator is None:
        return
    name = declarator.child_by_field_name("declarator")
    if _MACRO.fullmatch(text_of(name)):
        yield FoundTest(name=_decoded(declarator), body=body, off=b"DISABLED_" in text_of(declarator))
    elif _C.fullmatch(text_of(name)):
        yield FoundTest(name=_decoded(name), body=body)


def _ruby(node: Node) -> Iterator[FoundTest]:
    name = node.child_by_field_name("name")
    if node.type == "method" and text_of(name).startswith(b"test_"):
        yield FoundTest(name=_decoded(name), body=node.child_by_field_name("body") or node)
        return
    word = text_of(node.child_by_field_name("method")) if node.type == "call" else b""
    found, given = _RUBY.fullmatch(word), node.child_by_field_name("arguments")
    if not found or given is None or node.child_by_field_name("receiver") is not None:
        return
    block = node.child_by_field_name("block")
    body = None if block is None else block.child_by_field_name("body") or block
    yield FoundTest(name=_decoded(given).strip("()\"'"), body=body or node, off=block is None or found[1] == b"x")


def _decoded(node: Node | None) -> str:
    return text_of(node).decode("utf-8", "replace")


_FINDERS: Mapping[str, Callable[[Node], Iterator[FoundTest]]] = {
    "python": _python,
    "go": _go,
    "rust": _rust,
    "java": _java,
    **dict.fromkeys(("c", "cpp"), _c),
    "ruby": _ruby,
}
