"""The one reader of JSON from outside: a server's answer, a model's arguments, anybody's file.

Python's own reader takes what ends a later step. A thousand nested lists end copying, writing or keeping with a
RecursionError. No field can hold some numbers. `NaN` is not JSON, and half a character is not text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from profile_router.core.language.anchored import Anchored

JSON_DEPTH = 64  # the deepest that servers and tools have a use for is about ten
MOST_JSON_BYTES = 64 * 1024 * 1024
_DIGITS = 30
_MOST_VALUES = 200_000
_HALF = Anchored(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


class UnreadableJson(ValueError):
    """A text that is not JSON, or is nested or long beyond any use. The message quotes nothing of it."""


def read_json(text: str | bytes | bytearray, *, most: int = MOST_JSON_BYTES, strict: bool = True) -> Any:
    """Return the value of *text*, of at most *most* characters or bytes. Raises UnreadableJson, and nothing else.

    A number that no field can hold (`NaN`, infinity, more than 30 digits) is None. Of two equal keys the last holds.
    Half a character (a lone surrogate) is a question mark. Not *strict*: line breaks may stand in strings as they are.
    """
    if len(text) > most:
        raise UnreadableJson(f"longer than {most:,} bytes")
    read = text if isinstance(text, str) else text.decode("utf-8-sig", "replace")
    try:
        found = json.loads(read, parse_int=_integer, parse_float=_number, parse_constant=lambda _: None, strict=strict)
    except (RecursionError, MemoryError):
        raise UnreadableJson(f"nested deeper than {JSON_DEPTH} levels") from None
    except ValueError:
        raise UnreadableJson("not JSON") from None
    _look_at_depth(read, found)
    if (
        read.isascii() and "\\u" not in read
    ):  # most are so, and to compile the expression takes longer than to read them
        return found
    return _whole(found) if _HALF.search(read) else found


def _look_at_depth(text: str, found: Any) -> None:
    """Raise UnreadableJson where *found* is too deep. Few brackets in *text* say that it is not."""
    if text.count("[") + text.count("{") <= JSON_DEPTH:
        return
    level, seen = [found], 0
    for _ in range(JSON_DEPTH):
        level = [inner for value in level if isinstance(value, dict | list) for inner in _inside(value)]
        seen += len(level)
        if seen > _MOST_VALUES:
            raise UnreadableJson(f"more than {_MOST_VALUES:,} values")
        if not level:
            return
    raise UnreadableJson(f"nested deeper than {JSON_DEPTH} levels")


def _inside(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _whole(found: Any) -> Any:
    """Return *found* without half characters."""
    return json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _DIGITS else None


def _number(digits: str) -> float | None:
    found = float(digits)
    return found if math.isfinite(found) else None
