"""The JSON Schema of a policy file, for editors: made of the same classes that the file is read as."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin

from profile_router.core.language.kinds import KindPatterns
from profile_router.core.language.phrases import Phrases
from profile_router.core.policy import CheckSwitch, PluginSwitch, Policy
from profile_router.policies.parsed import NOT_IN_THE_FILE

_Json = dict[str, Any]
_TEXTS: _Json = {"type": "array", "items": {"type": "string"}}
_SCALARS: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def policy_schema() -> _Json:
    """Return the schema of the whole file."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A policy of profile-router"}
    return schema | _record(Policy, NOT_IN_THE_FILE)


def _record(kind: Any, skip: tuple[str, ...] = ()) -> _Json:
    hints = typing.get_type_hints(kind)
    known = [one for one in fields(kind) if one.name not in skip]
    return {
        "type": "object",
        "description": " ".join((kind.__doc__ or "").split()),
        "properties": {one.name: _bounded(_schema(hints[one.name]), one.metadata) for one in known},
        "required": [one.name for one in known if one.default is MISSING and one.default_factory is MISSING],
        "additionalProperties": False,
    }


def _schema(hint: Any) -> _Json:
    if hint in _SPECIAL:
        return _SPECIAL[hint]()
    if is_dataclass(hint):
        return _record(hint)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(args)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [{"type": "null"} if one is types.NoneType else _schema(one) for one in args]}
    if origin is tuple:
        return {"type": "array", "items": _schema(args[0])}
    return {"type": _SCALARS[hint]}


def _bounded(schema: _Json, metadata: Mapping[str, Any]) -> _Json:
    bounds = {name: metadata.get(name) for name in ("minimum", "maximum")}
    return schema | {name: bound for name, bound in bounds.items() if bound is not None}


def _switch(words: Any) -> Callable[[], _Json]:
    """Return the schema of a word that YAML may take for a boolean: on and off."""
    return lambda: {"enum": [*get_args(words), True, False]}


_SPECIAL: Mapping[Any, Callable[[], _Json]] = {
    KindPatterns: lambda: {"type": "object", "additionalProperties": _TEXTS},
    Phrases: lambda: {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _TEXTS}},
    PluginSwitch: _switch(PluginSwitch),
    CheckSwitch: _switch(CheckSwitch),
}
