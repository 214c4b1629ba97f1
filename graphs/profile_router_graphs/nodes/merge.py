"""Summary + receipts + verification → the shared conversation. The subagent's inner turns stay out of it."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from profile_router.core.attempts import final_status
from profile_router.core.conversation import Turn
from profile_router.core.privacy import masked
from profile_router_graphs.state import RunContext, RunState


async def merge(state: RunState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """Close the run: its status, and the task and its summary as two turns of the thread."""
    status = final_status(state["decision"], state["receipts"], state["attempt"], state["verified"])
    private = state["private_thread"] or bool(state["evidence"].private)
    attempt = state["attempt"]
    if attempt is None or (attempt.failure is not None and attempt.failure.cause != "verification-failed"):
        return {"status": status, "private_thread": private, "from_parent": (), "handoff": None}
    # The thread is kept for long: what is known to be a secret does not go with it.
    asked = Turn("user", masked(runtime.context.measurer.task_text(state["task"])))
    answered = Turn("assistant", masked(state["summary"]))
    return {
        "status": status,
        "private_thread": private,
        "from_parent": (),
        "handoff": None,
        "conversation": (*state["conversation"], asked, answered),
    }
