"""Which tests of a file are off: by a mark, by what runs before them, or by a first line.

It knows how tests are mostly switched off, and proves nothing. A condition counts only where it is constant. A mark
with a condition counts as a mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from profile_router.expressions import expression
from profile_router.values import frozen
from profile_router.workspace.local_names import dotted, local_names, meaning
from profile_router.workspace.tests_in_trees import FoundTest, called_by, nodes_below, outwards
from profile_router.workspace.tree_steps import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_OFF = expression(
    rb"\b(?:skip|skip[Ii]f|skipUnless|xfail|expectedFailure|ignore|Ignore|Disabled\w*|EnabledIf\w*)\b"
    rb"|\.(?:skip|todo|fixme|failing)\b"
)
_LEAVES = expression(
    rb"(?:raise\s+)?(?:(?:self|this|pytest|unittest|unittest\.case|test|tb?|b|ctx|context)\.)?"
    rb"(?:skipTest|skip|xfail|SkipTest|Skipf?|SkipNow|pending|todo)\b\s*(?:[(\"';]|$)|(return)\b"
    rb"|(?:\w+\.)*(?:abort\s*\(|assumeTrue\s*\(\s*false\b|assumeFalse\s*\(\s*true\b)"
)
_MAY_RUN = expression(rb"(?:[Ii]f|Unless)\b")  # a mark with a condition
_MARK = expression(rb"(?:pytest\.mark|unittest|mark)\.\w")
_TRUE = expression(rb"[(\s]*(?:[Tt]rue|1|not\s+False|!\s*false)[)\s]*")
_BLOCKS = frozenset({"block", "statement_list", "body_statement", "statement_block", "block_body", "then", "do_block"})
_MODIFIED = frozenset({"if_modifier", "unless_modifier"})
_BEFORE = expression(
    rb"(?:async)?[sS]etUp(?:Class|Module)?|setup(?:_method|_class|_module|_function)?|before(?:Each|All|_all|_each)?"
)
_BEFORE_MARK = expression(rb"@(?:\w+\.)*(?:Before(?:Each|All|Class)?\b|fixture\b[^\n]*\bautouse\s*=\s*True)")
_SCOPES = frozenset({"class_definition", "class_body", "class", "module", "arguments"})
_NEVER = expression(
    rb"#!?\[cfg\((?:any\(\)|false|not\((?:test|all\(\))\)|all\((?:[^()]*,)?any\(\)(?:,[^()]*)?\))\)\]"
    rb"|#\[cfg_attr\((?:all\(\)|test|true|not\(any\(\)\)),.*\bignore\b.*"
)
_TAG = expression(rb"^//go:build ((?:[\w.]+ ?&& ?)*[\w.]+)$|^// \+build ([\w.]+)$", re.MULTILINE)
_KNOWN_TAG = expression(
    rb"linux|unix|darwin|windows|freebsd|openbsd|netbsd|android|ios|js|wasm|wasip1|plan9|solaris|aix|amd64|arm64|arm"
    rb"|386|riscv64|ppc64(?:le)?|s390x|mips\w*|cgo|gc|gccgo|race|go1\.\d+"
)


@frozen
class SwitchedOff:
    """What a file says of its tests being off. `names` is what its names stand for. `leavers` are its functions that
    end a test at once, `markers` those that name a mark. `ranges` are the bytes in which no test runs; `gone` are tests
    that are another thing, or nothing, afterwards. `old` is the file before the work: conditions of it do not count."""

    names: Mapping[bytes, bytes]
    leavers: frozenset[bytes]
    markers: frozenset[bytes]
    ranges: tuple[tuple[int, int], ...] = ()
    gone: frozenset[bytes] = frozenset()
    old: bytes = b""

    def has(self, found: FoundTest) -> bool:
        """Tell whether the test *found* is off."""
        at, name = found.body.start_byte, found.name.encode()
        inside = any(start <= at < end for start, end in self.ranges)
        return inside or name in self.gone or any(map(self.marks, found.above)) or self.ends_at_once(found.body)

    def marks(self, above: Node) -> bool:
        """Tell whether the decorator, annotation or attribute *above* a test switches it off."""
        text = text_of(above)
        if _NEVER.fullmatch(re.sub(rb"\s", b"", text)):
            return True
        said = text.lstrip(b"@ ")
        if _OFF.search(text.partition(b"(")[0]):
            return True
        meant = meaning(said, self.names)
        marks = _OFF.search(meant) is not None or dotted(said) in self.markers
        return marks and not ((_MAY_RUN.search(meant) or dotted(said) in self.markers) and self._was_there(said))

    def _was_there(self, said: bytes) -> bool:
        """Tell whether the name that *said* begins with is made before the work, too: a condition of the project."""
        name = re.escape(dotted(said).partition(b".")[0])
        made = rb"(?m)^[ \t]*(?:def[ \t]+)?%b[ \t]*[=(:]|\bimport\b[^\n]*\b%b\b" % (name, name)
        return re.search(made, self.old) is not None

    def ends_at_once(self, body: Node) -> bool:
        """Tell whether a test with this *body* is skipped, or ends before its end, under no condition."""
        lines = _statements(body)
        return any(self._ends(line, last=at + 1 == len(lines)) for at, line in enumerate(lines))

    def _ends(self, line: Node, *, last: bool) -> bool:
        if line.type in _MODIFIED:
            return False
        if lines := _always(line):
            return any(self._ends(one, last=last and at + 1 == len(lines)) for at, one in enumerate(lines))
        found = _LEAVES.match(self.plain_start(line))
        if found is not None:
            return not found[1] or not last
        inner = line.named_children[:1] if line.type == "expression_statement" else [line]
        parts = called_by(inner[0]) if inner else ()
        return bool(parts) and text_of(parts[-1]).rpartition(b".")[2] in self.leavers

    def plain_start(self, line: Node) -> bytes:
        """Return the start of *line*, with what its first name stands for."""
        text = text_of(line)[:400]
        raises = re.match(rb"(?:raise\s+|throw\s+new\s+|await\s+)?", text)
        start = raises[0] if raises else b""
        said = dotted(text[len(start) :])
        return start + meaning(said, self.names) + text[len(start) + len(said) :] if said else text


def switched_off(root: Node, old: bytes) -> SwitchedOff:
    """Return what the file with this *root* says of its tests being off; *old* is the file before the work."""
    nodes = tuple(nodes_below(root))
    plain = SwitchedOff(names=local_names(nodes), leavers=frozenset(), markers=frozenset(), old=old)
    pairs = [
        (text_of(name), body)
        for one in nodes
        if (name := one.child_by_field_name("name")) is not None
        and (body := one.child_by_field_name("body")) is not None
        and "class" not in one.type
        and not text_of(name).lower().startswith(b"test")
    ]
    leavers = frozenset(name for name, body in pairs if plain.ends_at_once(body) and _skips(body, plain))
    markers = frozenset(name for name, body in pairs if _names_a_mark(body, plain))
    known = replace(plain, leavers=leavers, markers=markers)
    return replace(known, ranges=tuple(_ranges(root, nodes, known)), gone=frozenset(_gone(nodes)))


def _skips(body: Node, known: SwitchedOff) -> bool:
    """Tell whether *body* skips a test, and does not just return."""
    return any(
        (found := _LEAVES.match(known.plain_start(one))) is not None and not found[1] for one in nodes_below(body)
    )


def _names_a_mark(body: Node, known: SwitchedOff) -> bool:
    named = (one for one in nodes_below(body) if one.type in {"attribute", "identifier", "member_expression"})
    said = (meaning(text_of(one), known.names) for one in named)
    return any(_MARK.search(one) and _OFF.search(one) for one in said)


def _ranges(root: Node, nodes: Sequence[Node], known: SwitchedOff) -> Iterator[tuple[int, int]]:
    if _file_is_off(root, known):
        yield root.start_byte, root.end_byte
    for node in nodes:
        if node.type == "mod_item" and (above := _attribute_above(node)) is not None and known.marks(above):
            yield node.start_byte, node.end_byte
        elif _stops_what_follows(node, known):
            around = next((one for one in outwards(node) if one.type in _SCOPES), root)
            yield around.start_byte, around.end_byte


def _file_is_off(root: Node, known: SwitchedOff) -> bool:
    """Tell whether what stands at the top of a file keeps all its tests from being run."""
    head = b"\n".join(text_of(one) for one in root.children[:40] if one.type.endswith("comment"))
    tags = (tag for found in _TAG.finditer(head) for tag in re.findall(rb"[\w.]+", found[1] or found[2]))
    if any(not _KNOWN_TAG.fullmatch(tag) for tag in tags):
        return True
    for one in root.children:
        if one.type == "inner_attribute_item" and known.marks(one):
            return True
        if one.type == "function_declaration" and text_of(one.child_by_field_name("name")) == b"TestMain":
            return b".Run(" not in text_of(one.child_by_field_name("body"))
    if root.type != "module":
        return False
    lines = [one for line in root.named_children for one in _always(line) or (line,)]
    return any(_module_ends(one, root, known) for one in lines)


def _module_ends(line: Node, root: Node, known: SwitchedOff) -> bool:
    """Tell whether the *line* of a module of Python ends its import for pytest and unittest."""
    text = known.plain_start(line)
    if line.type == "raise_statement" or text.startswith(b"pytest.skip("):
        found = _LEAVES.match(text)
        return found is not None and not found[1]
    call = re.search(rb"^(?:(\w+)\s*=\s*)?([\w.]+)\(\s*[\"']([\w.]+)[\"']", text_of(line))
    if call is None or b'importorskip("' + call[3] in known.old.replace(b"'", b'"'):
        return False
    if not meaning(call[2], known.names).endswith(b"pytest.importorskip"):
        return False
    module, bound = call[3].partition(b".")[0], call[1]
    used = text_of(root).replace(text_of(line), b"", 1)
    wanted = [rb"(?m)^[ \t]*(?:from|import)[ \t]+" + module, *([rb"\b" + bound + rb"\b"] if bound else [])]
    return not any(re.search(word, used) for word in wanted)


def _stops_what_follows(node: Node, known: SwitchedOff) -> bool:
    """Tell whether *node* keeps the tests beside it from being run: it runs before each, or speaks of all."""
    if node.type == "assignment":
        left, right = text_of(node.child_by_field_name("left")), node.child_by_field_name("right")
        if left == b"__test__":
            return text_of(right) == b"False"
        said = (meaning(text_of(one), known.names) for one in nodes_below(right)) if right is not None else ()
        return left == b"pytestmark" and any(map(_OFF.search, said))
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if body is not None and name is not None and "class" not in node.type:
        marks = [text_of(one) for one in _marks_above(node)]
        before = bool(_BEFORE.fullmatch(text_of(name))) or any(map(_BEFORE_MARK.match, marks))
        return before and known.ends_at_once(body) and _skips(body, known)
    given = node.child_by_field_name("arguments") or node.child_by_field_name("block")
    if node.type in {"call", "call_expression"} and given is not None:
        callee = text_of(node.child_by_field_name("function") or node.child_by_field_name("method"))
        if _BEFORE.fullmatch(callee) and given.named_children:
            last = given if given.type in {"block", "do_block"} else given.named_children[-1]
            return known.ends_at_once(last) and _skips(last, known)
    return False


def _marks_above(node: Node) -> list[Node]:
    parent = node.parent
    if parent is not None and parent.type == "decorated_definition":
        return [one for one in parent.children if one.type == "decorator"]
    modifiers = next((child for child in node.children if child.type == "modifiers"), None)
    return [] if modifiers is None else [one for one in modifiers.children if one.type.endswith("annotation")]


def _attribute_above(node: Node) -> Node | None:
    above = node.prev_named_sibling
    while above is not None and above.type == "attribute_item":
        if _NEVER.fullmatch(re.sub(rb"\s", b"", text_of(above))):
            return above
        above = above.prev_named_sibling
    return None


def _gone(nodes: Sequence[Node]) -> Iterator[bytes]:
    """Yield the names of tests that a file of Python deletes, gives another value, or tells not to be tests.

    In a function such a name is another one.
    """
    for node in nodes:
        left = node.child_by_field_name("left") if node.type == "assignment" else None
        named = node.type == "delete_statement" or text_of(left)[:4].lower() == b"test"
        if not named or any(one.type == "function_definition" for one in outwards(node)):
            continue
        if left is None:
            yield from (text_of(one) for one in nodes_below(node) if one.type == "identifier")
        elif left.type == "identifier":
            yield text_of(left)
        elif text_of(left).endswith(b".__test__"):
            yield text_of(left).partition(b".")[0]


def _always(line: Node) -> list[Node]:
    """Return the statements of *line* if it is an `if` whose condition is always true; else none."""
    inner = line.named_children[0] if line.type == "expression_statement" and line.named_children else line
    condition, then = inner.child_by_field_name("condition"), inner.child_by_field_name("consequence")
    if condition is None or then is None or not _TRUE.fullmatch(text_of(condition)):
        return []
    return _statements(then)


def _statements(body: Node) -> list[Node]:
    inner = body.child_by_field_name("body")
    if inner is not None and ("function" in body.type or body.type in {"block", "do_block", "lambda"}):
        body = inner
    lines = [one for one in body.named_children if not one.type.endswith("comment")]
    while len(lines) == 1 and lines[0].type in _BLOCKS:
        lines = [one for one in lines[0].named_children if not one.type.endswith("comment")]
    return lines
