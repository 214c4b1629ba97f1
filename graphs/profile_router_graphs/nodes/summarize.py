"""The subagent's last words → a summary within the parent's budget. Invents nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from profile_router_graphs.state import RunContext, RunState, order_of


async def summarize(state: RunState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """Bring the text within the budget: as it is, by one more call, or cut with a note that says so."""
    context, attempt = runtime.context, state["attempt"]
    if attempt is None:
        raise AssertionError("summarize was reached without an attempt")
    order = replace(order_of(state, context, "summarize", provider=0), conversation=(), outside=())
    if state.get("taints") and not order.local:
        order = replace(order, seconds=0.0)  # the words of a tainted attempt are cut rather than shown to this model
    summary, receipt = await context.summarizer.summarize(attempt.text, order)
    return {"summary": summary, "receipts": (*state["receipts"], *((receipt,) if receipt else ()))}
