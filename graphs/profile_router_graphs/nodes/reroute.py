"""The attempt failed: one step on the ladder, or stop with the reason. The ladder is finite; every step is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from profile_router.core.attempt.handoff import (
    Handoff,
    check_error,
    handed_over,
    private_in,
    private_note,
    ran,
    stopped_for_privacy,
    told_elsewhere,
    told_once,
    without_output,
    without_words,
)
from profile_router.core.attempt.next_step import step_from
from profile_router.core.condense.result import CONDENSE_STEP
from profile_router.core.conversation import shared_turns
from profile_router.core.evidence import Evidence
from profile_router.core.ladder.receipt import Attempt
from profile_router.core.ladder.steps import TakenStep, WaysOn
from profile_router.core.privacy.taint import taint_note
from profile_router.core.routing.candidate import is_local
from profile_router.core.routing.window_fit import condensable
from profile_router.core.telling.events import back_event
from profile_router.core.telling.work import step_line
from profile_router.ports import Emit
from profile_router_graphs.state import RunContext, RunState, left_s, run_wrote

AFTER_CONDENSING = "condensed"  # the attempt's step; the model calls of condensing itself have `condense`


async def reroute(
    state: RunState, runtime: Runtime[RunContext]
) -> Command[Literal["condense", "dispatch", "verify", "merge"]]:
    """Take the step that the policy's table names for this failure, or none."""
    context, attempt = runtime.context, state["attempt"]
    if attempt is None or attempt.failure is None:
        raise AssertionError("reroute was reached without a failed attempt")
    taken = next_step(attempt, state["evidence"], state, context)
    taken, update = await _handed(taken, attempt, state, context, runtime.stream_writer)
    steps = (*state["steps"], taken)
    receipts = update.get("receipts", state["receipts"])
    context.ledger.answered(receipts)
    context.ledger.stepped(steps, after=len(receipts))
    runtime.stream_writer({"event": "ladder", "line": step_line(taken), "step": taken.step, "cause": taken.cause})
    if _leads_elsewhere(taken, context) and (taints := state.get("taints")):
        said = taint_note(attempt.receipt.profile, taints)
        runtime.stream_writer({"event": "taint", "line": said})
        update["notes"] = (*update.get("notes", state["notes"]), said)
    if taken.profile is None:
        return Command(goto="merge" if attempt.failure.of_work else "verify", update={**update, "steps": steps})
    if taken.wait_s:
        await context.sleep(max(0.0, min(taken.wait_s, left_s(state, context))))
    condense = taken.action == "condense"
    update |= {
        "steps": steps,
        "profile": taken.profile,
        "provider": taken.provider,
        "step": AFTER_CONDENSING if condense else taken.step,
    }
    return Command(goto="condense" if condense else "dispatch", update=update)


def _leads_elsewhere(taken: TakenStep, context: RunContext) -> bool:
    candidate = context.candidates.get(taken.profile or "")
    return candidate is not None and not is_local(candidate.at(taken.provider), context.policy)


def next_step(attempt: Attempt, evidence: Evidence, state: RunState, context: RunContext) -> TakenStep:
    """Return the step of the ladder that follows the failed *attempt*, or the stop. Raises ValueError for a success."""
    if attempt.failure is None:
        raise ValueError("only a failed attempt has a next step")
    return step_from(
        attempt.failure,
        evidence,
        context.policy,
        context.candidates,
        tried=state["places"],
        steps=state["steps"],
        ways=WaysOn(
            condensable=_condensable(state, context),
            repairable=_repairable(attempt, state, context),
            may_pay=context.purse.may_pay,
        ),
    )


async def _handed(
    taken: TakenStep, attempt: Attempt, state: RunState, context: RunContext, tell: Emit
) -> tuple[TakenStep, dict[str, Any]]:
    """Return *taken* with its handoff. One that is private makes the task so: then the step may change."""
    if taken.profile is None:
        return taken, {}
    evidence, conversation = state["evidence"], (*state["conversation"], *state["from_parent"])
    ended, said = await _with_its_tests(context.verifier.snapshot(), attempt, state, context)
    for event in said:
        tell(event)
    notes = {"notes": told_once((*state["notes"], *(event["line"] for event in said)))} if said else {}
    work = await context.verifier.diff(state["snapshot"], state["wrote"])
    open_turns = shared_turns(conversation, evidence.turns, False) == conversation
    handoff = handed_over(state["handoff"], attempt, state["verified"], work, said=state["summary"], quotes=open_turns)
    if handoff is None:
        return taken, ({"ended": ended} if state.get("taints") else {}) | notes
    update: dict[str, Any] = {
        "handoff": handoff,
        "handoff_elsewhere": _elsewhere(handoff, attempt, state),
        "ended": ended,
        **notes,
    }
    copied = context.verifier.copied((*handoff.tried, *handoff.errors))
    found = () if evidence.private else private_in(handoff, work, copied, confidential=context.policy.confidential)
    if found:
        evidence, quiet = replace(evidence, private=found), without_words(attempt, found)
        taken = stopped_for_privacy(next_step(quiet, evidence, state, context), found)
        receipts = tuple(quiet.receipt if one == attempt.receipt else one for one in state["receipts"])
        update |= {
            "attempt": quiet,
            "receipts": receipts,
            "evidence": evidence,
            "notes": (*update.get("notes", state["notes"]), private_note(found)),
        }
    return taken, update


async def _with_its_tests(
    ended: str, attempt: Attempt, state: RunState, context: RunContext
) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """Return the mark of the workspace that the next attempt begins with, and the events that tell of it.

    Where a check will judge that attempt, it does not answer for tests that those before it took away. *ended* is the
    mark now.
    """
    if state["task"].to_check is None or not ran(attempt):
        return ended, ()
    back = await context.verifier.tests_back(state["snapshot"], ended, run_wrote(state), state["task"])
    if back.done and back.left:
        ended = context.verifier.snapshot()
    taken = f"{attempt.receipt.profile}: {back.taken}" if back.taken else ""
    told = back_event(taken, saved=False), back_event(back.note, saved=back.saved)
    return ended, [event for event in told if event["line"]]


def _elsewhere(handoff: Handoff, attempt: Attempt, state: RunState) -> Handoff | None:
    """Return what of *handoff* a model elsewhere may be told."""
    if state.get("taints"):
        return told_elsewhere(state.get("handoff_elsewhere"), attempt)
    failed_check = attempt.failure is not None and attempt.failure.cause == "verification-failed"
    return without_output(handoff, state["verified"]) if failed_check else handoff


def _repairable(attempt: Attempt, state: RunState, context: RunContext) -> bool:
    """Tell whether the check of *attempt* failed and said something, and whether its place may be told that."""
    if attempt.failure is None or not attempt.failure.of_work:
        return False
    check, at = state["verified"].check, state["places"][-1]
    local = is_local(context.candidates[at.profile].at(at.provider), context.policy)
    untold = not local and (state.get("taints") or (check is not None and check.taints))
    return bool(check_error(state["verified"])) and not untold


def _condensable(state: RunState, context: RunContext) -> bool:
    """Tell whether condensing could help where the last attempt was: not tried yet, and there is something to it."""
    evidence = state["evidence"]
    window = evidence.window(state["profile"])
    tried = state["condensed"] is not None or any(receipt.step == CONDENSE_STEP for receipt in state["receipts"])
    return not tried and window is not None and condensable(evidence, window, context.policy.counting)
