"""What the graph carries from node to node, and what it is given to work with."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from typing_extensions import TypedDict

from profile_router.core import evidence, found_check, task
from profile_router.core.attempt import handoff, standing
from profile_router.core.attempt.handoff import Handoff
from profile_router.core.attempt.order import Order
from profile_router.core.attempt.ordering import order_for
from profile_router.core.attempt.standing import Standing
from profile_router.core.condense import result as condensed
from profile_router.core.condense.result import Condensed
from profile_router.core.conversation import Conversation, Turn, TurnFinding
from profile_router.core.evidence import Evidence
from profile_router.core.ladder import difference, early_score, failure, receipt, report, weak_check
from profile_router.core.ladder import steps as ladder
from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.receipt import Attempt, CheckBefore, CheckResult, Receipt, Status, Verified
from profile_router.core.ladder.steps import TakenStep
from profile_router.core.language.kinds import KindHit
from profile_router.core.locating import located
from profile_router.core.policy import Policy
from profile_router.core.privacy import taint
from profile_router.core.privacy.taint import Taint
from profile_router.core.routing import route
from profile_router.core.routing.candidate import Candidates
from profile_router.core.routing.loop import PastRuns, UsualTurns, nothing_before, nothing_usual
from profile_router.core.routing.route import Decision
from profile_router.core.task import Task
from profile_router.ports import (
    Backends,
    Clock,
    Condenser,
    Health,
    Measurer,
    Prober,
    Purse,
    Reviewer,
    RunLedger,
    Runner,
    Sleep,
    Summarizer,
    Verifier,
)
from profile_router.values import frozen


class RunInput(TypedDict):
    """What a run begins with."""

    task: Task


class RunOutput(TypedDict):
    """What a run ends with."""

    status: Status
    summary: str
    decision: Decision
    receipts: tuple[Receipt, ...]
    steps: tuple[TakenStep, ...]
    verified: Verified
    notes: tuple[str, ...]


class RunState(RunInput, RunOutput):
    """The whole state. Only `conversation` and `private_thread` outlive a run: they belong to the thread.

    `from_parent` are the parent's own turns as far as they are shared. They come anew with each task, and are kept
    for no longer than a run that may be resumed. `before` is what the task's check said before any work. `wrote` are
    the files that the attempts wrote, `checks_wrote` those that their checks did; None: nobody knows. `ended` is the
    mark of the workspace when the last of them failed, `looked_at` whether it was verified. `taints` are withheld
    files. The words of the attempts so far, `handoff` and the files may hold their content. So a model elsewhere is
    told `handoff_elsewhere` instead. `told` are the errors that the last attempt was told. `left` are files that stay
    as such an attempt left them. `standing` is finished work that was promoted for want of proof alone. `deadline` is
    on the run's clock, which stands still while no process is at the run.

    Nothing here is a client, a key or a setting: it is checkpointed.
    """

    conversation: Conversation
    from_parent: Conversation
    private_thread: bool
    evidence: Evidence
    profile: str
    provider: int
    places: tuple[Place, ...]
    condensed: Condensed | None
    step: str
    attempt: Attempt | None
    looked_at: bool
    handoff: Handoff | None
    handoff_elsewhere: Handoff | None
    told: tuple[str, ...]
    taints: tuple[Taint, ...]
    left: tuple[str, ...]
    standing: Standing | None
    wrote: tuple[str, ...] | None
    checks_wrote: tuple[str, ...] | None
    before: CheckBefore | None
    snapshot: str
    ended: str
    deadline: float


@frozen
class RunContext:
    """The run's dependencies, frozen, outside the checkpoint.

    `run` is the id of the run. `undone` are the ids of the thread's runs that an undo took back, which still stands.
    """

    policy: Policy
    candidates: Candidates
    measurer: Measurer
    backends: Backends
    health: Health
    purse: Purse
    ledger: RunLedger
    runner: Runner
    prober: Prober
    condenser: Condenser
    summarizer: Summarizer
    verifier: Verifier
    clock: Clock
    sleep: Sleep
    past: PastRuns = nothing_before
    usual: UsualTurns = nothing_usual
    reviewer: Reviewer | None = None
    run: str = ""
    undone: frozenset[str] = frozenset()


def order_of(state: RunState, context: RunContext, step: str) -> Order:
    """Return the order for what comes next, as *step*, at the state's profile and provider."""
    return order_for(
        state["task"],
        state["evidence"],
        context.policy,
        context.candidates,
        Place(state["profile"], state["provider"]),
        step=step,
        conversation=(*state["conversation"], *state["from_parent"]),
        seconds=left_s(state, context),
    )


def left_s(state: RunState, context: RunContext) -> float:
    """Return how many seconds the run has left; none or fewer where its time is used up."""
    return state["deadline"] - context.clock()


def checks_wrote(state: RunState, last: CheckResult | None) -> tuple[str, ...] | None:
    """Return the files that the checks after attempts wrote, with *last*; None where nobody knows."""
    # A run that an older version left here has no such list.
    before = state.get("checks_wrote", () if state["verified"].check is None else None)
    if last is None or before is None:
        return before
    return None if last.left is None else tuple(sorted({*before, *last.left}))


def run_wrote(state: RunState) -> tuple[str, ...] | None:
    """Return the files that the attempts and their checks wrote; None where nobody knows.

    A check runs what an attempt wrote, and that may have written elsewhere: the tests, for one.
    """
    wrote, checks = state["wrote"], checks_wrote(state, None)
    return None if wrote is None or checks is None else tuple(sorted({*wrote, *checks}))


def checkpointed_types() -> list[tuple[str, str]]:
    """Return module and name of every value class that may stand in a checkpoint, for the serializer's allow-list."""
    found = {Turn, TurnFinding, KindHit}
    ours = (difference, failure, condensed, evidence, found_check, handoff, ladder, receipt, report, route, taint, task)
    for module in (*ours, early_score, weak_check, located, standing):
        found |= {
            value
            for value in vars(module).values()
            if isinstance(value, type) and is_dataclass(value) and fields(value) and value.__module__ == module.__name__
        }
    return sorted({(value.__module__, value.__name__) for value in found} | {(TakenStep.__module__, "Hop")})


NOTHING_TRIED: dict[str, Any] = {
    "receipts": (),
    "steps": (),
    "places": (),
    "condensed": None,
    "provider": 0,
    "attempt": None,
    "looked_at": False,
    "handoff": None,
    "handoff_elsewhere": None,
    "told": (),
    "taints": (),
    "left": (),
    "standing": None,
    "wrote": (),
    "checks_wrote": (),
    "before": None,
    "ended": "",
    "summary": "",
    "verified": Verified(),
    "notes": (),
    "step": "route",
}
