"""What the probe's estimate means for a borderline route."""

from __future__ import annotations

from dataclasses import replace

from profile_router.core.ladder.receipt import Receipt
from profile_router.core.policy import Policy, Tier
from profile_router.core.policy.rules import BorderlineRule
from profile_router.core.routing.candidate import Candidates, host_of
from profile_router.core.routing.estimate import estimate
from profile_router.core.routing.loop import NO_PAST, Past
from profile_router.core.routing.route import Route
from profile_router.core.routing.window_fit import fits
from profile_router.core.task import Task
from profile_router.core.text import counted
from profile_router.values import frozen


@frozen
class Complexity:
    """The cheap tier's estimate: `score` of 10, files and lines to edit, and one sentence why."""

    score: int
    files_to_edit: int
    lines_to_edit: int
    reason: str


@frozen
class ProbeOutcome:
    """One probe: an estimate, or in `problem` why there is none; a receipt for each call that was made."""

    complexity: Complexity | None
    receipts: tuple[Receipt, ...] = ()
    problem: str = ""


def decide_after_probe(
    task: Task, route: Route, outcome: ProbeOutcome, policy: Policy, candidates: Candidates, past: Past = NO_PAST
) -> Route:
    """Return *route* of *task* with the probe's answer in it: burst if complex, else as it was.

    No estimate means local.
    """
    rule = next((rule for rule in policy.rules if isinstance(rule, BorderlineRule)), None)
    if outcome.complexity is None or rule is None:
        return replace(
            route, needs_probe=False, reasons=(*route.reasons, f"no estimate ({outcome.problem}): decided local")
        )
    found = outcome.complexity
    sizes = f"{counted(found.files_to_edit, 'file')}, {counted(found.lines_to_edit, 'line')}"
    said = f"the probe estimates {found.score} of 10, {sizes}: {found.reason}"
    tier: Tier = rule.if_complex if found.score >= policy.probe.complex_from else rule.route
    profile = policy.tiers.profile(tier) or route.profile
    window = route.evidence.window(profile)
    if window is not None and not fits(route.evidence, window, policy.counting):
        said, tier, profile = f"{said} (but the prompt does not fit {profile})", rule.route, route.profile
    return replace(
        route,
        needs_probe=False,
        profile=profile,
        host=host_of(profile, candidates),
        tier=tier,
        condense=route.condense and profile == route.profile,
        reasons=(*route.reasons, said),
        estimate=estimate(task, route.evidence, profile, policy, candidates, past),
        flips=(),
    )
