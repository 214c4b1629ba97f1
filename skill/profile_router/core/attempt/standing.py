"""Finished work that was promoted for want of proof alone: it stands where nobody after it finished. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from profile_router.core.attempt.outcome import BESIDE
from profile_router.core.ladder.causes import Cause
from profile_router.core.ladder.receipt import Attempt, Receipt, Verified
from profile_router.core.policy import Policy
from profile_router.core.privacy.taint import Taint
from profile_router.values import frozen


@frozen
class Standing:
    """Finished work that nothing proves, and that was promoted for no other reason.

    `attempt`, `verified` and `taints` are as the work was left. `number` is that of its receipt among all of the run.
    `mark` is the workspace then, empty outside of git.
    """

    attempt: Attempt
    verified: Verified
    number: int
    taints: tuple[Taint, ...] = ()
    mark: str = ""


def may_stand(standing: Standing, receipts: Sequence[Receipt], ended: Attempt, policy: Policy) -> bool:
    """Tell whether *standing* is how the run ends, if its work is still in place; *ended* is the last attempt.

    It is not where somebody ended the run, or is asked for a promotion that the policy always wants.
    Outside of git nobody knows what is in place, once another attempt had a turn or files were taken back.
    """
    if ended.failure is None:
        return False
    ends: frozenset[Cause] = frozenset({"interrupted"})
    if policy.unproved == "promote":
        ends |= {"not-approved"}
    if ended.failure.cause in ends:
        return False
    if standing.mark:
        return True
    later = [one for one in receipts[standing.number + 1 :] if one.step not in BESIDE]
    return policy.promotion.tree == "keep" and not standing.taints and not any(one.turns for one in later)


def restored(standing: Standing, receipts: Sequence[Receipt]) -> tuple[Receipt, ...]:
    """Return *receipts* with the one of *standing* as it was before it was judged."""
    number = standing.number
    return (*receipts[:number], standing.attempt.receipt, *receipts[number + 1 :])


def standing_note(standing: Standing, ended: Attempt) -> str:
    """Say that the work stands, and why nobody looked at it again; *ended* is the last attempt."""
    failure = ended.failure
    why = (
        f": {failure.message}"
        if failure is not None and ended.receipt.profile != standing.attempt.receipt.profile
        else ""
    )
    return f"the work of {standing.attempt.receipt.profile} stands unproved, as no stronger model finished it{why}"
