"""Hold what the program printed against the JSON Schema that it publishes."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from profile_router.api.schemas import SCHEMAS


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = SCHEMAS[name]()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def wrong_in(name: str, told: Any) -> list[str]:
    """Return what is wrong in *told* by the schema called *name*."""
    return [f"{error.json_path}: {error.message[:200]}" for error in _validator(name).iter_errors(told)]


def keys_of(name: str) -> frozenset[str]:
    """Return the keys of the schema called *name*, of each of its forms where it has several."""
    schema = _validator(name).schema
    forms = [schema["$defs"][one["$ref"].rpartition("/")[2]] for one in schema.get("anyOf", ())] or [schema]
    return frozenset(key for one in forms for key in one["properties"])


def unlike(name: str, told: Any) -> list[str]:
    """Return what is wrong in *told* by the schema called *name*, and which keys one of both has alone."""
    keys = keys_of(name) ^ set(told)
    return [*wrong_in(name, told), *(f"{key} is in one alone" for key in sorted(keys))]
