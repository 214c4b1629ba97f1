"""Evidence → route, by the policy alone."""

from __future__ import annotations

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from profile_router.core.routing.decide import decide
from profile_router.core.routing.route import Refusal, Route
from profile_router.core.telling.decision import decision_line
from profile_router_graphs.state import RunContext, RunState


async def classify(
    state: RunState, runtime: Runtime[RunContext]
) -> Command[Literal["probe", "condense", "dispatch", "merge"]]:
    """Decide. Calls no model and reads no network: what it knows was measured before."""
    context = runtime.context
    decision = decide(state["task"], state["evidence"], context.policy, context.candidates)
    runtime.stream_writer({"event": "classify", "line": decision_line(decision), "rule": decision.rule})
    if isinstance(decision, Refusal):
        return Command(goto="merge", update={"decision": decision})
    update = {"decision": decision, "profile": decision.profile}
    return Command(goto="probe" if decision.needs_probe else next_node(decision), update=update)


def next_node(route: Route) -> Literal["condense", "dispatch"]:
    """Return where a decided *route* goes on."""
    return "condense" if route.condense else "dispatch"
