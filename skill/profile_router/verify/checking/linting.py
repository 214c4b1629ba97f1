"""Run a linter that was found, in the jail, where it can write nothing. It is a weak check, for want of a test."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from profile_router.checks.linters import linted
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.receipt import ChangedFile
from profile_router.core.ladder.weak_check import WeakCheck
from profile_router.verify.checking.jailed import JailedChecks

LINTING_SECONDS = 60.0


async def lint_changed(
    linter: FoundCheck, changed: Sequence[ChangedFile], checks: JailedChecks, *, seconds: float
) -> tuple[WeakCheck, ...]:
    """Return what *linter* says by *checks* of the files that *changed*; empty where that tells nothing of the work.

    Once it read a withheld file, nothing that it prints is told.
    """
    words = linted(linter, [file.path for file in changed])
    told = await _run(replace(linter, words=words), checks, seconds) if words else None
    return (told,) if told is not None else ()


async def _run(linter: FoundCheck, checks: JailedChecks, seconds: float) -> WeakCheck | None:
    result = await checks.run(linter, seconds=min(seconds, LINTING_SECONDS), reads_only=True)
    if result.inconclusive:
        return None
    name = shlex.join(linter.whole)
    if result.passed:
        return WeakCheck(kind="linted", passed=True, said=f"`{name}` finds nothing")
    told = "" if result.taints else result.last_line
    return WeakCheck(kind="linted", passed=False, said=f"`{name}`: exit {result.exit_code} · {told}".rstrip(" ·"))
