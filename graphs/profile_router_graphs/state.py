"""What the graph carries from node to node, and what it is given to work with."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from typing_extensions import TypedDict

from profile_router.core import evidence, ladder, receipt, route, task
from profile_router.core.conversation import Conversation, Turn
from profile_router.core.decide import Candidates
from profile_router.core.evidence import Evidence
from profile_router.core.kinds import KindHit
from profile_router.core.ladder import Hop
from profile_router.core.policy import Policy
from profile_router.core.receipt import Attempt, Receipt, Status, Verified
from profile_router.core.route import Decision
from profile_router.core.task import Task
from profile_router.ports import Backends, Clock, Measurer, Prober, Runner, Summarizer, Verifier


class RunInput(TypedDict):
    """What a run begins with."""

    task: Task


class RunOutput(TypedDict):
    """What a run ends with."""

    status: Status
    summary: str
    decision: Decision
    receipts: tuple[Receipt, ...]
    hops: tuple[Hop, ...]
    verified: Verified
    notes: tuple[str, ...]


class RunState(RunInput, RunOutput):
    """The whole state. Only `conversation` and `private_thread` outlive a run: they belong to the thread.

    Nothing here is a client, a key or a setting: it is checkpointed.
    """

    conversation: Conversation
    private_thread: bool
    evidence: Evidence
    profile: str
    step: str
    attempt: Attempt | None
    snapshot: str
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """The run's dependencies, frozen, outside the checkpoint."""

    policy: Policy
    candidates: Candidates
    measurer: Measurer
    backends: Backends
    runner: Runner
    prober: Prober
    summarizer: Summarizer
    verifier: Verifier
    clock: Clock


def checkpointed_types() -> list[tuple[str, str]]:
    """Return module and name of every value class that may stand in a checkpoint, for the serializer's allow-list."""
    found = {Turn, KindHit}
    for module in (evidence, ladder, receipt, route, task):
        found |= {
            value
            for value in vars(module).values()
            if isinstance(value, type) and is_dataclass(value) and fields(value) and value.__module__ == module.__name__
        }
    return sorted((value.__module__, value.__name__) for value in found)


NOTHING: dict[str, Any] = {
    "receipts": (),
    "hops": (),
    "attempt": None,
    "summary": "",
    "verified": Verified(),
    "notes": (),
    "step": "route",
}
