"""Change numbers in the text of a policy file: everything else stays as somebody wrote it, comments too."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from profile_router.expressions import expression
from profile_router.outside.strict_yaml import MAPPING, SEQUENCE, Node, Refused, parse_yaml

_Place = Sequence[str]  # `rules`, `small-change`, `below_lines`: items of a list are found by their id
_INDENT = expression(r"\s*(?:-\s+)?")


def with_numbers(text: str, numbers: Mapping[tuple[str, ...], float]) -> str:
    """Return the policy *text* with these *numbers*, each by its place. What is not there yet is put in.

    Raises Refused for a text that is not YAML, and for a place that cannot be changed.
    """
    for place, number in numbers.items():
        text = _with_number(text, place, f"{number:g}")
    return text


def _with_number(text: str, place: _Place, number: str) -> str:
    *parents, name = place
    lines = text.splitlines(keepends=True)
    node: Node | None = parse_yaml(text)
    for depth, parent in enumerate(parents):
        inner = _inner(node, parent)
        if inner is None and node is not None and node.tag == MAPPING:
            return _put(lines, node, parent, _nested(parents[depth + 1 :], name, number), top=depth == 0)
        node = inner
    value_node = _inner(node, name)
    if value_node is None:
        if node is None or node.tag != MAPPING:
            raise Refused(f"the file has no place for {'.'.join(place)}; write it by hand", 1)
        return _put(lines, node, name, number, top=not parents)
    at = value_node.line - 1
    said = rf"(?<![\w-])({re.escape(name)}\s*:\s*)[-+]?[\d._]+(?:e[-+]?\d+)?"
    line, found = re.subn(said, rf"\g<1>{number}", lines[at])
    if found != 1:
        raise Refused(f"{name} stands in a form that only you can change; set it to {number}", at + 1)
    return "".join((*lines[:at], line, *lines[at + 1 :]))


def _nested(parents: _Place, name: str, number: str) -> str:
    inner = f"{{{name}: {number}}}"
    for parent in reversed(parents):
        inner = f"{{{parent}: {inner}}}"
    return inner


def _inner(node: Node | None, name: str) -> Node | None:
    """Return what *node* has as *name*: the value of a key, or the item of a list with that id."""
    if node is not None and node.tag == MAPPING:
        return next((value for key, value in node.value if key.value == name), None)
    if node is not None and node.tag == SEQUENCE:
        return next((item for item in node.value if (found := _inner(item, "id")) and found.value == name), None)
    return None


def _put(lines: Sequence[str], node: Node, name: str, value: str, *, top: bool) -> str:
    """Return the text with one more key in the mapping *node*. The key goes to the file's end, or behind the first."""
    if top:
        end = "" if not lines or lines[-1].endswith("\n") else "\n"
        return "".join((*lines, end, f"{name}: {value}\n"))
    at = node.value[0][0].line - 1
    line, first = lines[at], node.value[0][0].value
    flow = re.search(rf"\{{\s*(?={re.escape(first)}\s*:)", line)
    if flow:
        return "".join((*lines[:at], f"{line[: flow.end()]}{name}: {value}, {line[flow.end() :]}", *lines[at + 1 :]))
    dashed = _INDENT.match(line)
    indent = " " * len(dashed.group()) if dashed else ""
    if line.lstrip().startswith("-"):  # behind the id, which comes first
        return "".join((*lines[: at + 1], f"{indent}{name}: {value}\n", *lines[at + 1 :]))
    return "".join((*lines[:at], f"{indent}{name}: {value}\n", *lines[at:]))
