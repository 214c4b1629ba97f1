"""Run a linter that was found, in the jail, where it can write nothing: a weak check, for want of a test."""

from __future__ import annotations

import shlex

from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.weak_check import WeakCheck
from profile_router.verify.jailed import JailedChecks

MOST_SECONDS = 60.0


async def run_linter(linter: FoundCheck, checks: JailedChecks, *, seconds: float) -> WeakCheck | None:
    """Return what *linter* says by *checks*, None where that tells nothing of the work.

    Of what it prints, nothing is told once it read a withheld file.
    """
    result = await checks.run(linter, seconds=min(seconds, MOST_SECONDS), reads_only=True)
    if result.inconclusive:
        return None
    name = shlex.join(linter.whole)
    if result.passed:
        return WeakCheck(kind="linted", passed=True, said=f"`{name}` finds nothing")
    told = "" if result.taints else result.last_line
    return WeakCheck(kind="linted", passed=False, said=f"`{name}`: exit {result.exit_code} · {told}".rstrip(" ·"))
