"""Compare the claims with the world: git, files, the task's own check. Never trusts a self-report."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from profile_router.core.attempts import any_call_made
from profile_router.core.explain import verified_lines
from profile_router.core.receipt import Verified
from profile_router_graphs.state import RunContext, RunState


async def verify(state: RunState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """Look at what changed and run the check, if an attempt was made at all."""
    context, task = runtime.context, state["task"]
    if not any_call_made(state["receipts"]):
        return {"verified": Verified()}
    finished = state["attempt"] is not None and state["attempt"].failure is None
    verified = await context.verifier.verify(
        state["snapshot"],
        state["summary"],
        task.check if finished else None,
        seconds=context.policy.limits.check_seconds,
    )
    for line in verified_lines(verified):
        runtime.stream_writer({"event": "verify", "line": line})
    return {"verified": verified}
