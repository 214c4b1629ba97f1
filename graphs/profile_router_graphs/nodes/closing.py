"""From the subagent's last words to the run's end: what really changed, a summary, and the thread's new turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, cast

from langgraph.runtime import Runtime
from langgraph.types import Command

from profile_router.core.attempt.failed_work import unproved_failure, verification_failure
from profile_router.core.attempt.handoff import told_once
from profile_router.core.attempt.no_change import no_change
from profile_router.core.attempt.order import Order
from profile_router.core.attempt.outcome import (
    any_call_made,
    final_status,
    judged_failed,
    with_earlier_check,
    with_unrun_check,
)
from profile_router.core.attempt.standing import Standing, may_stand, restored, standing_note
from profile_router.core.attempt.weak_checks import with_weak_checks
from profile_router.core.conversation import Turn
from profile_router.core.ladder.check_words import tells_untouched
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.ladder.receipt import Attempt, Receipt, Verified
from profile_router.core.privacy.findings import masked
from profile_router.core.privacy.taint import named, together
from profile_router.core.routing.candidate import role_of
from profile_router.core.telling.events import back_event
from profile_router.core.telling.work import verified_lines
from profile_router.errors import RouterError
from profile_router.prompting.texts import task_text
from profile_router_graphs.nodes.before_attempt import why_closed
from profile_router_graphs.nodes.dispatch import as_its_server_is
from profile_router_graphs.nodes.reroute import next_step
from profile_router_graphs.nodes.reviewing import review_of
from profile_router_graphs.state import RunContext, RunState, checks_wrote, left_s, order_of, run_wrote

_STEP = "summarize"
_SHORTEST_CHECK_S = 1.0  # what an answer that came in the last moment is given: most checks end sooner


async def verify(state: RunState, runtime: Runtime[RunContext]) -> Command[Literal["reroute", "summarize", "merge"]]:
    """Look at what changed and run the check, if an attempt was made. Where the check fails, so does the attempt.

    It also fails where its task names a file to change, and nothing changed. No model is asked to summarize before
    this. So the report of an attempt that failed is cut, and never paid for.
    """
    context, task, attempt = runtime.context, state["task"], state["attempt"]
    if not any_call_made(state["receipts"]):
        return Command(goto="merge", update={"verified": Verified(before=state.get("before")), "looked_at": True})
    finished = attempt is not None and attempt.failure is None
    verified = await context.verifier.verify(
        state["snapshot"],
        attempt.text if attempt is not None and finished else state["summary"],
        task.to_check if finished else None,
        seconds=min(context.policy.limits.check_seconds, max(_SHORTEST_CHECK_S, left_s(state, context))),
        task=task,
        before=state.get("before"),
        wrote=run_wrote(state),
    )
    verified = replace(verified, before=state.get("before"))
    verified = with_unrun_check(verified, None if task.check is not None else task.found)
    verified, receipts = await _weighed(verified, state, context, finished=finished)
    context.ledger.verified(verified, after=len(receipts))
    for one in verified_lines(verified, task.found):
        runtime.stream_writer({"event": "verify", "line": one.line, "about": one.about, "passed": one.passed})
    notes = state["notes"]
    if verified.put_back_note:
        runtime.stream_writer(back_event(verified.put_back_note, saved=verified.put_back_saved))
        notes = told_once((*notes, verified.put_back_note))
    check = verified.check
    spread = check.taints if finished and check is not None and check.wrote else ()
    found: dict[str, Any] = {
        "verified": verified,
        "taints": together(state.get("taints", ()), spread),
        "looked_at": True,
        "notes": notes,
        "receipts": receipts,
        "checks_wrote": checks_wrote(state, check),
    }
    if attempt is None or not finished:
        return Command(goto="merge", update=found)
    return await _judged(attempt, found, state, context)


async def _weighed(
    plain: Verified, state: RunState, context: RunContext, *, finished: bool
) -> tuple[Verified, Sequence[Receipt]]:
    """Return *plain* with weak checks, and a review where it is asked; and the receipts, with those of the review."""
    task, evidence, attempt, receipts = state["task"], state["evidence"], state["attempt"], state["receipts"]
    trust = context.policy.trust
    if _told_at_burst(plain, state, context):
        plain = replace(plain, missed=())
    verified = with_weak_checks(plain, task, evidence, trust, finished=finished)
    if not finished:
        named = task.to_check is not None
        return with_earlier_check(verified, state["verified"], receipts, named=named), receipts
    if attempt is None or no_change(task, evidence, attempt, verified):
        return verified, receipts
    review = await review_of(verified, state, context)
    receipts = (*receipts, *review.receipts)
    context.ledger.answered(receipts)
    if review.check is not None:
        plain = replace(plain, weak=(*plain.weak, review.check))
        return with_weak_checks(plain, task, evidence, trust, finished=True), receipts
    if review.problem:
        verified = replace(verified, unverified=(*verified.unverified, f"not reviewed: {review.problem}"))
    return verified, receipts


def _told_at_burst(found: Verified, state: RunState, context: RunContext) -> bool:
    """Tell whether the strongest tier worked last, and was told of the files that it missed. It has the last word."""
    told = any(tells_untouched(error, found) for error in state.get("told", ()))
    return told and role_of(state["places"][-1].profile, context.policy, context.candidates) == "burst"


async def _judged(
    attempt: Attempt, found: dict[str, Any], state: RunState, context: RunContext
) -> Command[Literal["reroute", "summarize", "merge"]]:
    """Return where a finished *attempt* leads by what was *found* of it: a failed check fails the attempt."""
    task, verified, receipts = state["task"], found["verified"], found["receipts"]
    failure = verification_failure(verified, context.policy) or no_change(task, state["evidence"], attempt, verified)
    found["standing"] = None
    if failure is None:
        failure = _unproved(verified, attempt, state, context)
        if failure is None:
            return Command(goto="summarize", update=found)
        found["standing"] = Standing(
            attempt=attempt,
            verified=verified,
            number=receipts.index(attempt.receipt),
            taints=found["taints"],
            mark=context.verifier.snapshot(),
        )
    summary = attempt.text
    if not task.whole_answer:
        summary, _ = await context.summarizer.summarize(summary, replace(_to_summarize(state, context), seconds=0.0))
    receipts, attempt = judged_failed(receipts, attempt, failure)
    context.ledger.answered(receipts)
    return Command(goto="reroute", update={**found, "receipts": receipts, "attempt": attempt, "summary": summary})


def _unproved(verified: Verified, attempt: Attempt, state: RunState, context: RunContext) -> Failure | None:
    """Return why work that nothing proves is promoted; None where the policy keeps it, or nobody above may be asked.

    Where it was only long, it stands too if nothing above could go on at once. A key, money or a yes may be missing.
    """
    policy, at = context.policy, state["places"][-1]
    usual = context.usual(role_of(at.profile, policy, context.candidates))
    failure = unproved_failure(verified, policy, turns=attempt.receipt.turns, usual=usual)
    if failure is None:
        return None
    seen: RunState = {**state, "verified": verified}
    taken = next_step(replace(attempt, failure=failure), state["evidence"], seen, context)
    if taken.profile is None:
        return None
    closed = policy.unproved == "long" and why_closed(Place(taken.profile, taken.provider), taken.step, seen, context)
    return None if closed else failure


async def summarize(state: RunState, runtime: Runtime[RunContext]) -> Command[Literal["merge"]]:
    """Bring the text within budget: as it is, by one more call where it was made, or cut and noted."""
    context, attempt, receipts = runtime.context, state["attempt"], state["receipts"]
    if attempt is None:
        raise AssertionError("summarize was reached without an attempt")
    if not state.get("looked_at"):  # a run that an older version left here: it summarized first
        return cast("Command[Literal['merge']]", await verify(state, runtime))
    if receipts[-1].step == _STEP:  # it had summarized, and was killed before it verified
        return Command(goto="merge")
    if state["task"].whole_answer:
        return Command(goto="merge", update={"summary": attempt.text})
    order = _to_summarize(state, context)
    if len(attempt.text.encode()) > context.policy.limits.summary_tokens:  # else it is short, and nobody is asked
        order, failure = await as_its_server_is(order, context)
        context.health.give_back(Place(order.profile, order.provider))
        order = replace(order, seconds=left_s(state, context))
        if failure is not None or (state.get("taints") and not order.local):
            order = replace(order, seconds=0.0)  # the text is cut: the model may not see it, or cannot be asked
    summary, receipt = await context.summarizer.summarize(attempt.text, order)
    receipts = (*receipts, *((receipt,) if receipt else ()))
    context.ledger.answered(receipts)
    return Command(goto="merge", update={"summary": summary, "receipts": receipts})


def _to_summarize(state: RunState, context: RunContext) -> Order:
    return replace(order_of(state, context, _STEP), conversation=(), outside=())


async def merge(state: RunState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """Close the run: its status, and the task and its summary as two turns of the thread."""
    runtime.context.purse.let_go()
    stood = _stood(state, runtime)
    state = cast("RunState", {**state, **stood})
    status = final_status(state["decision"], state["receipts"], state["attempt"], state["verified"])
    private = state["private_thread"] or bool(state["evidence"].private)
    attempt = state["attempt"]
    closed: dict[str, Any] = {
        **stood,
        "status": status,
        "private_thread": private,
        "from_parent": (),
        "handoff": None,
        "handoff_elsewhere": None,
        "told": (),
        "standing": None,
    }
    if attempt is None or (attempt.failure is not None and not attempt.failure.of_work):
        return closed
    copied = "" if private else _copied(runtime.context, state["summary"])
    # The thread is kept for long: what is known to be a secret does not go with it.
    confidential = runtime.context.policy.confidential
    asked = Turn("user", masked(task_text(state["task"]), confidential))
    source = ", ".join(masked(taint.path, confidential) for taint in state.get("taints", ()))
    answered = Turn("assistant", masked(state["summary"], confidential), source, runtime.context.run)
    said = tuple(state["notes"])
    if copied:
        said += (f"the summary repeats text of {copied}: local models only for the next tasks of this thread",)
    elif source and not private:
        read = named(state["taints"])
        said += (f"this answer goes to local models only in its thread: the subagent read {read}",)
    return closed | {
        "private_thread": private or bool(copied),
        "conversation": (*state["conversation"], asked, answered),
        "notes": said,
    }


def _stood(state: RunState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """Return what changes in the state where earlier work, promoted for want of proof alone, is how the run ends."""
    context, standing, ended, receipts = runtime.context, state.get("standing"), state["attempt"], state["receipts"]
    if standing is None or ended is None or not may_stand(standing, receipts, ended, context.policy):
        return {}
    if context.verifier.snapshot() != standing.mark:  # another attempt went on from there, or it was taken back
        return {}
    receipts, said = restored(standing, receipts), standing_note(standing, ended)
    context.ledger.answered(receipts)
    context.ledger.verified(standing.verified, after=len(receipts))
    runtime.stream_writer({"event": "stands", "line": said})
    return {
        "attempt": standing.attempt,
        "verified": standing.verified,
        "receipts": receipts,
        "taints": together(standing.taints, state.get("taints", ())),
        "notes": (*state["notes"], said),
    }


def _copied(context: RunContext, summary: str) -> str:
    """Return the private file that *summary* repeats something of: a local model may read those."""
    try:
        return context.verifier.copied((summary,))
    except RouterError:  # the work is done; where it cannot be told, the next task stays here
        return "perhaps a private file (the files could not be compared)"
