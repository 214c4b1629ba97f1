"""Read YAML into frozen dataclasses, strictly: every refusal has a line and says what is allowed.

Works on a tree of nodes, because only these know their lines. Unknown and duplicate keys, wrong types, numbers out of
range and aliases are refused. Knows nothing of any particular file.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from profile_router.core.text import shown
from profile_router.outside.yaml_guard import Hostile, refuse_hostile, safe_loader

if TYPE_CHECKING:
    import yaml

MOST_YAML_CHARACTERS = 1_000_000
_LONGEST_SHOWN = 40  # characters of a file that an error repeats
MAX_DEPTH = 20
_LONGEST, _HEAD = 1_200, 300  # characters of a message
_WORDED = {
    "levels": f"nested deeper than {MAX_DEPTH} levels; write it flatter",
    "alias": "aliases (`*name`) are not allowed: write the value out",
}
T = TypeVar("T")


class Refused(Exception):
    """The text is not what the type asks for. `line` is 1-based."""

    def __init__(self, message: str, line: int) -> None:
        self.message = _one_line(message)
        super().__init__(self.message)
        self.line = line


def _one_line(message: str) -> str:
    """Return *message* printable: it quotes the file, and where that is long the middle of it goes."""
    shortened = message if len(message) <= _LONGEST else f"{message[:_HEAD]} … {message[_HEAD - _LONGEST :]}"
    return shown(shortened, len(shortened))


class Node(NamedTuple):
    """A value as the file has it: a scalar's text, a list's items, a mapping's pairs; `line` from 1."""

    tag: str
    line: int
    value: Any


MAPPING, SEQUENCE = "mapping", "sequence"  # the tags of what is not a scalar


@lru_cache(4)
def parse_yaml(text: str) -> Node:
    """Return the node tree of *text*, the same for the same: nobody can change one.

    Raises Refused on syntax errors, aliases, too much text or nesting.
    """
    import yaml  # 50 ms: only who reads a file pays for it

    if len(text) > MOST_YAML_CHARACTERS:
        raise Refused(f"{len(text):,} characters are too many for such a file (at most {MOST_YAML_CHARACTERS:,})", 1)
    try:
        refuse_hostile(text, levels=MAX_DEPTH)
        node = yaml.compose(text, Loader=safe_loader())
    except Hostile as hostile:
        raise Refused(_WORDED[hostile.what], hostile.line) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Refused(f"not YAML: {error.problem or error.context}", mark.line + 1 if mark else 1) from None
    except yaml.YAMLError as error:
        raise Refused(f"not YAML: {str(error).splitlines()[0]}", 1) from None
    if node is None:
        raise Refused("the file is empty; copy the shipped one: `profile-router policy show --shipped > FILE`", 1)
    return _ours(node)


def _ours(node: yaml.Node) -> Node:
    line, kind = node.start_mark.line + 1, getattr(node, "id", None)
    if kind == MAPPING:
        return Node(MAPPING, line, tuple((_ours(key), _ours(value)) for key, value in node.value))
    if kind == SEQUENCE:
        return Node(SEQUENCE, line, tuple(map(_ours, node.value)))
    return Node(str(node.tag).rsplit(":", 1)[-1], line, str(node.value))


@lru_cache(maxsize=128)
def _types_of(wanted: type[Any]) -> Mapping[str, Any]:
    return typing.get_type_hints(wanted)


Special = Mapping[Any, Callable[[Node, str], Any]]


