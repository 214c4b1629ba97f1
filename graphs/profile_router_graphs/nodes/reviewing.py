"""A review of finished work where no check says anything. It is off unless the policy asks for it, and paid like any
call."""

from __future__ import annotations

from dataclasses import replace

from profile_router.core.attempt.order import Order
from profile_router.core.attempt.ordering import forbidden
from profile_router.core.attempt.review import ReviewOutcome, is_due, shown_to
from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.receipt import Verified
from profile_router_graphs.nodes.dispatch import as_its_server_is
from profile_router_graphs.state import RunContext, RunState, left_s, order_of

REVIEW_STEP = "review"


async def review_of(verified: Verified, state: RunState, context: RunContext) -> ReviewOutcome:
    """Return the review of the finished work that was *verified*; without a problem too where none is wanted or due.

    Private work, and what goes on from a private file, is shown to an attested endpoint on this machine alone.
    """
    if context.policy.review.by == "nobody" or context.reviewer is None or not is_due(verified):
        return ReviewOutcome()
    profile = context.policy.tiers.cheap
    if profile is None:
        return ReviewOutcome(problem="the policy has no cheap tier")
    read = bool(state.get("taints") or state.get("left") or (verified.check and verified.check.taints))
    order, problem = await _ordered(profile, state, context, read=read)
    if problem:
        return ReviewOutcome(problem=problem)
    diffs = await context.verifier.diff(state["snapshot"], state["wrote"])
    work = shown_to(diffs, context.policy.confidential, local=order.local)
    if not work.patch:
        return ReviewOutcome(problem=f"nothing of the changes may be shown to {profile}")
    return await context.reviewer.review(work, replace(order, seconds=left_s(state, context)))


async def _ordered(profile: str, state: RunState, context: RunContext, *, read: bool) -> tuple[Order, str]:
    """Return the order for *profile*, and why it is not to be asked; empty: it may be. *read*: an attempt or the check
    read a private file, and what changed may hold it."""
    there: RunState = {**state, "profile": profile, "provider": 0}
    order = replace(order_of(there, context, REVIEW_STEP), conversation=(), outside=())
    failure = forbidden(order, state["evidence"], context.policy)
    if failure is None:
        order, failure = await as_its_server_is(order, context)
        if failure is None:
            context.health.give_back(Place(profile))
    if failure is None and not order.local and read:
        return order, f"an attempt or the check read a private file, and {profile} is elsewhere"
    return order, failure.message if failure else ""
