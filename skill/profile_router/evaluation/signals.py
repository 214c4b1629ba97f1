"""What is known of a task before any work, as numbers: its length, its words, where our route sends it.

A signal is higher where the task is likelier to be large or hard. The plain ones are what any method has to beat.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from profile_router.core.locating.located import Located
from profile_router.core.routing.route import Refusal
from profile_router.core.task import Task
from profile_router.errors import RouterError
from profile_router.expressions import expression
from profile_router.machine.hermes_program import HERMES_VARIABLE
from profile_router.runs.route import decide_alone
from profile_router.state.folder import STATE_VARIABLE
from profile_router.values import frozen

_LARGE = expression(
    r"\b(refactor\w*|rewrit\w+|redesign\w*|migrat\w+|overhaul\w*|architect\w+|introduc\w+|implement\w*|support\w*|"
    r"add\w*|new|all|every|across|entire)\b",
    re.IGNORECASE,
)
_SMALL = expression(
    r"\b(typos?|fix\w*|bump\w*|updat\w+|docs?|readme|renam\w+|lint\w*|changelog|pin\w*|version|comment\w*)\b",
    re.IGNORECASE,
)


def keywords(text: str) -> float:
    """Return the words of large changes less those of small ones."""
    return float(len(_LARGE.findall(text)) - len(_SMALL.findall(text)))


PLAIN: Mapping[str, Callable[[str], float]] = {
    "length": lambda text: float(len(text)),
    "words": lambda text: float(len(text.split())),
    "keywords": keywords,
}
TIER_RANKS = {"local": 0.0, "cheap": 0.0, "refused": 0.0, "probe": 1.0, "burst": 2.0}


@frozen
class RouteOf:
    """Where our route sends a task: `tier` is a word of `metrics.confusion.TIERS`. `problem`: why it cannot say."""

    tier: str = ""
    rule: str = ""
    ms: float = 0.0
    problem: str = ""


def route_of(
    text: str, policy: Path, scratch: Path, folder: Path | None = None, located: Callable[[], Located] = Located
) -> RouteOf:
    """Return where *text* goes by *policy*, in *folder* if there is one; *located* tells where it works there.

    The profiles are the shipped ones. No ledger, server or setting of this user counts, so the same rows give the same
    answer everywhere. *scratch* stands for the user's home.
    """
    environ = {
        "HOME": str(scratch),
        STATE_VARIABLE: str(scratch / "state"),
        HERMES_VARIABLE: "none",
    }
    task = Task(goal=text, workspace=str(folder) if folder else None)
    began = time.perf_counter()
    try:
        decision = decide_alone(task, str(policy), environ, folder or scratch, located)
    except RouterError as error:
        return RouteOf(problem=str(error))
    ms = (time.perf_counter() - began) * 1_000
    if isinstance(decision, Refusal):
        return RouteOf(tier="refused", rule=decision.rule, ms=ms)
    tier = "probe" if decision.needs_probe else decision.tier or "local"
    return RouteOf(tier=tier, rule=decision.rule, ms=ms)


def route_from(plain: Mapping[str, Any]) -> RouteOf:
    """Return the route that JSON has as *plain*. Raises TypeError where it is not one."""
    return RouteOf(**plain)
