"""The task's check, once before any work: before the first step that may cost, at the latest before an attempt.

A named one comes first of all, before anybody is asked for a price. It runs even where no model can be reached. A found
one waits for an attempt that can be made.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from langgraph.runtime import Runtime

from profile_router.core.attempt.outcome import any_call_made
from profile_router.core.ladder.check_words import before_line
from profile_router.core.ladder.receipt import Verified
from profile_router.core.privacy.taint import together
from profile_router.core.trust.unable_check import may_lack
from profile_router_graphs.state import RunContext, RunState, left_s

_SHARE = 0.25  # of the time that the run has left: the rest is for the work


async def checked_before(state: RunState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """Run the check, named or found, if it was not run yet; return what changes in the state then.

    Raises UsageError where it cannot run: nothing was asked of a model so far.
    """
    context, check = runtime.context, state["task"].to_check
    if check is None or state.get("before") is not None or any_call_made(state["receipts"]):
        return {}  # a thread of an older version may go on after a model's work: that is nothing from before
    before = await context.verifier.check_before(
        state["snapshot"],
        check,
        seconds=min(context.policy.limits.check_before_seconds, _SHARE * left_s(state, context)),
        may_lack=partial(may_lack, state["task"]),
    )
    context.ledger.verified(Verified(check=before.check, before=before), after=len(state["receipts"]), stage="before")
    command = check if isinstance(check, str) else check.command
    runtime.stream_writer({"event": "check", "line": before_line(command, before), "passed": before.passed})
    if not before.taints:
        return {"before": before, "snapshot": before.mark}
    found: dict[str, Any] = {"before": before, "ended": before.mark}
    if before.check is None or not before.check.wrote:
        return {**found, "snapshot": before.mark}
    # It may have put into the work tree what it read. That is taken back before a model elsewhere sees it.
    return {**found, "taints": together(state.get("taints", ()), before.taints), "wrote": None}
