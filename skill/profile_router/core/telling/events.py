"""The events of an attempt, as `--stream` prints them: a line for people, values for programs and the live line."""

from __future__ import annotations

from typing import Any

from profile_router.core.ladder.receipt import Attempt
from profile_router.core.telling.work import attempt_line


def back_event(line: str, *, saved: bool) -> dict[str, Any]:
    """Return *line* about taking changes back. Only where they are *saved*, somebody can have them again: `kept`."""
    return {"event": "kept" if saved else "back", "line": line}


def begin_event(profile: str, model: str, *, step: str, number: int) -> dict[str, Any]:
    """Return that *profile* is about to be asked, as *step*, for the attempt *number*, from 1 on.

    It has no line: who shows lines tells an attempt when it has ended.
    """
    return {"event": "begin", "profile": profile, "model": model, "step": step, "attempt": number}


def attempt_event(attempt: Attempt) -> dict[str, Any]:
    """Return how *attempt* ended, and what it cost in USD."""
    receipt = attempt.receipt
    told = {"profile": receipt.profile, "outcome": receipt.outcome, "cost_usd": receipt.cost_usd}
    return {"event": "attempt", "line": attempt_line(attempt), **told}
