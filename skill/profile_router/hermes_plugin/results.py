"""What the parent is told of a task, in the shape of Hermes' own synchronous delegation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .pipes import FLOODED
from .process import Ran, mapping, why_not

_STATUS = {"ok": "completed", "failed": "failed", "refused": "failed", "unapproved": "failed", "explained": "explained"}
_OF_ROUTE = ("profile", "tier", "rule", "reasons", "flips", "estimate", "unblock", "policy", "warnings")
_MOST_FILES = 50  # all of them would be the parent's context
_MOST_POINTS = 3  # of what is unverified, in one sentence
REFUSAL = "profile-router: "  # begins what the router says where it refuses what it was given
_OF_RESULT = ("steps", "cost_usd", "unblock", "notes", "warnings")


def plugin_failed(error: Exception) -> str:
    """Return that the plugin itself made a mistake."""
    return f"the plugin failed: {type(error).__name__}: {error}"


def entry_of(index: int, ran: Ran, thread: str, *, seconds: float) -> dict[str, Any]:
    """Return the entry of task *index*: the verdict before the subagent's words, then route and receipts."""
    result = ran.result
    if result is None:
        return error_entry(index, _why(ran), thread, ran)
    route = mapping(result.get("route"))
    receipts = list(result.get("attempts") or ())
    entry: dict[str, Any] = {
        "task_index": index,
        "status": _STATUS.get(str(result.get("status")), "failed"),
        "verdict": _verdict(result),
        "verified": _shortened(_shortened(mapping(result.get("verified")), "files_changed"), "ignored"),
        "summary": result.get("summary") or None,
        "duration_seconds": round(result.get("seconds") or seconds, 2),  # a batch knows how long each took
        "exit_reason": "completed" if result.get("status") == "ok" else str(result.get("status")),
        "model": receipts[-1].get("model_served") or receipts[-1].get("model_asked") if receipts else None,
        "api_calls": sum(receipt.get("turns") or 0 for receipt in receipts),
        "tokens": {name: sum(receipt.get(f"tokens_{key}") or 0 for receipt in receipts) for name, key in _TOKENS},
        "route": {name: route[name] for name in _OF_ROUTE if route.get(name)} or unroutable(result),
        "receipts": receipts,
        "thread": result.get("thread") or thread,
    }
    entry.update({name: result[name] for name in _OF_RESULT if result.get(name)})
    if result.get("merge"):
        entry["merge"] = _shortened(result["merge"], "changed")
    if entry["status"] == "failed":
        entry["error"] = why_not(result)
    return entry


def unroutable(result: Mapping[str, Any]) -> dict[str, str]:
    """Return in a route's stead why a task that was only to be explained has none; empty for any other."""
    return {"error": why_not(result)} if result.get("status") == "explained" and result.get("error") else {}


def _verdict(result: Mapping[str, Any]) -> str:
    """Return in one sentence what the world says of the work, whatever its summary claims: the verdict, then why."""
    status = str(result.get("status"))
    if status != "ok":
        return f"{result.get('verdict') or status}: {why_not(result)}"
    verified = mapping(result.get("verified"))
    check, still_open = mapping(verified.get("check")), [str(point) for point in verified.get("unverified") or ()]
    if result.get("verdict") != "verified":
        return f"unverified: {'; '.join(still_open[:_MOST_POINTS]) or 'nothing confirms it'}"
    if not check.get("passed"):
        return "verified: by checks that the policy trusts"
    return f"verified: {check.get('command')} passed · {check.get('last_line') or ''}".rstrip(" ·")


_TOKENS = (("input", "in"), ("output", "out"))


def _shortened(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    files = list(found.get(name) or ())
    if len(files) <= _MOST_FILES:
        return dict(found)
    return {**found, name: files[:_MOST_FILES], f"{name}_in_all": len(files)}


def error_entry(index: int, error: str, thread: str, ran: Ran | None = None) -> dict[str, Any]:
    """Return the entry of a task without an answer of the router."""
    stopped = ran.stopped if ran else ""
    status = {"": "error", FLOODED: "error", "interrupted": "interrupted"}.get(stopped, "timeout")
    entry: dict[str, Any] = {"task_index": index, "status": status, "summary": None, "error": error}
    if thread:
        entry["thread"] = thread
    if ran and ran.lines:
        entry["so_far"] = ran.lines[-20:]
    return entry


def _why(ran: Ran) -> str:
    if ran.stopped:
        return f"the run was ended: {ran.stopped}" if ran.started else f"the task was not begun: {ran.stopped}"
    if ran.mode == "off":
        return "profile-router is switched off: hermes_plugin in its policy"
    if ran.code == 2 and not ran.rule and REFUSAL in ran.errors:
        return ran.errors.partition(REFUSAL)[2]
    said = f": {ran.errors}" if ran.errors else ""
    began = " after it had decided; the task may have been begun" if ran.rule else ""
    return f"the router ended with {ran.code} and without a result{began}{said}"
