"""Read YAML into frozen dataclasses, strictly: every refusal has a line and says what is allowed.

Works on YAML's node tree, because only nodes know their lines. Unknown and duplicate keys, wrong types, numbers out of
range and aliases are refused. Knows nothing of any particular file.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin

from profile_router.core.text import shown
from profile_router.outside.yaml_depth import TooDeep, events_within

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
_LONGEST, _HEAD = 1_200, 300  # characters of a message
T = TypeVar("T")


class Refused(Exception):
    """The text is not what the type asks for. `line` is 1-based."""

    def __init__(self, message: str, line: int) -> None:
        self.message = _one_line(message)
        super().__init__(self.message)
        self.line = line


def _one_line(message: str) -> str:
    """Return *message* printable: it quotes the file, and where that is long the middle of it goes."""
    kept = message if len(message) <= _LONGEST else f"{message[:_HEAD]} … {message[_HEAD - _LONGEST :]}"
    return shown(kept, len(kept))


def parse(text: str) -> yaml.Node:
    """Return the node tree of *text*. Raises Refused on syntax errors, aliases, too much text or nesting."""
    import yaml  # 50 ms: only who reads a file pays for it

    if len(text) > MAX_BYTES:
        raise Refused(f"{len(text):,} characters are too many for such a file (at most {MAX_BYTES:,})", 1)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_aliases_and_depth(yaml, text)
        node = yaml.compose(text, Loader=loader)
    except TooDeep as error:
        raise Refused(f"nested deeper than {MAX_DEPTH} levels; write it flatter", error.line) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Refused(f"not YAML: {error.problem or error.context}", mark.line + 1 if mark else 1) from None
    except yaml.YAMLError as error:
        raise Refused(f"not YAML: {str(error).splitlines()[0]}", 1) from None
    if node is None:
        raise Refused("the file is empty; copy the shipped one: `profile-router policy show --shipped > FILE`", 1)
    return node


def _refuse_aliases_and_depth(yaml: Any, text: str) -> None:
    for event in events_within(text, MAX_DEPTH):
        if isinstance(event, yaml.AliasEvent):
            raise Refused("aliases (`*name`) are not allowed: write the value out", event.start_mark.line + 1)


@lru_cache(maxsize=128)
def _types_of(wanted: type[Any]) -> Mapping[str, Any]:
    return typing.get_type_hints(wanted)


Special = Mapping[Any, Callable[["yaml.Node", str], Any]]


class Reader:
    """Turns nodes into values of a type. `special` maps a type to a reader of its own."""

    def __init__(self, special: Special | None = None) -> None:
        self._special = special or {}

    def read(self, node: yaml.Node, wanted: Any, where: str) -> Any:
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

    def record(self, node: yaml.Node, wanted: type[T], where: str, skip: Sequence[str] = ()) -> T:
        """Return the mapping *node* as the dataclass *wanted*; fields named in *skip* are not the file's to set."""
        fields = {field.name: field for field in dataclasses.fields(wanted) if field.name not in skip}  # type: ignore[arg-type]
        types_of = _types_of(typing.cast("Any", wanted))
        found: dict[str, Any] = {}
        for key, line, value in pairs(node, where):
            if key not in fields:
                raise Refused(f"unknown key '{key}' in {where} (allowed: {', '.join(fields)})", line)
            path = f"{where}.{key}" if where != "the file" else key
            found[key] = _in_range(self.read(value, types_of[key], path), fields[key].metadata, path, value)
        for name, field in fields.items():
            if (
                name not in found
                and field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING
            ):
                raise Refused(
                    f"'{name}' is missing in {where} (it needs: {', '.join(fields)})", node.start_mark.line + 1
                )
        return wanted(**found)

    def _literal(self, node: yaml.Node, allowed: tuple[Any, ...], where: str) -> Any:
        value = scalar(node, type(allowed[0]), where)
        if value not in allowed:
            raise Refused(f"{where} is '{value}' (allowed: {', '.join(map(str, allowed))})", node.start_mark.line + 1)
        return value

    def _union(self, node: yaml.Node, options: tuple[Any, ...], where: str) -> Any:
        if types.NoneType in options:
            if _tag(node) == "null":
                return None
            return self.read(node, next(option for option in options if option is not types.NoneType), where)
        return self._tagged(node, options, where)

    def _tagged(self, node: yaml.Node, options: tuple[Any, ...], where: str) -> Any:
        """Read one of several dataclasses, told apart by their literal `id`."""
        by_id = {get_args(_types_of(option)["id"])[0]: option for option in options}
        for key, line, value in pairs(node, where):
            if key == "id":
                chosen = scalar(value, str, f"{where}.id")
                if chosen not in by_id:
                    raise Refused(f"unknown id '{chosen}' in {where} (allowed: {', '.join(by_id)})", line)
                return self.record(node, by_id[chosen], f"{where} ({chosen})")
        raise Refused(f"'id' is missing in {where} (allowed: {', '.join(by_id)})", node.start_mark.line + 1)


