"""Take the task and the shared conversation, and measure: the servers are asked for their real windows here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from profile_router_graphs.state import NOTHING, RunContext, RunState


async def parent(state: RunState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """Begin a run on its thread: nothing of an earlier run but the conversation and the thread's privacy remains.

    The run's conversation is the thread's own turns, then what of the parent's is passed on.
    """
    context, task = runtime.context, state["task"]
    conversation = tuple(state.get("conversation", ()))  # a checkpoint gives tuples back as lists
    private_thread = state.get("private_thread", False)
    said = context.measurer.pass_on(task, conversation)
    task = replace(task, conversation=())
    evidence = await context.measurer.measure(task, (*conversation, *said.turns), private_thread=private_thread)
    seconds = task.timeout_s or context.policy.limits.run_seconds
    return {
        **NOTHING,
        "task": task,
        "conversation": conversation,
        "from_parent": said.turns,
        "private_thread": private_thread,
        "evidence": evidence.hearing(said),
        "notes": said.notes,
        "snapshot": context.verifier.snapshot(),
        "deadline": context.clock() + seconds,
    }
