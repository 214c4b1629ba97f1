"""One attempt with one profile through one runner, after a look at its health and its key."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal, cast

from langgraph.runtime import Runtime
from langgraph.types import Command

from profile_router.core.attempt.handoff import Handoff, SetBack, ran, to_repair, wrote_so_far
from profile_router.core.attempt.handoff_fit import with_handoff
from profile_router.core.attempt.order import Order
from profile_router.core.attempt.ordering import forbidden, out_of_time, unavailable
from profile_router.core.condense.result import applied
from profile_router.core.evidence import Evidence
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.ladder.receipt import Attempt
from profile_router.core.ladder.server_report import ServerReport, health_failure, relayed_elsewhere
from profile_router.core.privacy.taint import Taint, left_note, named, together
from profile_router.core.routing.candidate import role_of
from profile_router.core.routing.rate import rate_at
from profile_router.core.routing.task_size import task_size_of
from profile_router.core.telling.events import attempt_event, back_event, begin_event
from profile_router.errors import RouterError, StateError
from profile_router.ports import Hold, Stopped
from profile_router_graphs.nodes.before_attempt import judged_order, paid_for
from profile_router_graphs.nodes.checking import checked_before
from profile_router_graphs.state import RunContext, RunState, order_of


async def dispatch(state: RunState, runtime: Runtime[RunContext]) -> Command[Literal["verify", "reroute"]]:
    """Make one attempt. Never retries: what follows a failure is `reroute`'s to say."""
    context, made = runtime.context, {}
    if state["task"].check is not None:  # a misspelt one is said before any attempt, also where no model can be reached
        made = await checked_before(state, runtime)
        state = cast("RunState", {**state, **made})
    order, evidence = _ordered(state, context)
    notes = (*state["notes"], *_dropped(order, state))
    place = Place(order.profile, order.provider)
    order, failure = await _possible(order, evidence, context, repairs=_repairs(state))
    hold: Hold | Failure | None = failure
    if failure is None:
        state, order, found = await _found_check_run(state, order, runtime)
        made |= found
        hold, order = await paid_for(order, evidence, state, context, runtime.stream_writer)
        if isinstance(hold, Failure):
            context.health.give_back(place)
    if not isinstance(hold, Failure):
        order, done = await _set_back(order, state, context)
        if done is not None and done.note:
            runtime.stream_writer(back_event(done.note, saved=done.saved))
            notes = (*notes, done.note)
        if (stuck := _stuck(order, done, state, context)) is not None:
            context.health.give_back(place)
            if hold is not None:
                hold.settle(0.0)
            hold = stuck
    if isinstance(hold, Failure):
        attempt = unavailable(order, context.candidates[order.profile].at(order.provider), hold)
    else:
        attempt = await _made(judged_order(order, state, context), hold, state, runtime)
        made |= _after(order, attempt, state)
        context.health.record(place, attempt.failure)
        if hold is not None:
            hold.settle(attempt.receipt.cost_usd)
    receipts = (*state["receipts"], attempt.receipt)
    context.ledger.answered(receipts)
    runtime.stream_writer(attempt_event(attempt))
    return Command(
        goto="verify" if attempt.failure is None else "reroute",
        update={
            "attempt": attempt,
            "looked_at": False,
            "places": (*state["places"], place),
            "receipts": receipts,
            "notes": tuple(dict.fromkeys((*notes, *attempt.notes))),
            **made,
            "wrote": wrote_so_far(state["wrote"], attempt),
        },
    )


async def _made(order: Order, hold: Hold | None, state: RunState, runtime: Runtime[RunContext]) -> Attempt:
    """Let the runner make the attempt, which the ledger has before. Raises Stopped once its cost is settled."""
    context = runtime.context
    asked = context.candidates[order.profile].at(order.provider)
    row = context.ledger.asks(
        profile=asked.name,
        model=asked.model,
        provider=asked.provider,
        step=order.step,
        tier=role_of(order.profile, context.policy, context.candidates),
        task_size=task_size_of(state["evidence"], context.policy),
    )
    runtime.stream_writer(begin_event(asked.name, asked.model, step=order.step, number=order.number + 1))
    try:
        return _tainted_as(order, await context.runner.run(order, runtime.stream_writer, hold))
    except Stopped as stopped:
        with suppress(StateError):  # it ends all the same
            context.ledger.stopped(row, stopped.receipt)
            if hold is not None:
                hold.settle(stopped.receipt.cost_usd)
        raise


