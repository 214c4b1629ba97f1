"""Tool calls in JSON, in Python's own notation, and as Python calls: from a text to values."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from profile_router.expressions import expression
from profile_router.outside.json_reader import JSON_DEPTH, UnreadableJson, read_json
from profile_router.runners.answers.call_names import arguments_of, offered_name
from profile_router.values import frozen

MOST_CALLS = 32  # in one answer
_LOOKED_AT = 4_000  # characters
_MOST_PYTHON = 50_000  # characters
_MOST_BRACKETS = 200  # in Python's notation, whose reader goes down into them
_NAMES = ("name", "tool_name", "function_name", "tool", "function", "action", "recipient_name")
_ARGUMENTS = ("arguments", "parameters", "args", "input", "tool_input", "action_input", "params", "kwargs")
_BESIDE = frozenset({"id", "type", "index", "tool_call_id", "call_id", "thought", "reasoning"})
_BRACKETS = expression(r'\\.|["{}\[\]]', re.DOTALL)
_LIKE_A_CALL = expression(
    rf"""["'](?:{"|".join(_NAMES)})["']\s*:\s*["'{{].*["'](?:{"|".join(_ARGUMENTS)})["']\s*:""", re.DOTALL
)
_MOST_DOTS = 3


@frozen
class TextCall:
    """A call as it was written: the tool's name, the offered one where it means one, and its arguments."""

    name: str
    arguments: Mapping[str, Any]


def end_of_json(text: str, start: int) -> int | None:
    """Return where the object or list that begins at *start* ends, None where it does not, or nests too deep."""
    depth, quoted = 0, False
    for found in _BRACKETS.finditer(text, start):
        sign = found[0]
        if sign == '"':
            quoted = not quoted
        elif quoted or sign[0] == "\\":
            continue
        else:
            depth += 1 if sign in "{[" else -1
            if depth == 0:
                return found.end()
            if depth > JSON_DEPTH:
                return None
    return None


def json_value(text: str) -> Any:
    """Return what *text* says in JSON, or in Python's notation; None where it says nothing that can be read."""
    try:
        return read_json(text, strict=False)
    except UnreadableJson:
        tree = _python(text)
        try:
            return ast.literal_eval(tree) if tree is not None else None
        except (ValueError, TypeError, RecursionError, MemoryError):
            return None


def looks_like_a_call(text: str) -> bool:
    """Tell whether *text*, which cannot be read, has the keys of a call."""
    return _LIKE_A_CALL.search(text[:_LOOKED_AT]) is not None


def calls_of(value: Any, offered: Collection[str]) -> list[TextCall] | None:
    """Return the calls that a *value* of JSON stands for, None where it is something else."""
    if isinstance(value, Mapping) and set(value) & {"tool_calls", "tool_uses", "calls"}:
        value = next(value[key] for key in ("tool_calls", "tool_uses", "calls") if key in value)
    values = value if isinstance(value, list) else [value]
    found = [_call_of(one, offered) for one in values[: MOST_CALLS + 1]]
    calls = [call for call in found if call is not None]
    return calls if calls and len(calls) == len(found) else None


def _call_of(value: Any, offered: Collection[str]) -> TextCall | None:
    if not isinstance(value, Mapping):
        return None
    if isinstance(inner := value.get("function"), Mapping):
        return _call_of(inner, offered)
    named = next((key for key in _NAMES if isinstance(value.get(key), str)), None)
    if named is None:
        return _keyed(value, offered)
    name, rest = offered_name(value[named], offered), {key: of for key, of in value.items() if key != named}
    given = next((key for key in _ARGUMENTS if key in rest), None)
    if given is not None and not set(rest) - _BESIDE - {given}:
        arguments = {} if rest[given] in (None, "") else arguments_of(rest[given])
        return None if arguments is None else TextCall(name=name, arguments=arguments)
    return TextCall(name=name, arguments=rest) if name in offered else None


def _keyed(value: Mapping[str, Any], offered: Collection[str]) -> TextCall | None:
    """Return the call of `{"read_file": {…}}`."""
    if len(value) != 1:
        return None
    ((said, arguments),) = value.items()
    name = offered_name(str(said), offered)
    return TextCall(name=name, arguments=arguments) if name in offered and isinstance(arguments, Mapping) else None


def python_calls(text: str, offered: Collection[str]) -> list[TextCall] | None:
    """Return the calls of *text*: Python calls with values by name, alone, in a list or one a line."""
    tree = _python(text)
    lines = [line for line in text.splitlines() if line.strip()] if tree is None else []
    nodes = [tree] if tree is not None else [_python(line) for line in lines[: MOST_CALLS + 1]]
    calls = [call for node in nodes for call in _of_python(node, offered)]
    return [call for call in calls if call is not None] if calls and None not in calls else None


def _of_python(node: ast.expr | None, offered: Collection[str]) -> Iterator[TextCall | None]:
    if isinstance(node, ast.List | ast.Tuple):
        for inner in node.elts:
            yield from _of_python(inner, offered)
    elif not isinstance(node, ast.Call):
        yield None
    elif isinstance(node.func, ast.Name) and node.func.id == "print" and len(node.args) == 1:
        yield from _of_python(node.args[0], offered)
    else:
        yield _python_call(node, offered)


def _python_call(node: ast.Call, offered: Collection[str]) -> TextCall | None:
    said = _dotted(node.func)
    if node.args or not said or any(word.arg is None for word in node.keywords):
        return None
    name = offered_name(said.removesuffix(".call"), offered)
    try:
        return TextCall(name=name, arguments={str(word.arg): ast.literal_eval(word.value) for word in node.keywords})
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None


def _dotted(node: ast.expr) -> str:
    """Return the name of what is called, such as `default_api.read_file`; empty where it is not a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and len(parts) < _MOST_DOTS:
        parts.append(node.attr)
        node = node.value
    return ".".join((node.id, *reversed(parts))) if isinstance(node, ast.Name) else ""


def _python(text: str) -> ast.expr | None:
    if len(text) > _MOST_PYTHON or sum(map(text.count, "([{")) > _MOST_BRACKETS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a backslash that means nothing
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
