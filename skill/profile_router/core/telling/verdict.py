"""The verdict of a run in one word, for a person: what the world says of it, not the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Verdict = Literal["verified", "unverified", "failed", "refused", "unapproved"]


def verdict_of(result: Mapping[str, Any]) -> Verdict:
    """Return the verdict of *result*, as `run --json` prints it.

    `verified`: the check passed and nothing stays open. `unverified`: the run ended well, and nothing confirms it.
    """
    status: Verdict | Literal["ok"] = result["status"]
    if status != "ok":
        return status
    verified = result["verified"]
    check = verified.get("check")
    return "verified" if check and check["passed"] and not verified["unverified"] else "unverified"