def _ordered(state: RunState, context: RunContext) -> tuple[Order, Evidence]:
    """Return the order of this attempt, with what was condensed and handed over, and the evidence of its prompt."""
    counting = context.policy.counting
    order = order_of(state, context, state["step"])
    order, evidence = applied(order, state["evidence"], state["condensed"], counting)
    handoff = state["handoff"] if order.local else state.get("handoff_elsewhere")
    handoff = to_repair(handoff) if _repairs(state) else handoff
    left = state.get("left", ())
    order = replace(order, number=len(state["places"]), taints=_carried(order, handoff, state), left=left)
    return with_handoff(order, evidence, handoff, counting, context.measurer.count)


def _carried(order: Order, handoff: Handoff | None, state: RunState) -> tuple[Taint, ...]:
    """Return the withheld files of which *order* may tell its model: by files and handoff, by the check, by turns."""
    if not order.local:
        return ()
    check = state["verified"].check
    said = (*state["conversation"], *state["from_parent"])
    return together(
        state.get("taints", ()),
        check.taints if check is not None and handoff is not None else (),
        (Taint(path=turn.source, why="an earlier answer of the thread") for turn in said if turn.source),
        (Taint(path=path, why="left by an attempt that read private files") for path in state.get("left", ())[:1]),
    )


async def _possible(
    order: Order, evidence: Evidence, context: RunContext, *, repairs: bool
) -> tuple[Order, Failure | None]:
    """Return the order as the server can take it, or why no attempt is made."""
    failure = forbidden(order, evidence, context.policy)
    if failure is None and repairs and order.handoff is None:
        said = f"the window of {order.profile} has no room for what the check said"
        failure = Failure(cause="over-window", message=said)
    return (order, failure) if failure is not None else await as_its_server_is(order, context)


async def _found_check_run(
    state: RunState, order: Order, runtime: Runtime[RunContext]
) -> tuple[RunState, Order, dict[str, Any]]:
    """Run a found check, if it was not run yet; return *state* and *order* after it, and what changes in the state.

    Nobody named it: it waits until there is an attempt that can be made. It takes time, and may read files.
    """
    context = runtime.context
    try:
        checked = await checked_before(state, runtime)
    except RouterError:
        context.health.give_back(Place(order.profile, order.provider))
        raise
    if not checked:
        return state, order, checked
    state = cast("RunState", {**state, **checked})
    taints = together(order.taints, state.get("taints", ())) if order.local else order.taints
    return state, replace(order, taints=taints), checked


def _repairs(state: RunState) -> bool:
    """Tell whether the attempt that comes next is a repair of what the last one left in the files."""
    last = next((taken for taken in reversed(state["steps"]) if taken.action != "wait"), None)
    return last is not None and last.action == "repair"


def _dropped(order: Order, state: RunState) -> tuple[str, ...]:
    if state["handoff"] is None or order.handoff is not None:
        return ()
    return (f"the handoff was left out: the window of {order.profile} has no room for it",)


async def _set_back(order: Order, state: RunState, context: RunContext) -> tuple[Order, SetBack | None]:
    """Take back what the attempts before did to the files, where the policy says so; return the order that knows it.

    Only right before an attempt that is made: where none follows, the files stay as the last one left them.
    """
    # The files hold what a tainted attempt did, and the model of the order may not read that.
    free, clean = bool(state.get("taints")) and _frees(order, context), context.policy.promotion.tree == "clean"
    if free and (away := [one for one in state["taints"] if one.moved]):
        return order, SetBack(done=False, note=f"move {away[0].path} back, or out of the workspace")
    if free or (clean and state["handoff"] is not None and not _repairs(state)):
        # The check ran what the attempt wrote, and that may have written elsewhere.
        wrote = None if free and state["wrote"] and state["verified"].check is not None else state["wrote"]
        done = await context.verifier.set_back(state["snapshot"], state["ended"], wrote, number=order.number)
        order = replace(order, handoff=order.handoff and replace(order.handoff, tree="clean" if done.done else "keep"))
    elif state["ended"] and _withholds(order, state, context):  # no file is taken back: those git ignores are found
        done = await context.verifier.set_back(state["ended"], state["ended"], (), number=order.number)
    else:
        return order, None
    if done.left and _withholds(order, state, context):
        order = replace(order, left=tuple(sorted({*order.left, *done.left})))
        done = replace(done, note="; ".join(filter(None, (done.note, left_note(done.left)))))
    return order, done


