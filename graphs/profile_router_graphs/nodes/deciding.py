"""From the task to a decided route: measure, decide by the policy, and ask the cheap tier on the border."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, cast

from langgraph.runtime import Runtime
from langgraph.types import Command

from profile_router.core.conversation import knowing_undone
from profile_router.core.ladder.failure import Place
from profile_router.core.routing.decide import decide
from profile_router.core.routing.probe import ProbeOutcome, decide_after_probe
from profile_router.core.routing.route import Refusal, Route
from profile_router.core.routing.task_size import task_size_of
from profile_router.core.telling.decision import decision_line
from profile_router_graphs.nodes.checking import checked_before
from profile_router_graphs.state import NOTHING_TRIED, RunContext, RunState, left_s

_MEASURING_SHARE = 0.25  # of the run's time: a server that is slow to say what it is leaves the rest for the work


async def parent(state: RunState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    """Begin a run on its thread: nothing of an earlier run but the conversation and the thread's privacy remains.

    The run's conversation is the thread's own turns, then the parent's turns that are shared.
    """
    context, task = runtime.context, state["task"]
    seconds = task.timeout_s or context.policy.limits.run_seconds
    deadline = context.clock() + seconds
    before = tuple(state.get("conversation", ()))  # a checkpoint gives tuples back as lists
    conversation = knowing_undone(before, context.undone)
    private_thread = state.get("private_thread", False)
    said = context.measurer.share(task, conversation)
    task = replace(task, conversation=())
    evidence = await context.measurer.measure(
        task, (*conversation, *said.turns), private_thread=private_thread, seconds=_MEASURING_SHARE * seconds
    )
    return {
        **NOTHING_TRIED,
        "task": task,
        "conversation": conversation,
        "from_parent": said.turns,
        "private_thread": private_thread,
        "evidence": evidence.hearing(said),
        "notes": said.notes,
        "snapshot": context.verifier.snapshot(),
        "deadline": deadline,
    }


async def classify(
    state: RunState, runtime: Runtime[RunContext]
) -> Command[Literal["probe", "condense", "dispatch", "merge"]]:
    """Decide. Calls no model and reads no network: what it knows was measured before."""
    context = runtime.context
    task, evidence = state["task"], state["evidence"]
    past = context.past(task_size_of(evidence, context.policy))
    decision = decide(task, evidence, context.policy, context.candidates, past)
    context.ledger.routed(decision)
    runtime.stream_writer({"event": "classify", "line": decision_line(decision), "rule": decision.rule})
    if isinstance(decision, Refusal):
        return Command(goto="merge", update={"decision": decision})
    update = {"decision": decision, "profile": decision.profile}
    return Command(goto="probe" if decision.needs_probe else _next_node(decision), update=update)


async def probe(state: RunState, runtime: Runtime[RunContext]) -> Command[Literal["condense", "dispatch"]]:
    """Estimate and decide again. A probe that cannot be had means local; it never stops a task."""
    context, route = runtime.context, cast("Route", state["decision"])
    profile = context.policy.tiers.cheap
    if profile is None or state["evidence"].private:
        raise AssertionError("the probe was reached without a cheap tier, or with a private task")
    checked = await checked_before(state, runtime)
    blocked = context.health.blocked(Place(profile), answers=False)
    if blocked is None:
        outcome = await context.prober.probe(state["task"], state["evidence"], profile, seconds=left_s(state, context))
        context.health.give_back(Place(profile))  # an attempt may follow there, and it is its end that is recorded
    else:
        outcome = ProbeOutcome(complexity=None, problem=blocked.message)
    past = context.past(task_size_of(state["evidence"], context.policy))
    decided = decide_after_probe(state["task"], route, outcome, context.policy, context.candidates, past)
    receipts = (*state["receipts"], *outcome.receipts)
    context.ledger.answered(receipts)
    context.ledger.routed(decided)
    runtime.stream_writer({"event": "probe", "line": decided.reasons[-1], "goes": decision_line(decided)})
    update = {**checked, "decision": decided, "profile": decided.profile, "receipts": receipts}
    return Command(goto=_next_node(decided), update=update)


def _next_node(route: Route) -> Literal["condense", "dispatch"]:
    """Return where a decided *route* goes on."""
    return "condense" if route.condense else "dispatch"
