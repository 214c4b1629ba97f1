"""What the doctor found, as values: each a level, a name, what was measured, and what fixes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from profile_router.values import frozen

Level = Literal["pass", "warn", "fail"]


@frozen
class Finding:
    """One line of the doctor. `fix` is a command, or a sentence where no command does it; empty for a pass."""

    level: Level
    name: str
    measured: str
    fix: str = ""


def passed(name: str, measured: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(level="pass", name=name, measured=measured)


def warned(name: str, measured: str, fix: str = "") -> Finding:
    """Return a finding that can be lived with."""
    return Finding(level="warn", name=name, measured=measured, fix=fix)


def failed(name: str, measured: str, fix: str) -> Finding:
    """Return a finding that keeps something from working."""
    return Finding(level="fail", name=name, measured=measured, fix=fix)


def count_of_level(findings: Sequence[Finding], level: Level) -> int:
    """Return how many of *findings* are of *level*."""
    return sum(finding.level == level for finding in findings)


def tally(findings: Sequence[Finding]) -> str:
    """Sum *findings* up in one line, such as `1 failed, 2 warnings`."""
    fails, warnings = count_of_level(findings, "fail"), count_of_level(findings, "warn")
    if not fails and not warnings:
        return f"all {len(findings)} checks passed"
    said = [f"{fails} failed"] if fails else []
    said += [f"{warnings} warning{'s' * (warnings != 1)}"] if warnings else []
    return ", ".join(said)