def pairs(node: yaml.Node, where: str) -> list[tuple[str, int, yaml.Node]]:
    """Return (key, line, value) of a mapping. Raises Refused for anything else and for duplicate keys."""
    if not _is(node, "mapping"):
        raise Refused(f"{where} must be a mapping, not {_shape(node)}", node.start_mark.line + 1)
    seen: dict[str, int] = {}
    found = []
    for key_node, value in node.value:
        line = key_node.start_mark.line + 1
        key = scalar(key_node, str, f"a key of {where}")
        if key in seen:
            raise Refused(f"duplicate key '{key}' in {where} (first on line {seen[key]}); keep one", line)
        seen[key] = line
        found.append((key, line, value))
    return found


def items(node: yaml.Node, where: str) -> list[yaml.Node]:
    """Return the items of a list. Raises Refused for anything else."""
    if not _is(node, "sequence"):
        raise Refused(f"{where} must be a list, not {_shape(node)}", node.start_mark.line + 1)
    return list(node.value)


_NAMES: Mapping[type, tuple[str, tuple[str, ...]]] = {
    str: ("text", ("str",)),
    int: ("a whole number", ("int",)),
    float: ("a number", ("int", "float")),
    bool: ("true or false", ("bool",)),
}


def scalar(node: yaml.Node, wanted: type, where: str) -> Any:
    """Return a scalar as *wanted* (str, int, float or bool), never by coercion. Raises Refused."""
    name, tags = _NAMES[wanted]
    if _tag(node) not in tags:
        raise Refused(f"{where} must be {name}, not {_shape(node)}", node.start_mark.line + 1)
    text = str(node.value)
    if wanted is bool:
        return text.lower() in {"true", "yes", "on"}
    try:
        return wanted(text.replace("_", "")) if wanted in {int, float} else text
    except ValueError:
        raise Refused(f"{where} must be {name}, not '{text}'", node.start_mark.line + 1) from None


def _tag(node: yaml.Node) -> str:
    return str(node.tag).rsplit(":", 1)[-1]


def _is(node: yaml.Node, kind: str) -> bool:
    return bool(getattr(node, "id", None) == kind)


def _shape(node: yaml.Node) -> str:
    if _is(node, "scalar"):
        return f"'{node.value}'"
    return "a list" if _is(node, "sequence") else "a mapping"


def _in_range(value: Any, metadata: Mapping[str, Any], where: str, node: yaml.Node) -> Any:
    if value is None or "minimum" not in metadata:
        return value
    low, high = metadata["minimum"], metadata["maximum"]
    if not (value >= low and (high is None or value <= high)) or value in (float("inf"),):
        allowed = f"{low:g} or more" if high is None else f"{low:g} to {high:g}"
        raise Refused(f"{where} is {value} (allowed: {allowed})", node.start_mark.line + 1)
    return value
