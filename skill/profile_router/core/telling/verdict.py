"""The verdict of a run in one word, for a person: what the world says of it, not the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Verdict = Literal["verified", "unverified", "failed", "refused", "unapproved"]


def verdict_of(result: Mapping[str, Any]) -> Verdict:
    """Return the verdict of *result*, as `run --json` prints it.

    `verified`: the check passed, or a weak one that the policy trusts, and nothing stays open. `unverified`: the run
    ended well, and nothing confirms it.
    """
    status: Verdict | Literal["ok"] = result["status"]
    if status != "ok":
        return status
    verified = result["verified"]
    check = verified.get("check")
    told = (check and check["passed"]) or any(one["trusted"] for one in verified.get("weak", ()))
    return "verified" if told and not verified["unverified"] else "unverified"
