"""What the graph needs of the outside, one small Protocol per thing. Adapters implement them, tests fake them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from profile_router.core.attempt.handoff import FileDiff, SetBack
from profile_router.core.attempt.order import Order
from profile_router.core.attempt.review import ReviewedWork, ReviewOutcome
from profile_router.core.condense.result import CondenseOutcome, Helper
from profile_router.core.conversation import Conversation, Shared
from profile_router.core.evidence import Evidence
from profile_router.core.found_check import CheckQuestion, FoundCheck
from profile_router.core.ladder.cost_range import CostRange
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.ladder.receipt import Attempt, CheckBefore, Receipt, Verified
from profile_router.core.ladder.run_kinds import Stage
from profile_router.core.ladder.server_report import ServerReport
from profile_router.core.ladder.steps import TakenStep
from profile_router.core.routing.probe import ProbeOutcome
from profile_router.core.routing.route import Decision
from profile_router.core.task import Task
from profile_router.core.trust.unable_check import MayLack

Event = Mapping[str, Any]
Emit = Callable[[Event], None]
Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], float]  # monotonic seconds


class Measurer(Protocol):
    """Measures a task: the workspace, the named files, the prompt, and the servers' real windows."""

    def share(self, task: Task, thread: Conversation) -> Shared:
        """Return what of the parent's conversation goes along with *task*, and what in *thread* and it is private."""

    async def measure(
        self, task: Task, conversation: Conversation, *, private_thread: bool, seconds: float
    ) -> Evidence:
        """Return the evidence of *task* in *conversation*. Servers have *seconds* for what is asked of them.

        Raises RouterError for bad input.
        """

    def count(self, text: str) -> int:
        """Return the o200k tokens of *text*."""


class SessionMemory(Protocol):
    """Remembers which sessions of a parent have had private work."""

    def why_local(self, sessions: Sequence[str]) -> str:
        """Return why the chat of *sessions*, newest first, stays on this machine, empty where it need not."""

    def note_private(self, sessions: Sequence[str]) -> None:
        """Remember that the newest of *sessions* has private work. Raises StateError."""


class Backends(Protocol):
    """Asks model servers how they are."""

    async def inspect(self, place: Place) -> ServerReport | None:
        """Return what the server at *place* says, None where it is not ours to ask (a cloud).

        A server that is loading its model is waited for, as long as the policy's `loading_seconds`.
        """

    def key_missing(self, place: Place) -> str | None:
        """Return a sentence where the provider at *place* wants a key and has none."""


class Health(Protocol):
    """Remembers, beyond this run, which servers and keys failed."""

    def blocked(self, place: Place, *, answers: bool) -> Failure | None:
        """Return why *place* is on cooldown now, None where it may be tried.

        *answers*: its server was just asked how it is, and is well.
        """

    def give_back(self, place: Place) -> None:
        """Leave *place*, which `blocked` let through, to the next who asks: nothing of it will be recorded."""

    def noticed(self, place: Place, failure: Failure) -> None:
        """Note that the server of *place* cannot take a task, as it says itself or by not answering."""

    def record(self, place: Place, failure: Failure | None) -> None:
        """Note how an attempt at *place* ended; None is success."""


class Hold(Protocol):
    """Money held for one attempt or call that costs, in USD."""

    @property
    def reserved(self) -> float:
        """How much is held."""

    def covers(self, spent: float, more: float) -> None:
        """See to it that what was *spent* and *more*, the next answer at its longest, are held.

        Raises AttemptError where that goes into no budget, or where *spent* has reached what was expected at most.
        """

    def settle(self, usd: float) -> None:
        """Note that it cost *usd* in all and is over."""


class Purse(Protocol):
    """What a run may spend."""

    @property
    def may_pay(self) -> bool:
        """Tell whether anything may be spent at all, or any more."""

    def affords(self, cost: CostRange) -> bool:
        """Tell whether a call of so much may be made as things are, without anybody being asked."""

    def claims(self, cost: CostRange, *, profile: str, step: str, name: str) -> bool:
        """Hold the money for the call *name*, which `take` makes next; tell whether there is enough of it."""

    def let_go(self) -> None:
        """Give back what was claimed for a call that was not made."""

    async def take(self, where: str, cost: CostRange, *, profile: str, step: str, name: str = "") -> Hold | Failure:
        """Return money held for a call to *where*, or why it may not be made. No other of the run has its *name*."""


