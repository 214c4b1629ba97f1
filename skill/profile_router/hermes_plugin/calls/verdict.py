"""What happens to a delegate_task: there is an answer, or Hermes delegates it and its result may say more."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..private import looks_private
from ..results import error_entry, plugin_failed
from ..settings import Settings


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to happen. `answer` is the tool's result; without one Hermes delegates, and `note` joins its result."""

    answer: str | None = None
    note: Mapping[str, Any] | None = None


def carried_out(verdict: Verdict, args: Any, next_call: Callable[[Any], Any]) -> Any:
    """Return the answer of *verdict*, or what Hermes' own delegation *next_call* of *args* returns or raises."""
    if verdict.answer is not None:
        return verdict.answer
    result = next_call(args)
    with suppress(Exception):
        return _noted(result, verdict.note)
    return result


def broken(
    tasks: Sequence[Mapping[str, Any]], settings: Settings, why: str, *, seen: Sequence[str] = (), thread: str = ""
) -> Verdict:
    """Return what happens to *tasks*, of which none was begun, where our side is not in order: *why* says what.

    Hermes delegates by itself only where the settings allow it and no task looks private. *seen* are private paths of
    the policy that the router told of before.
    """
    if forbidden := not_by_hermes(tasks, settings, seen):
        return refused_to_hermes(tasks, why, forbidden, thread)
    return Verdict(note={"mode": "not used", "because": why})


def not_by_hermes(tasks: Sequence[Mapping[str, Any]], settings: Settings, seen: Sequence[str] = ()) -> str:
    """Return why Hermes must not delegate *tasks* by itself, empty where it may."""
    if settings.if_broken != "hermes":
        return "the plugin's settings forbid it"
    known = (*settings.private_paths, *seen)
    return next((f"a task looks private: {why}" for task in tasks if (why := looks_private(task, known))), "")


def refused_to_hermes(tasks: Sequence[Mapping[str, Any]], why: str, forbidden: str, thread: str = "") -> Verdict:
    """Return the error result of *tasks* that nobody runs: *why* not we, and why Hermes is *forbidden* to."""
    named = f" (thread {thread})" if thread else ""
    error = f"{why}{named}; Hermes must not delegate it by itself: {forbidden}"
    return Verdict(as_result([error_entry(index, error, thread) for index in range(len(tasks))], 0.0))


def own_mistake(error: Exception) -> Verdict:
    """Return the error result of a call in which the plugin itself made a mistake."""
    return Verdict(as_result([error_entry(0, plugin_failed(error), "")], 0.0))


def as_result(entries: Sequence[Mapping[str, Any]], seconds: float, notes: Sequence[str] = ()) -> str:
    """Return *entries* as the result of a delegate_task that took *seconds*, as JSON text."""
    told = {"results": entries, "total_duration_seconds": round(seconds, 2)}
    return json.dumps({**told, "notes": list(notes)} if notes else told, ensure_ascii=False)


def _noted(result: Any, note: Mapping[str, Any] | None) -> Any:
    """Return Hermes' own result with *note*; unchanged without a note, or if it is not a JSON object."""
    found = json.loads(result) if note else None
    return json.dumps({**found, "profile_router": note}, ensure_ascii=False) if isinstance(found, dict) else result
