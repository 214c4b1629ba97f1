"""Whether a check that was just allowed can run in its jail: told before the first paid attempt."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from profile_router.core.found_check import FoundCheck
from profile_router.core.policy import Terminal
from profile_router.core.telling.ways_out import INTO_VENV
from profile_router.verify.checking.jailed import JailedChecks, to_install

_SECONDS = 20.0
_FIX = f"{INTO_VENV}, or name its folder under terminal.readable of the policy"


def silent_because(check: FoundCheck, root: Path, terminal: Terminal) -> str:
    """Return why *check* of the workspace *root* would tell nothing of any work, and what helps; empty if it may.

    No test is run: pytest collects them, another program tells its version. In this jail nothing can be written.
    """
    alone = check.whole[:1] if "/" not in check.whole[0] else ()
    words = (*check.whole, "--collect-only") if check.runner == "pytest" else (*alone, "--version") if alone else ()
    if not words:
        return ""
    jailed = JailedChecks(root=root, options=terminal)
    told = asyncio.run(jailed.run(replace(check, words=words), seconds=_SECONDS, reads_only=True))
    if not to_install(check, told, root):
        return ""
    return f"{told.inconclusive}, so the check would tell nothing; {_FIX}"
