"""The attempt failed: one step on the ladder, or stop with the reason. The ladder is finite; every step is recorded."""

from __future__ import annotations

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from profile_router.core.attempts import hop_after
from profile_router.core.explain import hop_line
from profile_router_graphs.state import RunContext, RunState


async def reroute(state: RunState, runtime: Runtime[RunContext]) -> Command[Literal["dispatch", "verify"]]:
    """Take the step that the policy's table names for this failure, or none."""
    context, attempt = runtime.context, state["attempt"]
    if attempt is None or attempt.failure is None:
        raise AssertionError("reroute was reached without a failed attempt")
    hop = hop_after(
        attempt,
        state["evidence"],
        context.policy,
        context.candidates,
        receipts=state["receipts"],
        hops=state["hops"],
    )
    runtime.stream_writer({"event": "ladder", "line": hop_line(hop), "step": hop.step, "cause": hop.cause})
    hops = (*state["hops"], hop)
    if hop.profile is None:
        return Command(goto="verify", update={"hops": hops})
    return Command(goto="dispatch", update={"hops": hops, "profile": hop.profile, "step": hop.step})
