"""Borderline only: ask the cheap tier how complex the task is, then decide again."""

from __future__ import annotations

from typing import Literal, cast

from langgraph.runtime import Runtime
from langgraph.types import Command

from profile_router.core.ladder.failure import Place
from profile_router.core.routing.probe import ProbeOutcome, decide_after_probe
from profile_router.core.routing.route import Route
from profile_router.core.telling.decision import decision_line
from profile_router_graphs.nodes.classify import next_node
from profile_router_graphs.state import RunContext, RunState


async def probe(state: RunState, runtime: Runtime[RunContext]) -> Command[Literal["condense", "dispatch"]]:
    """Estimate and decide again. A probe that cannot be had means local; it never stops a task."""
    context, route = runtime.context, cast("Route", state["decision"])
    profile = context.policy.tiers.cheap
    if profile is None or state["evidence"].private:
        raise AssertionError("the probe was reached without a cheap tier, or with a private task")
    rests = context.health.blocked(Place(profile), answers=False)
    if rests is None:
        outcome = await context.prober.probe(state["task"], state["evidence"], profile)
        context.health.give_back(Place(profile))  # an attempt may follow there, and it is its end that is recorded
    else:
        outcome = ProbeOutcome(complexity=None, problem=rests.message)
    decided = decide_after_probe(route, outcome, context.policy)
    runtime.stream_writer({"event": "probe", "line": decided.reasons[-1], "goes": decision_line(decided)})
    update = {"decision": decided, "profile": decided.profile, "receipts": (*state["receipts"], *outcome.receipts)}
    return Command(goto=next_node(decided), update=update)
