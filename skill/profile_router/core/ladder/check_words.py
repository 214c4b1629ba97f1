"""How a check ended, and what it said before any work, in words. Pure."""

from __future__ import annotations

from profile_router.core.ladder.receipt import CheckBefore, CheckResult, Verified


def ended(passed: bool, exit_code: int | None, before: bool | None) -> str:
    """Return how a check ended. *before* tells whether it passed before any work, None where nobody knows."""
    if passed:
        return {None: "passed", True: "passed, as before", False: "passed, red before"}[before]
    return f"FAILED ({exit_text(exit_code, before)})"


def exit_text(exit_code: int | None, before: bool | None) -> str:
    """Return the exit code of a check that failed, and whether it did before."""
    return f"exit {exit_code}" + {None: "", True: ", green before", False: ", red before"}[before]


def before_line(command: str, before: CheckBefore) -> str:
    """Return what the check *command* said *before* any work, in one line."""
    check = before.check
    if check is None or before.why:
        return f"before the work: {command} is not known: {before.why}"
    known = " · known from a run on the same files" if before.known else ""
    return f"before the work: {check_line(check, None)}{known}"


def check_line(check: CheckResult, before: bool | None) -> str:
    """Return how *check* ended, and its last line."""
    return f"{check.said}: {ended(check.passed, check.exit_code, before)} · {check.last_line}".rstrip(" ·")


def passed_before(verified: Verified) -> bool | None:
    """Return whether the check of *verified* passed before any work, None where nobody knows."""
    return verified.before.passed if verified.before else None
