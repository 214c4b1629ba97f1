"""Take the task and the shared conversation, and measure: the servers are asked for their real windows here."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from profile_router_graphs.state import NOTHING, RunContext, RunState


async def parent(state: RunState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """Begin a run on its thread: nothing of an earlier run but the conversation and the thread's privacy remains."""
    context, task = runtime.context, state["task"]
    conversation = tuple(state.get("conversation", ()))  # a checkpoint gives tuples back as lists
    private_thread = state.get("private_thread", False)
    evidence = await context.measurer.measure(task, conversation, private_thread=private_thread)
    seconds = task.timeout_s or context.policy.limits.run_seconds
    return {
        **NOTHING,
        "conversation": conversation,
        "private_thread": private_thread,
        "evidence": evidence,
        "snapshot": context.verifier.snapshot(),
        "deadline": context.clock() + seconds,
    }
