"""Three lines of proof for a child's answer: who did it and its price, what was checked, where it stands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .process import mapping

_FILES = 3
_HALF_A_CENT = 0.005


def receipt_lines(result: Mapping[str, Any], thread: str) -> tuple[str, ...]:
    """Return the three lines about the finished run of *result*, as the router told it."""
    return (f"route     {_route(result)}", f"verified  {_verified(result)}", f"story     {_story(result, thread)}")


def _route(result: Mapping[str, Any]) -> str:
    attempts: Sequence[Mapping[str, Any]] = [one for one in result.get("attempts") or () if isinstance(one, Mapping)]
    last = attempts[-1] if attempts else {}
    route = mapping(result.get("route"))
    model = last.get("model_served") or last.get("model_asked")
    turns = sum(int(one.get("turns") or 0) for one in attempts)
    words = (last.get("profile") or route.get("profile"), model, route.get("rule"), f"{turns} turn{'s' * (turns != 1)}")
    return " · ".join(str(word) for word in (*words, usd_for_people(result.get("cost_usd"))) if word)


def _verified(result: Mapping[str, Any]) -> str:
    verified = mapping(result.get("verified"))
    files = [mapping(one) for one in verified.get("files_changed") or ()]
    named = ", ".join(str(one.get("path")) for one in files[:_FILES])
    more = f" and {len(files) - _FILES} more" if len(files) > _FILES else ""
    changed = f"{named}{more} +{verified.get('lines_added') or 0} −{verified.get('lines_removed') or 0}"
    check = mapping(verified.get("check"))
    how = (
        f"{check.get('command')}: {'passed' if check.get('passed') else 'failed'}"
        if check and not check.get("inconclusive")
        else ""
    )
    still_open = [str(one) for one in verified.get("unverified") or ()]
    return " · ".join(word for word in (changed if files else "no file changed", how, *still_open) if word)


def _story(result: Mapping[str, Any], thread: str) -> str:
    steps = [str(one) for one in result.get("steps") or ()]
    diff = mapping(result.get("merge")).get("diff")
    words = (*steps, f"kept in {diff}" if diff else "", f"profile-router show {thread}")
    return " · ".join(word for word in words if word)


def usd_for_people(usd: Any) -> str:
    """Return *usd* as the program tells it: in cents, less than half of one to the first digit that counts."""
    amount = float(usd) if isinstance(usd, int | float) and not isinstance(usd, bool) else 0.0
    digits = 2 if amount == 0 or abs(amount) >= _HALF_A_CENT else -math.floor(math.log10(abs(amount)))
    return f"${amount:.{digits}f}"
