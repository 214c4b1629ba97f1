"""The prompt is over the window: condense its context, or say with the sizes why not. Never cuts anything unsaid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from profile_router.core.attempt.order import Order
from profile_router.core.attempt.ordering import unavailable
from profile_router.core.condense.result import CONDENSE_STEP, Helper, helpers
from profile_router.core.ladder.failure import Place
from profile_router.core.routing.rate import rate_at
from profile_router.core.routing.window_fit import fits
from profile_router.core.telling.events import attempt_event
from profile_router_graphs.nodes.checking import checked_before
from profile_router_graphs.nodes.dispatch import ask_server
from profile_router_graphs.state import RunContext, RunState, left_s, order_of


async def condense(state: RunState, runtime: Runtime[RunContext]) -> Command[Literal["dispatch", "reroute"]]:
    """Condense for the profile that comes next. Where that cannot be, no attempt is made there: the ladder goes on."""
    checked = await checked_before(state, runtime)
    context, order = runtime.context, _order(state, runtime.context)
    allowed = helpers(order, state["evidence"], context.policy, context.candidates, may_pay=context.purse.may_pay)
    writers = await _reachable(allowed, order, context)
    order = replace(order, seconds=left_s(state, context))
    outcome = await context.condenser.condense(order, writers, runtime.stream_writer)
    for writer in writers:
        context.health.give_back(Place(writer.profile))
    receipts = (*state["receipts"], *outcome.receipts)
    context.ledger.answered(receipts)
    if outcome.condensed is not None:
        said = tuple(part.line for part in outcome.condensed.listed)
        for line in said:
            runtime.stream_writer({"event": "condense", "line": line})
        notes = (*state["notes"], *said)
        update = {**checked, "condensed": outcome.condensed, "receipts": receipts, "notes": notes}
        return Command(goto="dispatch", update=update)
    if outcome.failure is None:
        raise AssertionError("condensing gave neither a result nor a failure")
    attempt = unavailable(order, context.candidates[order.profile].at(order.provider), outcome.failure)
    receipts = (*receipts, attempt.receipt)
    context.ledger.answered(receipts)
    runtime.stream_writer(attempt_event(attempt))
    update = {
        **checked,
        "attempt": attempt,
        "looked_at": False,
        "places": (*state["places"], Place(order.profile, order.provider)),
        "receipts": receipts,
    }
    return Command(goto="reroute", update=update)


def _order(state: RunState, context: RunContext) -> Order:
    """Return the order that is condensed for. Where a server refused what we counted to fit, half its window is taken:
    it is smaller than we know."""
    order = order_of(state, context, CONDENSE_STEP)
    window = state["evidence"].window(order.profile)
    if window is not None and fits(state["evidence"], window, context.policy.counting):
        return replace(order, window=order.window // 2)
    return order


async def _reachable(allowed: Sequence[Helper], order: Order, context: RunContext) -> tuple[Helper, ...]:
    """Return the first of *allowed* that has a key and whose server can take what *order* says."""
    private = order.private or order.outside not in (None, order.conversation)
    for helper in allowed:
        report, failure = await ask_server(Place(helper.profile), context, private=private, seconds=order.seconds)
        if failure is not None:
            continue
        if report is not None and report.elsewhere:  # its server passes the work on: neither local nor free
            rate = rate_at(context.candidates[helper.profile], 0, context.policy, elsewhere=True)
            helper = replace(helper, local=False, rate=rate)
        if context.purse.may_pay or not helper.rate.paid:
            return (helper,)
    return ()
