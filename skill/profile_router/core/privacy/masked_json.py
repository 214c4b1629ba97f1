"""What a run tells, without the secrets that are known: the one place that every event and every result passes.

Messages are made of words that are not ours: a model's reason, a server's error, a check's last line, a name. Whoever
made them need not know that; here they are masked, whatever they came through.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from profile_router.core.policy.private import NOTHING, Confidential
from profile_router.core.privacy.findings import masked

# The answer itself, which a task may be about, and what a run is found again by.
_AS_IT_IS = frozenset({"summary", "thread"})
_SHORTEST = 8  # characters; in less there is no secret
_DEEPEST = 20


def masked_json(value: Mapping[str, Any], confidential: Confidential = NOTHING) -> dict[str, Any]:
    """Return *value*, an event or a result as JSON, with every text in it masked but the summary's.

    *confidential* is what the policy calls private in texts, besides secrets.
    """
    return {name: one if name in _AS_IT_IS else _masked(one, confidential, _DEEPEST) for name, one in value.items()}


def _masked(value: Any, confidential: Confidential, deepest: int) -> Any:
    if isinstance(value, str):
        return masked(value, confidential) if len(value) >= _SHORTEST else value
    if not deepest:
        return None
    if isinstance(value, Mapping):
        return {_masked(name, confidential, 0): _masked(one, confidential, deepest - 1) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one, confidential, deepest - 1) for one in value]
    return value