def _withholds(order: Order, state: RunState, context: RunContext) -> bool:
    """Tell whether files that git ignores may hold what a tainted attempt or check made, which *order* may not read."""
    return _frees(order, context) and bool(_read_so_far(state))


def _frees(order: Order, context: RunContext) -> bool:
    return not order.local and context.policy.promotion.tainted_changes == "back"


def _read_so_far(state: RunState) -> tuple[Taint, ...]:
    check, before = state["verified"].check, state.get("before")
    return together(state.get("taints", ()), check.taints if check else (), before.taints if before else ())


def _stuck(order: Order, done: SetBack | None, state: RunState, context: RunContext) -> Failure | None:
    """Return why the attempt is not made: what a tainted one did to the files could not be taken back."""
    if done is None or done.done or not _withholds(order, state, context):
        return None
    read = named(_read_so_far(state))
    return Failure(
        cause="tainted", message=f"{order.profile} may not see what was made after reading {read}: {done.note}"
    )


def _tainted_as(order: Order, attempt: Attempt) -> Attempt:
    """Return *attempt* with the taints that its *order* brought, where it came to a model at all."""
    if not (order.taints and ran(attempt)):
        return attempt
    receipt = replace(attempt.receipt, taints=together(order.taints, attempt.receipt.taints))
    return replace(attempt, receipt=receipt)


def _after(order: Order, attempt: Attempt, state: RunState) -> dict[str, Any]:
    """Return what changes in the state after an attempt that was made."""
    told = order.handoff.errors if order.handoff else ()
    if not order.local:  # the files were freed, or the policy lets them pass; its model knows what it was told alone
        elsewhere = {"handoff": state.get("handoff_elsewhere"), "left": order.left}
        return {"taints": attempt.receipt.taints, "told": told, **elsewhere}
    return {"taints": together(state.get("taints", ()), attempt.receipt.taints), "told": told}


async def as_its_server_is(order: Order, context: RunContext) -> tuple[Order, Failure | None]:
    """Return the order as the server can take it, or why it cannot."""
    place = Place(order.profile, order.provider)
    report, failure = await ask_server(place, context, private=order.private, seconds=order.seconds)
    if report is None:
        return order, failure
    local = order.local and not report.elsewhere
    order = replace(order, vision=order.vision or report.vision is True, takes_tools=report.takes_tools)
    if order.local and not local:  # a model elsewhere after all: it hears nothing that local models alone may hear
        rate = rate_at(context.candidates[order.profile], order.provider, context.policy, elsewhere=True)
        order = replace(order, local=False, rate=rate, conversation=order.outside or (), handoff=None, taints=())
    return order, failure


async def ask_server(
    place: Place, context: RunContext, *, private: bool, seconds: float
) -> tuple[ServerReport | None, Failure | None]:
    """Return what the server at *place* says, if it can be asked. Return also why it cannot take a task, *private* or
    not.

    It has no key, is down, has another model, relays what is private, or is on cooldown. Or the run's last *seconds*
    are over before it has answered: that is nothing against the server.
    """
    missing = context.backends.key_missing(place)
    if missing is not None:
        return None, Failure(cause="no-key", message=missing)
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            report = await context.backends.inspect(place)
    except TimeoutError:
        return None, out_of_time(0.0)
    if report is None:
        return None, context.health.blocked(place, answers=False)
    candidate = context.candidates[place.profile].at(place.provider)
    failure = relayed_elsewhere(report, private=private) or health_failure(
        report, candidate.model, candidate.base_url, accept_any=context.policy.accept_any_model
    )
    if failure is not None:
        context.health.noticed(place, failure)
    return report, failure or context.health.blocked(place, answers=True)
