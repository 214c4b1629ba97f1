"""Which offered tool a call means, and its arguments, however a model or its server wrote them down."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from profile_router.expressions import expression
from profile_router.outside.json_reader import UnreadableJson, read_json

_ENCODED = 3  # times: JSON in a string in a string
_LEFTOVERS = expression(r"<\|.*|:\d+\Z", re.DOTALL)  # of a chat template, behind a name; Kimi numbers its calls
_SEPARATORS = expression(r"[.:/]+")


def offered_name(said: str, offered: Collection[str]) -> str:
    """Return the name of *offered* that *said* means, such as `functions.NAME`; *said* itself where it means none."""
    if said in offered:
        return said
    bare = _LEFTOVERS.sub("", said.strip().strip("`'\"")).strip()
    last = _SEPARATORS.split(bare)[-1]
    return next((name for name in (bare, last) if name in offered), said)


def arguments_of(said: object) -> dict[str, Any] | None:
    """Return the arguments of a call: an object, or the JSON text of one, encoded up to three times; else None."""
    for _ in range(_ENCODED):
        if not isinstance(said, str):
            break
        try:
            said = read_json(said, strict=False)
        except UnreadableJson:
            return None
    return said if isinstance(said, dict) else None
