"""Before an attempt: what it is expected to cost, and whether it may be promoted before it ends."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from profile_router.core.attempt.early_watch import early_watch, way_up
from profile_router.core.attempt.order import Order
from profile_router.core.attempt.ordering import forbidden, out_of_time
from profile_router.core.condense.result import applied
from profile_router.core.evidence import Evidence
from profile_router.core.ladder.cost_range import CostRange
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.ladder.spending import expected
from profile_router.core.routing.candidate import role_of
from profile_router.core.routing.estimate import most_turns
from profile_router.core.routing.loop import expected_loop, hermes_takes
from profile_router.core.routing.task_size import task_size_of
from profile_router.core.text import price
from profile_router.ports import Emit, Hold
from profile_router_graphs.state import RunContext, RunState, left_s, order_of


def judged_order(order: Order, state: RunState, context: RunContext) -> Order:
    """Return *order* with what its attempt is judged by, where something above it could go on at once.

    A local attempt is worth more than none. It is not ended for a step that cannot go on. Such a step lacks its key, is
    on cooldown, not paid for, or needs a yes. Right before it is ended that is asked again. The money is held at once:
    another judge may look at the last of it at the same moment.
    """
    policy, evidence = context.policy, state["evidence"]
    way = way_up(
        order,
        evidence,
        policy,
        context.candidates,
        tried=state["places"],
        steps=state["steps"],
        may_pay=context.purse.may_pay,
    )
    if way is None:
        return order
    if why_closed(way.place, "early", state, context):
        return order
    closed = partial(why_closed, way.place, "early", state, context, claims=f"attempt {order.number + 1}")
    usual = context.usual(role_of(order.profile, policy, context.candidates))
    return replace(order, early=early_watch(order, way, policy, usual=usual, closed=closed))


def why_closed(place: Place, step: str, state: RunState, context: RunContext, *, claims: str = "") -> str:
    """Return why no attempt could be made at *place* by *step* as things are; empty where one could.

    Then the money for it is held, if it has the name *claims*.
    """
    why = _unready(place, context)
    if not why:
        above = {**state, "profile": place.profile, "provider": place.provider}
        order = order_of(above, context, step)  # type: ignore[arg-type]
        order, evidence = applied(order, state["evidence"], state["condensed"], context.policy.counting)
        failure = forbidden(order, evidence, context.policy)
        if failure is not None:
            why = failure.message
        elif order.rate.paid and not _has_money(order, evidence, state, context, claims):
            why = "no budget has room for it"
    return f"{place.profile} could not go on: {why}" if why else ""


def _has_money(order: Order, evidence: Evidence, state: RunState, context: RunContext, claims: str) -> bool:
    cost = expected_cost(order, evidence, state, context)
    if not claims:
        return context.purse.affords(cost)
    return context.purse.claims(cost, profile=order.profile, step=order.step, name=claims)


def _unready(place: Place, context: RunContext) -> str:
    if (missing := context.backends.key_missing(place)) is not None:
        return missing
    if (failure := context.health.blocked(place, answers=False)) is not None:
        return failure.message
    context.health.give_back(place)
    return ""


async def paid_for(
    order: Order, evidence: Evidence, state: RunState, context: RunContext, tell: Emit
) -> tuple[Hold | Failure | None, Order]:
    """Return the money held for an attempt, None for a free one, or why it may not be made.

    Return also *order* with the time that is left now. Servers, a check and a person were asked before, and that took
    some.
    """
    if not order.rate.paid:
        order = replace(order, seconds=left_s(state, context))
        return out_of_time(order.seconds), order
    cost, name = expected_cost(order, evidence, state, context), f"attempt {order.number}"
    hold = await context.purse.take(order.profile, cost, profile=order.profile, step=order.step, name=name)
    order = replace(order, seconds=left_s(state, context))
    if isinstance(hold, Failure):
        return hold, order
    if (late := out_of_time(order.seconds)) is not None:
        hold.settle(0.0)
        return late, order
    tell({"event": "reserve", "line": f"{order.profile} {expected(cost)}; {price(hold.reserved)} reserved"})
    return hold, order


def expected_cost(order: Order, evidence: Evidence, state: RunState, context: RunContext) -> CostRange:
    """Return what the attempt of *order* is expected to cost, whose prompt has the size that *evidence* says."""
    policy = context.policy
    past = context.past(task_size_of(state["evidence"], policy))
    embedded_only = order.private or order.taints or order.left or order.provider
    by_hermes = past.hermes and not embedded_only and hermes_takes(policy.runner, order.window)
    loop = expected_loop(
        evidence,
        policy,
        past,
        runner="hermes" if by_hermes else "embedded",
        tier=role_of(order.profile, policy, context.candidates),
        most_turns=most_turns(order.task, policy),
    )
    return loop.cost(order.rate)
