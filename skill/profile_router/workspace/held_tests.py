"""The tests that a file defines, by its syntax: names, cases, assertions, and whether each is switched off.

It knows how tests are mostly written, and proves nothing. Where a file of tests defines none, it is one test itself. It
has as many cases as assertions then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from profile_router.core.condense.parts import language_of_file
from profile_router.core.language.test_files import changes_tests
from profile_router.core.trust.taken_tests import HeldTest
from profile_router.expressions import expression
from profile_router.workspace.outline import syntax_of
from profile_router.workspace.switched_off import switched_off
from profile_router.workspace.tests_in_lines import tests_in_lines
from profile_router.workspace.tests_in_trees import CALLS, FoundTest, called_by, nodes_below, tests_in_tree
from profile_router.workspace.tree_steps import TooManyStepsError, at_most, count_parse, looking_at, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_HELD_BYTES = 512 * 1024
_LISTS = frozenset(
    {"list", "tuple", "set", "array", "array_expression", "literal_value", "element_value_array_initializer"}
)
_ROWS = _LISTS | {"dictionary", "object", "object_creation_expression", "initializer_list"}
_LOOPS = frozenset({"for_statement", "for_in_statement", "for_expression", "enhanced_for_statement", "for"})
_ASSERTS = expression(
    rb"(?i:assert\w*|expect\w*|should\w*|verify\w*|check\w*|require\w*|ensure\w*)|(?:must|wont|refute)_\w+|raises\w*"
    rb"|warns\w*|throws\w*|rejects|fail\w*|Fail\w*|Fatal\w*|Errorf?|panic|ok|is|isnt|like|equals?|deepEqual|eq|ne"
    rb"|(?:TEST_ASSERT|CU_ASSERT|ck_assert|cr_assert)\w*"
)
_FAILS = expression(rb"Fail(?:Now)?|Fatalf?|Errorf?|panic|fail")
# What says nothing of the code: words of the tests themselves, and what prints.
_PLAIN = expression(
    rb"self|cls|this|tb?|tc|Assert\w*|std|True|true|False|false|console|log|[Pp]rint\w*|fmt|puts|stdout|stderr"
    rb"|process|System|out|pytest|unittest|testing|T|exit|EXIT_SUCCESS|done|NULL|minitest"
)
_UNTOLD = expression(rb"@(?:\w+\.)*(?:MethodSource|CsvFileSource|ArgumentsSource|EnumSource|FieldSource|TestFactory)\b")
_SOURCE = expression(rb"(?:parametri[sz]e|expand|each|for|ValueSource|CsvSource)")


def held_tests(path: str, source: bytes | None, old: bytes | None = None) -> tuple[HeldTest, ...] | None:
    """Return the tests that the file *path* defines by its content *source* (None: it is not there).

    *old* is its content before the work: a condition of the project that stands there switches nothing off.
    None is returned where the file is too large, or nested too deeply, to be looked at.
    """
    if not source or not source.strip():
        return ()
    if len(source) > MOST_HELD_BYTES:
        return None
    try:
        with at_most(), looking_at(source):
            return _held_in(path, source, old or b"")
    except TooManyStepsError:
        return None


def _held_in(path: str, source: bytes, old: bytes) -> tuple[HeldTest, ...]:
    count_parse(source)
    language = language_of_file(path)
    root = None if language is None else syntax_of(language, source, whole=False)
    if root is None or language is None:
        return tests_in_lines(path, source)
    off = switched_off(root, old)
    found = tuple(tests_in_tree(language, root, off.names))
    if not found:
        checks = sum(map(_is_check, nodes_below(root))) if changes_tests(path) else 0
        return (HeldTest(name=path, cases=checks, checks=checks),) if checks else ()
    alone = any(one.only for one in found)
    checking = _checking(root)
    return tuple(_held(one, checking, off=one.off or off.has(one) or (alone and not one.only)) for one in found)


def may_hold_tests(path: str) -> bool:
    """Tell whether the file *path* may define tests. Those of Rust stand in its sources, too."""
    return changes_tests(path) or path.endswith(".rs")


def _checking(root: Node) -> frozenset[bytes]:
    """Return the names of the functions of a file that assert something, for the tests that call them."""
    named = ((one.child_by_field_name("name"), one.child_by_field_name("body")) for one in nodes_below(root))
    pairs = ((name, body) for name, body in named if name is not None and body is not None)
    return frozenset(text_of(name) for name, body in pairs if any(map(_is_check, nodes_below(body))))


def _held(found: FoundTest, checking: frozenset[bytes], *, off: bool) -> HeldTest:
    below = tuple(nodes_below(found.body))
    checks = sum(_is_check(one) or (bool(parts := called_by(one)) and text_of(parts[-1]) in checking) for one in below)
    cases = _cases(found)
    return HeldTest(
        name=found.name,
        cases=cases or 1,
        many=cases is None,
        checks=checks,
        tests_code=bool(checks) or any(map(_names_code, below)),
        off=off,
    )


def _names_code(node: Node) -> bool:
    """Tell whether *node* is a name of something that is tested, or that helps to."""
    if node.child_count or not (node.type.endswith("identifier") or node.type == "constant"):
        return False
    return not (_PLAIN.fullmatch(text_of(node)) or _ASSERTS.fullmatch(text_of(node)))


def _is_check(node: Node) -> bool:
    """Tell whether *node* asserts something that is not constant. Of a chain of calls the first counts."""
    if node.type == "assert_statement":
        return any(map(_names_code, nodes_below(node)))
    if node.type not in CALLS:
        return False
    callee = called_by(node)
    if any(inner.type in CALLS for one in callee for inner in nodes_below(one)):
        return False
    words = re.findall(rb"\w+", b".".join(map(text_of, callee)))
    if not words or not (_ASSERTS.fullmatch(words[0]) or _ASSERTS.fullmatch(words[-1])):
        return False
    return _FAILS.fullmatch(words[-1]) is not None or any(map(_names_code, nodes_below(node)))


def _cases(found: FoundTest) -> int | None:
    """Return how often a test runs; None where its file does not tell."""
    cases, told = 1, sum(text_of(one).startswith((b"#[case", b"#[test_case")) for one in found.above)
    for above in found.above:
        if _UNTOLD.search(text_of(above)):
            return None
        for node in nodes_below(above):
            words = re.findall(rb"\w+", b".".join(map(text_of, called_by(node))))
            if words and _SOURCE.fullmatch(words[-1]):
                size = _first_list(node, after_names=words[-1].startswith(b"parametri"))
                if size is None:
                    return None
                cases *= max(1, size)
    rows = _rows(found.body)
    return None if rows is None else cases * max(1, told, rows, _runs(found.body))


def _first_list(call: Node, *, after_names: bool) -> int | None:
    """Return how many elements the first list has that *call* is given; None where it is given none.

    With *after_names* its first argument, which may be a list too, holds the names of the values.
    """
    given = call.child_by_field_name("arguments")
    among = [] if given is None else given.named_children[1:] if after_names else [given]
    return next((_size(one) for top in among for one in nodes_below(top) if one.type in _LISTS), None)


def _size(node: Node) -> int:
    return sum(not one.type.endswith("comment") for one in node.named_children)


def _rows(body: Node) -> int | None:
    """Return the rows of the largest table in *body*, if it has a loop; None where its loop goes over a name alone."""
    nodes: Sequence[Node] = tuple(nodes_below(body))
    each = {node.id for node in nodes if (parts := called_by(node)) and text_of(parts[-1]).endswith((b"each", b"Each"))}
    loops = [one for one in nodes if one.type in _LOOPS or one.id in each]
    if not loops:
        return 1
    over = [one.child_by_field_name("right") for one in loops]
    sizes = [_size(one) for one in over if one is not None and one.type in _LISTS]
    sizes += [_size(one) for one in nodes if one.type in _LISTS and all(_is_row(row) for row in one.named_children)]
    if not sizes and any(one is not None and one.type.endswith("identifier") for one in over):
        return None
    return max(sizes, default=1)


def _is_row(node: Node) -> bool:
    inner = (
        node.named_children[-1] if node.type in {"literal_element", "keyed_element"} and node.named_children else node
    )
    return inner.type in _ROWS or node.type.endswith("comment")


def _runs(body: Node) -> int:
    """Return how many tests of Go run inside of *body*, each by its own call."""
    return sum(node.type == "call_expression" and text_of(node).startswith(b't.Run("') for node in nodes_below(body))