class Reader:
    """Turns nodes into values of a type. `special` maps a type to a reader of its own."""

    def __init__(self, special: Special | None = None) -> None:
        self._special = special or {}

    def read(self, node: Node, wanted: Any, where: str) -> Any:
        """Return the value of *node* as *wanted*. *where* names the place for messages. Raises Refused."""
        if wanted in self._special:
            return self._special[wanted](node, where)
        if dataclasses.is_dataclass(wanted):
            return self.record(node, typing.cast("type[Any]", wanted), where)
        origin = get_origin(wanted)
        if origin is Literal:
            return self._literal(node, get_args(wanted), where)
        if origin in (Union, types.UnionType):
            return self._union(node, get_args(wanted), where)
        if origin is tuple:
            return tuple(
                self.read(item, get_args(wanted)[0], f"{where}[{n}]") for n, item in enumerate(items(node, where))
            )
        return scalar(node, wanted, where)

    def record(self, node: Node, wanted: type[T], where: str, skip: Sequence[str] = ()) -> T:
        """Return the mapping *node* as the dataclass *wanted*; fields named in *skip* are not the file's to set."""
        fields = {field.name: field for field in dataclasses.fields(wanted) if field.name not in skip}  # type: ignore[arg-type]
        types_of = _types_of(typing.cast("Any", wanted))
        found: dict[str, Any] = {}
        for key, line, value in pairs(node, where):
            if key not in fields:
                raise Refused(f"unknown key '{_cut(key)}' in {where} (allowed: {', '.join(fields)})", line)
            path = f"{where}.{key}" if where != "the file" else key
            found[key] = _in_range(self.read(value, types_of[key], path), fields[key].metadata, path, value)
        for name, field in fields.items():
            if (
                name not in found
                and field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING
            ):
                raise Refused(f"'{name}' is missing in {where} (it needs: {', '.join(fields)})", node.line)
        return wanted(**found)

    def _literal(self, node: Node, allowed: tuple[Any, ...], where: str) -> Any:
        value = scalar(node, type(allowed[0]), where)
        if value not in allowed:
            raise Refused(f"{where} is '{_cut(str(value))}' (allowed: {', '.join(map(str, allowed))})", node.line)
        return value

    def _union(self, node: Node, options: tuple[Any, ...], where: str) -> Any:
        if types.NoneType in options:
            if node.tag == "null":
                return None
            return self.read(node, next(option for option in options if option is not types.NoneType), where)
        return self._tagged(node, options, where)

    def _tagged(self, node: Node, options: tuple[Any, ...], where: str) -> Any:
        """Read one of several dataclasses, told apart by their literal `id`."""
        by_id = {get_args(_types_of(option)["id"])[0]: option for option in options}
        for key, line, value in pairs(node, where):
            if key == "id":
                chosen = scalar(value, str, f"{where}.id")
                if chosen not in by_id:
                    raise Refused(f"unknown id '{_cut(str(chosen))}' in {where} (allowed: {', '.join(by_id)})", line)
                return self.record(node, by_id[chosen], f"{where} ({chosen})")
        raise Refused(f"'id' is missing in {where} (allowed: {', '.join(by_id)})", node.line)


def pairs(node: Node, where: str) -> list[tuple[str, int, Node]]:
    """Return (key, line, value) of a mapping. Raises Refused for anything else and for duplicate keys."""
    if not _is(node, MAPPING):
        whole = where == "the file" and isinstance(node.value, str)  # a text that is all of it: not to be repeated
        raise Refused(f"{where} must be a mapping, not {'a text' if whole else _shape(node)}", node.line)
    seen: dict[str, int] = {}
    found = []
    for key_node, value in node.value:
        line = key_node.line
        key = scalar(key_node, str, f"a key of {where}")
        if key in seen:
            raise Refused(f"duplicate key '{_cut(key)}' in {where} (first on line {seen[key]}); keep one", line)
        seen[key] = line
        found.append((key, line, value))
    return found


def items(node: Node, where: str) -> list[Node]:
    """Return the items of a list. Raises Refused for anything else."""
    if not _is(node, SEQUENCE):
        raise Refused(f"{where} must be a list, not {_shape(node)}", node.line)
    return list(node.value)


_NAMES: Mapping[type, tuple[str, tuple[str, ...]]] = {
    str: ("text", ("str",)),
    int: ("a whole number", ("int",)),
    float: ("a number", ("int", "float")),
    bool: ("true or false", ("bool",)),
}


def scalar(node: Node, wanted: type, where: str) -> Any:
    """Return a scalar as *wanted* (str, int, float or bool), never by coercion. Raises Refused."""
    name, tags = _NAMES[wanted]
    if node.tag not in tags or not isinstance(node.value, str):
        raise Refused(f"{where} must be {name}, not {_shape(node)}", node.line)
    text = node.value
    if wanted is bool:
        return text.lower() in {"true", "yes", "on"}
    try:
        return wanted(text.replace("_", "")) if wanted in {int, float} else text
    except ValueError:
        raise Refused(f"{where} must be {name}, not {_shape(node)}", node.line) from None


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _is(node: Node, tag: str) -> bool:
    return node.tag == tag and not isinstance(node.value, str)


def _shape(node: Node) -> str:
    if isinstance(node.value, str):  # a long one may be all of a file that was named by mistake, with its secrets
        return f"'{node.value}'" if len(node.value) <= _LONGEST_SHOWN else "a text"
    return "a list" if _is(node, SEQUENCE) else "a mapping"


def _in_range(value: Any, metadata: Mapping[str, Any], where: str, node: Node) -> Any:
    if value is None or "minimum" not in metadata:
        return value
    low, high = metadata["minimum"], metadata["maximum"]
    if not (value >= low and (high is None or value <= high)) or value in (float("inf"),):
        allowed = f"{low:g} or more" if high is None else f"{low:g} to {high:g}"
        raise Refused(f"{where} is {value} (allowed: {allowed})", node.line)
    return value
