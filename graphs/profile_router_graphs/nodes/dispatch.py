"""One attempt with one profile through one runner, after a look at its health and its key."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from profile_router.core.attempts import forbidden, order_for, unavailable, views
from profile_router.core.backend import health_failure, passed_on
from profile_router.core.condensed import applied
from profile_router.core.estimate import estimate
from profile_router.core.evidence import Evidence
from profile_router.core.explain import attempt_line
from profile_router.core.handoff import wrote_so_far
from profile_router.core.handoff_fit import with_handoff
from profile_router.core.ladder import Failure, Place
from profile_router.core.order import Order
from profile_router.ports import Hold
from profile_router_graphs.state import RunContext, RunState


async def dispatch(state: RunState, runtime: Runtime[RunContext]) -> Command[Literal["summarize", "reroute"]]:
    """Make one attempt. Never retries: what follows a failure is `reroute`'s to say."""
    context = runtime.context
    order, evidence = _ordered(state, context)
    notes = (*state["notes"], *_dropped(order, state))
    place = Place(order.profile, order.provider)
    order, hold = await _allowed(order, evidence, context)
    if isinstance(hold, Failure):
        attempt = unavailable(order, context.candidates[order.profile].at(order.provider), hold)
    else:
        order, said = await _set_back(order, state, context)
        for line in said:
            runtime.stream_writer({"event": "kept", "line": line})
        notes = (*notes, *said)
        attempt = await context.runner.run(order, runtime.stream_writer, hold)
        context.health.record(place, attempt.failure)
        if hold is not None:
            hold.settle(attempt.receipt.cost_usd)
    runtime.stream_writer({"event": "attempt", "line": attempt_line(attempt), "outcome": attempt.receipt.outcome})
    return Command(
        goto="summarize" if attempt.failure is None else "reroute",
        update={
            "attempt": attempt,
            "places": (*state["places"], place),
            "receipts": (*state["receipts"], attempt.receipt),
            "notes": tuple(dict.fromkeys((*notes, *attempt.notes))),
            "wrote": wrote_so_far(state["wrote"], attempt),
        },
    )


def _ordered(state: RunState, context: RunContext) -> tuple[Order, Evidence]:
    """Return the order of this attempt, with what was condensed and handed over, and the evidence of its prompt."""
    counting = context.policy.counting
    order = order_for(
        state["task"],
        state["evidence"],
        context.policy,
        context.candidates,
        profile=state["profile"],
        provider=state["provider"],
        step=state["step"],
        conversation=(*state["conversation"], *state["from_parent"]),
        seconds=state["deadline"] - context.clock(),
    )
    order, evidence = applied(order, state["evidence"], state["condensed"], counting)
    order = replace(order, number=len(state["places"]))
    return with_handoff(order, evidence, state["handoff"], counting, context.measurer.count)


async def _allowed(order: Order, evidence: Evidence, context: RunContext) -> tuple[Order, Hold | Failure | None]:
    """Return the order as the server can take it, and the money held for it, or why there is no attempt."""
    failure = forbidden(order, evidence, context.policy)
    if failure is None:
        order, failure = await _healthy(order, context)
    if failure is not None:
        return order, failure
    hold = await _paid_for(order, evidence, context)
    if isinstance(hold, Failure):
        context.health.give_back(Place(order.profile, order.provider))
    return order, hold


def _dropped(order: Order, state: RunState) -> tuple[str, ...]:
    if state["handoff"] is None or order.handoff is not None:
        return ()
    return (f"the handoff was left out: the window of {order.profile} has no room for it",)


async def _set_back(order: Order, state: RunState, context: RunContext) -> tuple[Order, tuple[str, ...]]:
    """Take back what the attempts before did to the files, where the policy says so; return the order that knows it.

    Only right before an attempt that is made: where none follows, the files stay as the last one left them.
    """
    if state["handoff"] is None or context.policy.promotion.tree != "clean":
        return order, ()
    done = await context.verifier.set_back(state["snapshot"], state["ended"], state["wrote"], number=order.number)
    handoff = order.handoff and replace(order.handoff, tree="clean" if done.done else "keep")
    return replace(order, handoff=handoff), (done.note,) if done.note else ()


async def _paid_for(order: Order, evidence: Evidence, context: RunContext) -> Hold | Failure | None:
    """Return the money held for an attempt that costs, why it may not be made, or None where it is free."""
    view = views(context.policy, context.candidates)[order.profile][order.provider]
    if not view.paid:
        return None
    usd = estimate(evidence, order.tier, context.policy).usd
    name = f"attempt {order.number}"
    return await context.purse.take(order.profile, usd, profile=order.profile, step=order.step, name=name)


async def _healthy(order: Order, context: RunContext) -> tuple[Order, Failure | None]:
    """Return the order as the server can take it, or why it cannot: no key, down, another model, left alone."""
    place = Place(order.profile, order.provider)
    missing = context.backends.key_missing(place)
    if missing is not None:
        return order, Failure(cause="no-key", message=missing)
    report = await context.backends.inspect(place)
    if report is None:
        return order, context.health.blocked(place, answers=False)
    candidate = context.candidates[order.profile].at(order.provider)
    failure = passed_on(report, private=order.private) or health_failure(
        report, candidate.model, candidate.base_url, accept_any=context.policy.accept_any_model
    )
    local = order.local and not report.elsewhere
    order = replace(order, local=local, vision=order.vision or report.vision is True)
    return order, failure or context.health.blocked(place, answers=True)
