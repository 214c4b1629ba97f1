"""What the graph needs of the outside, one small Protocol per thing. Adapters implement them, tests fake them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from profile_router.core.backend import BackendReport
from profile_router.core.conversation import Conversation
from profile_router.core.evidence import Evidence, Window
from profile_router.core.order import Order
from profile_router.core.probe import ProbeOutcome
from profile_router.core.receipt import Attempt, Receipt, Verified
from profile_router.core.task import Task

Event = Mapping[str, Any]
Emit = Callable[[Event], None]


class Measurer(Protocol):
    """Measures a task: the workspace, the named files, the prompt, and the servers' real windows."""

    async def measure(self, task: Task, conversation: Conversation, *, private_thread: bool) -> Evidence:
        """Return the evidence of *task* in *conversation*. Raises RouterError for bad input."""
        ...

    def task_text(self, task: Task) -> str:
        """Return *task* as the user turn that the shared conversation keeps."""
        ...


class Backends(Protocol):
    """Asks model servers how they are."""

    async def inspect(self, profile: str) -> BackendReport | None:
        """Return what the server of *profile* says, None where it is not ours to ask (a cloud)."""
        ...

    def key_missing(self, profile: str) -> str | None:
        """Return a sentence where *profile* wants a key and has none."""
        ...


class Runner(Protocol):
    """Runs one attempt. Never retries, never switches: one provider, one model, one receipt."""

    async def run(self, order: Order, emit: Emit) -> Attempt:
        """Return how the attempt ended. A failure of the model or its server is a value, not an exception."""
        ...


class Prober(Protocol):
    """Asks the cheap tier how complex a borderline task is."""

    async def probe(self, task: Task, evidence: Evidence, profile: str) -> ProbeOutcome:
        """Return the estimate, or why there is none. Never stops a task."""
        ...


class Summarizer(Protocol):
    """Brings a subagent's last words within the parent's budget."""

    async def summarize(self, text: str, order: Order) -> tuple[str, Receipt | None]:
        """Return the summary, and the receipt of the model call if one was needed."""
        ...


class Verifier(Protocol):
    """Compares the claims with the world."""

    def snapshot(self) -> str:
        """Return a mark of the workspace as it is now."""
        ...

    async def verify(self, snapshot: str, summary: str, check: str | None, *, seconds: float) -> Verified:
        """Return what changed since *snapshot*, what *check* said, and which claims could not be confirmed."""
        ...


class Clock(Protocol):
    """Tells monotonic seconds, so that a run's wall clock can be tested."""

    def __call__(self) -> float:
        """Return seconds since some fixed moment."""
        ...


Windows = tuple[Window, ...]
