"""The verdict of a run in one word: what the world says of it, not the model. JSON, ledger and screen have the same.

An attempt has a verdict of its own, in its receipt: `ok`, or the cause of its failure (`core.ladder.causes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

RunVerdict = Literal[
    "verified",  # its check passed, or a weak one that the policy trusts, and nothing stays open
    "unverified",  # it ended well, and nothing confirms it: no check, or one that passes without the work too
    "no-change",  # it was to edit a file, and no file changed
    "failed",  # the last attempt or its check failed; the cause says why
    "refused",  # no attempt was allowed, or none was possible
    "unapproved",  # nobody agreed to its price
]
LedgerVerdict = (
    RunVerdict
    | Literal[
        "interrupted",  # somebody stopped it; `resume` goes on with it
        "error",  # it came to no result: the call, a file or the machine was wrong
        "unfinished",  # it has not ended: it still runs, or was killed
        "routed",  # `route` said where it would go; nothing was run
        "undone",  # `undo` put the files back as they were before the run that its rule names
    ]
)
WELL: frozenset[LedgerVerdict] = frozenset({"verified", "unverified"})  # those whose status is `ok`, exit code 0


def verdict_of(result: Mapping[str, Any]) -> RunVerdict:
    """Return the verdict of *result*, as `run --json` prints it. It is one of the ledger's that a result can have."""
    status: Literal["ok", "failed", "refused", "unapproved"] = result["status"]
    changed = result["verified"].get("files_changed") or (result.get("merge") or {}).get("changed")
    if status == "failed" and result.get("cause") == "no-change" and not changed:
        return "no-change"
    if status != "ok":
        return status
    verified = result["verified"]
    check = verified.get("check")
    told = (check and check["passed"]) or any(one["trusted"] for one in verified.get("weak", ()))
    return "verified" if told and not verified["unverified"] else "unverified"


def why_not_elsewhere(result: Mapping[str, Any]) -> list[str]:
    """Return why the route of *result* refused the task, or what private file or text kept it here."""
    route = result["route"]
    if route.get("status") == "refused":
        return list(route["reasons"])
    return list(route["reasons"][:1]) if route.get("rule") == "private" else []