class RunLedger(Protocol):
    """Writes down what a run does, each thing before the next is done. All raise StateError where that cannot be."""

    def routed(self, decision: Decision) -> None:
        """Note the route, and the evidence as figures."""

    def asks(self, *, profile: str, model: str, provider: str, step: str, tier: str = "", task_size: str = "") -> int:
        """Note that a model is about to be asked, and return the number of its row.

        An attempt has the *tier* that its profile plays, and the *task_size*. Others like it are found by them.
        """

    def ends(self, number: int, receipt: Receipt) -> None:
        """Note how what `asks` gave *number* ended."""

    def stopped(self, number: int, receipt: Receipt) -> None:
        """Note what *number* has taken so far; it has not ended, and may go on in another process."""

    def answered(self, receipts: Sequence[Receipt]) -> None:
        """Note *receipts*, all of the run so far in order: what was asked and has none is taken out."""

    def stepped(self, steps: Sequence[TakenStep], *, after: int) -> None:
        """Note the last of *steps*, all steps of the run so far. *after* is the number of receipts before it."""

    def verified(self, found: Verified, *, after: int, stage: Stage = "after") -> None:
        """Note what was *found* by looking at the work, or before there was any. *after*: the receipts before it."""


class Approver(Protocol):
    """Asks whoever is there."""

    async def agrees(self, question: str) -> bool | None:
        """Return whether somebody agreed to *question*, None where nobody can answer."""

    async def allows(self, question: CheckQuestion) -> bool | None:
        """Return whether somebody lets code of the workspace run, None where nobody can answer. No flag agrees."""


class Stopped(asyncio.CancelledError):
    """An attempt that was cancelled in its middle. `receipt` says what it had taken by then: that is paid for."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__()
        self.receipt = receipt


class Runner(Protocol):
    """Runs one attempt. Never retries, never switches: one provider, one model, one receipt."""

    async def run(self, order: Order, emit: Emit, hold: Hold | None = None) -> Attempt:
        """Return how the attempt ended. A failure of the model or its server is a value, not an exception.

        An attempt that costs comes with a *hold*, which it asks before each request whether that is covered. One that
        is cancelled raises Stopped where a model had been asked.
        """


class Prober(Protocol):
    """Asks the cheap tier how complex a borderline task is."""

    async def probe(self, task: Task, evidence: Evidence, profile: str, *, seconds: float) -> ProbeOutcome:
        """Return the estimate, or why there is none. Never stops a task."""


class Condenser(Protocol):
    """Brings context and conversation within a window."""

    async def condense(self, order: Order, helpers: Sequence[Helper], emit: Emit) -> CondenseOutcome:
        """Return what they become within *order*'s window, or why that cannot be, with a receipt per model call.

        *helpers* may write summaries, the cheapest first.
        """


class Reviewer(Protocol):
    """Asks a cheap model what it makes of finished work."""

    async def review(self, work: ReviewedWork, order: Order) -> ReviewOutcome:
        """Return what *order*'s endpoint says of *work* at its task, or why it says nothing. Never stops a task."""


class Summarizer(Protocol):
    """Brings a subagent's last words within the parent's budget."""

    async def summarize(self, text: str, order: Order) -> tuple[str, Receipt | None]:
        """Return the summary, and the receipt of the model call if one was needed."""


class Verifier(Protocol):
    """Compares the claims with the world."""

    def snapshot(self) -> str:
        """Return a mark of the workspace as it is now."""

    async def check_before(
        self, snapshot: str, check: str | FoundCheck, *, seconds: float, may_lack: MayLack
    ) -> CheckBefore:
        """Return what *check* says before any work on the files of *snapshot*: once, whatever happens in between.

        Raises UsageError where it cannot run, unless it *may_lack* that: the task is to make it.
        """

    async def verify(
        self,
        snapshot: str,
        said: str,
        check: str | FoundCheck | None,
        *,
        seconds: float,
        task: Task | None = None,
        before: CheckBefore | None = None,
        wrote: Sequence[str] | None = None,
    ) -> Verified:
        """Return what changed since *snapshot*, what *check* said, and which claims in *said* are not so.

        The check is judged by what is different since *before* the work on *task*. *wrote* are the files that the
        attempts wrote, None where nobody knows. Tests among them that *task* does not name are put back first.
        """

    async def diff(self, snapshot: str, wrote: Sequence[str] | None) -> tuple[FileDiff, ...]:
        """Return what became of each file since *snapshot*, of those in *wrote* alone where that is known."""

    def copied(self, texts: Sequence[str]) -> str:
        """Return the private file that one of *texts* repeats something of; empty where none does."""

    async def tests_back(self, snapshot: str, ended: str, wrote: Sequence[str] | None, task: Task) -> SetBack:
        """Make the tests what they were at *snapshot*, which an attempt at *task* spoilt until *ended*.

        The next attempt begins with them. `left` of the answer are their files. *wrote* is as in `set_back`.
        """

    async def set_back(self, snapshot: str, ended: str, wrote: Sequence[str] | None, *, number: int) -> SetBack:
        """Make the files what they were at *snapshot*, as far as they changed until *ended*; keep what is taken back.

        What was changed since *ended* stays; where both cannot be had, nothing is touched. Done once for each *number*,
        whatever happens in between. *wrote* are the only files to be touched; None: all that changed.
        """
