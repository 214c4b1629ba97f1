"""Compare the claims with the world: git, files, the task's own check. Never trusts a self-report."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from profile_router.core.attempt.between import any_call_made, verification_failure, with_earlier_check
from profile_router.core.ladder.receipt import Verified
from profile_router.core.privacy.taint import together
from profile_router.core.telling.decision import verified_lines
from profile_router_graphs.state import RunContext, RunState

_SHORTEST_CHECK_S = 1.0  # what an answer that came in the last moment is given: most checks end sooner


async def verify(state: RunState, runtime: Runtime[RunContext]) -> Command[Literal["reroute", "merge"]]:
    """Look at what changed and run the check, if an attempt was made. Where the check fails, so does the attempt."""
    context, task, attempt = runtime.context, state["task"], state["attempt"]
    if not any_call_made(state["receipts"]):
        return Command(goto="merge", update={"verified": Verified()})
    finished = attempt is not None and attempt.failure is None
    verified = await context.verifier.verify(
        state["snapshot"],
        state["summary"],
        task.check if finished else None,
        seconds=min(context.policy.limits.check_seconds, max(_SHORTEST_CHECK_S, state["deadline"] - context.clock())),
    )
    if not finished:
        verified = with_earlier_check(verified, state["verified"])
    for line in verified_lines(verified):
        runtime.stream_writer({"event": "verify", "line": line})
    check = verified.check
    spread = check.taints if finished and check is not None and check.wrote else ()
    taints = together(state.get("taints", ()), spread)
    failure = verification_failure(verified, context.policy) if finished else None
    if attempt is None or failure is None:
        return Command(goto="merge", update={"verified": verified, "taints": taints})
    attempt = replace(attempt, failure=failure)
    return Command(goto="reroute", update={"verified": verified, "attempt": attempt, "taints": taints})
