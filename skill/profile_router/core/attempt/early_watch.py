"""Whether an attempt may be promoted before it ends, and by what it is judged then. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from profile_router.core.attempt.next_step import step_from
from profile_router.core.attempt.order import Order
from profile_router.core.evidence import Evidence
from profile_router.core.ladder.causes import detail_of
from profile_router.core.ladder.early_score import EarlyScore, EarlyWatch, Trajectory, early_score
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.ladder.steps import TakenStep, WaysOn
from profile_router.core.language.faults import wants_a_change
from profile_router.core.policy import Policy
from profile_router.core.policy.early_promotion import GETS_NOWHERE
from profile_router.core.routing.candidate import Candidates, is_local
from profile_router.values import frozen, mutable


@frozen
class WayUp:
    """Where an early promotion would lead, and whether that is a model that may be told of what is private."""

    place: Place
    stays_here: bool


def way_up(
    order: Order,
    evidence: Evidence,
    policy: Policy,
    candidates: Candidates,
    *,
    tried: Sequence[Place],
    steps: Sequence[TakenStep],
    may_pay: bool,
) -> WayUp | None:
    """Return where *order* may be promoted to before it ends; None where nothing is above it, or it was done once.

    *tried* are the places of all attempts so far. What goes on after a private file was read leads to no model
    elsewhere.
    """
    if not policy.early.turns or any(taken.cause == GETS_NOWHERE for taken in steps):
        return None
    failure = Failure(cause=GETS_NOWHERE, message="")
    places = (*tried, Place(order.profile, order.provider))
    taken = step_from(failure, evidence, policy, candidates, tried=places, steps=steps, ways=WaysOn(may_pay=may_pay))
    if taken.profile is None:
        return None
    stays = is_local(candidates[taken.profile].at(taken.provider), policy)
    if (order.taints or order.left) and not stays:
        return None
    return WayUp(place=Place(taken.profile, taken.provider), stays_here=stays)


def early_watch(
    order: Order, way: WayUp, policy: Policy, *, usual: int | None, closed: Callable[[], str]
) -> EarlyWatch:
    """Return what the attempt of *order* is judged by, which may be promoted by *way* unless *closed* says why not."""
    task = order.task
    return EarlyWatch(
        rules=policy.early,
        goes=way.place.profile,
        candidates=order.files,
        edits=wants_a_change(task.goal, task.files),
        checked=task.to_check is not None,
        usual=usual,
        stays_here=way.stays_here,
        why_closed=closed,
    )


@mutable
class EarlyJudge:
    """Scores one attempt at `where` by `watch` as it goes on; `tell` hears of each score that differs.

    `last` is the newest score, None where there was none.
    """

    watch: EarlyWatch
    where: str
    tell: Callable[[Mapping[str, Any]], object]
    last: EarlyScore | None = None

    def is_high(self, done: Trajectory) -> bool:
        """Tell whether the score of what was *done* is high enough to end the attempt, if nothing spares it."""
        score = early_score(self.watch, done)
        return score is not None and score.reached

    def take(self, done: Trajectory, spared: str = "") -> Failure | None:
        """Take what was *done* so far; return why the attempt is ended, None where it goes on.

        It asks again first whether what is above could go on: the last answer is from before the attempt.
        """
        score = early_score(self.watch, done, spared=spared)
        if score is None:
            return None
        if score.promotes and (closed := self.watch.why_closed()):
            score = replace(score, spared=closed)
        if score.terms and (self.last is None or self.last.terms != score.terms):
            self.tell(self._event(score))
        self.last = score
        if not score.promotes:
            return None
        return Failure(cause=GETS_NOWHERE, message=f"{self.where}: {detail_of(GETS_NOWHERE, said=score.said)}")

    def _event(self, score: EarlyScore) -> dict[str, Any]:
        """Return what is told of *score*; the end of the attempt tells the terms of the one that ends it."""
        terms = [{"sign": term.sign, "points": term.points, "said": term.said} for term in score.terms]
        line = (
            f"score {score.total:g} of {score.needed:g}: {self.watch.goes} is to go on"
            if score.promotes
            else score.said
        )
        return {"event": "early", "line": f"{self.where}: {line}", "score": score.total, "terms": terms}
