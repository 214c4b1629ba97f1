"""One attempt with one profile through one runner, after a look at its health and its key."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from profile_router.core.attempts import forbidden, order_for, unavailable
from profile_router.core.backend import health_failure
from profile_router.core.explain import attempt_line
from profile_router.core.ladder import Failure
from profile_router.core.order import Order
from profile_router_graphs.state import RunContext, RunState


async def dispatch(state: RunState, runtime: Runtime[RunContext]) -> Command[Literal["summarize", "reroute"]]:
    """Make one attempt. Never retries: what follows a failure is `reroute`'s to say."""
    context = runtime.context
    order = order_for(
        state["task"],
        state["evidence"],
        context.policy,
        context.candidates,
        profile=state["profile"],
        step=state["step"],
        conversation=state["conversation"],
        seconds=state["deadline"] - context.clock(),
    )
    candidate = context.candidates[order.profile]
    failure = forbidden(order, state["evidence"], context.policy)
    order, failure = (order, failure) if failure else await _healthy(order, context)
    attempt = (
        unavailable(order, candidate, failure) if failure else await context.runner.run(order, runtime.stream_writer)
    )
    runtime.stream_writer({"event": "attempt", "line": attempt_line(attempt), "outcome": attempt.receipt.outcome})
    return Command(
        goto="summarize" if attempt.failure is None else "reroute",
        update={
            "attempt": attempt,
            "receipts": (*state["receipts"], attempt.receipt),
            "notes": tuple(dict.fromkeys((*state["notes"], *attempt.notes))),
        },
    )


async def _healthy(order: Order, context: RunContext) -> tuple[Order, Failure | None]:
    """Return the order as the server can take it, or why it cannot be served: no key, down, another model loaded."""
    missing = context.backends.key_missing(order.profile)
    if missing is not None:
        return order, Failure(cause="no-key", message=missing)
    report = await context.backends.inspect(order.profile)
    if report is None:
        return order, None
    candidate = context.candidates[order.profile]
    failure = health_failure(report, candidate.model, candidate.base_url, accept_any=context.policy.accept_any_model)
    return replace(order, vision=order.vision or report.vision is True), failure
