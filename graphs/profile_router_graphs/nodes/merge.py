"""Summary + receipts + verification → the shared conversation. The subagent's inner turns stay out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime

from profile_router.core.attempt.between import final_status
from profile_router.core.conversation import Turn
from profile_router.core.privacy.findings import masked
from profile_router.core.privacy.taint import Taint, named
from profile_router.errors import RouterError
from profile_router_graphs.state import RunContext, RunState


async def merge(state: RunState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """Close the run: its status, and the task and its summary as two turns of the thread."""
    status = final_status(state["decision"], state["receipts"], state["attempt"], state["verified"])
    private = state["private_thread"] or bool(state["evidence"].private)
    attempt = state["attempt"]
    if attempt is None or (attempt.failure is not None and attempt.failure.cause != "verification-failed"):
        return {
            "status": status,
            "private_thread": private,
            "from_parent": (),
            "handoff": None,
            "handoff_elsewhere": None,
        }
    copied = "" if private else _copied(runtime.context, state["summary"])
    # The thread is kept for long: what is known to be a secret does not go with it.
    confidential = runtime.context.policy.confidential
    asked = Turn("user", masked(runtime.context.measurer.task_text(state["task"]), confidential))
    source = ", ".join(masked(taint.path, confidential) for taint in state.get("taints", ()))
    answered = Turn("assistant", masked(state["summary"], confidential), source)
    said = [_note(copied)] if copied else [_of_turn(state["taints"])] if source and not private else []
    return {
        "status": status,
        "private_thread": private or bool(copied),
        "from_parent": (),
        "handoff": None,
        "handoff_elsewhere": None,
        "conversation": (*state["conversation"], asked, answered),
        "notes": (*state["notes"], *said),
    }


def _copied(context: RunContext, summary: str) -> str:
    """Return the private file that *summary* repeats something of: a local model may read those."""
    try:
        return context.verifier.copied((summary,))
    except RouterError:  # the work is done; where it cannot be told, the next task stays here
        return "perhaps a private file (the files could not be compared)"


def _of_turn(taints: Sequence[Taint]) -> str:
    return f"this answer goes to local models only in its thread: the subagent read {named(taints)}"


def _note(copied: str) -> str:
    return f"the summary repeats text of {copied}: local models only for the next tasks of this thread"
