"""How a task ended, in one line for whoever watches Hermes at work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def ended_in(result: Mapping[str, Any]) -> str:
    """Return how the task of *result* ended; where its work is kept comes first: a long line is cut."""
    status, found = str(result.get("status")), result.get("merge")
    merge = found if isinstance(found, Mapping) else {}
    if status == "ok":
        number = len(merge.get("changed") or ())
        return f"ok, {number} file{'s' * (number != 1)} merged" if merge.get("merged") else "ok"
    if merge.get("diff"):
        return f"{status}, its work is kept in {merge['diff']}: {why_not(result).partition('; what it did')[0]}"
    return f"{status}: {why_not(result)}"


def why_not(result: Mapping[str, Any]) -> str:
    """Return why a task did not succeed."""
    route = result.get("route")
    reasons = route.get("reasons") if isinstance(route, Mapping) else None
    return str(result.get("error") or "; ".join(map(str, reasons or ())) or "it failed")
