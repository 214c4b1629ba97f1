"""In-memory stand-ins for the ports, each a queue with a memory, and builders of the values that travel between floors.

A fake hands out what it was given, in order, and keeps what it was asked with. An exception in the queue is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

from profile_router.core.attempt.handoff import FileDiff, SetBack
from profile_router.core.attempt.order import Order
from profile_router.core.condense.result import Condensed, CondensedPart, CondenseOutcome, Helper
from profile_router.core.conversation import Conversation, Shared
from profile_router.core.evidence import Evidence, PrivateFinding, Range, TokenCount, Window
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.causes import Cause
from profile_router.core.ladder.cost_range import CostRange
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.ladder.receipt import Attempt, ChangedFile, CheckBefore, CheckResult, Receipt, Verified
from profile_router.core.ladder.server_report import ServerReport
from profile_router.core.policy import ParentChat, Policy
from profile_router.core.privacy.taint import Taint
from profile_router.core.profile import Profile, ProviderEndpoint, Secret
from profile_router.core.routing.candidate import Candidate
from profile_router.core.routing.decide import stays_here
from profile_router.core.routing.probe import Complexity, ProbeOutcome
from profile_router.core.routing.rate import FREE, rate_at
from profile_router.core.task import Task
from profile_router.core.trust.unable_check import MayLack
from profile_router.errors import AttemptError, RouterError
from profile_router.evidence.conversation import share
from profile_router.policies.file import SHIPPED, read_policy
from profile_router.ports import Emit, Event, Hold

LOCAL, BURST, CHEAP = "coding-local", "coding-burst", "review-cheap"
MODEL = "scripted"
_CLOUD = "https://openrouter.ai/api/v1"
ADDRESSES = {LOCAL: "http://127.0.0.1:8080/v1", BURST: _CLOUD, CHEAP: _CLOUD}
PRIVATE = PrivateFinding(kind="label", place="--local-only")


@cache
def _shipped() -> Policy:
    return read_policy(SHIPPED)


def a_policy(*, limits: Mapping[str, Any] | None = None, **changes: Any) -> Policy:
    """Return the shipped policy with *changes*, and short waits."""
    shipped = _shipped()
    shorter = replace(shipped.limits, **{"connect_seconds": 2.0, **(limits or {})})
    return replace(shipped, limits=shorter, **changes)


def without_repair(**changes: Any) -> Policy:
    """Return `a_policy` without its row `repair`, as older ones are: a failed check is promoted at once."""
    policy = a_policy(**changes)
    return replace(policy, ladder=tuple(row for row in policy.ladder if row.to != "repair"))


def a_task(goal: str = "rename the function", **changes: Any) -> Task:
    return Task(goal=goal, **changes)


def stated(size: int) -> Range:
    return Range(size, size, "stated")


def evidence(*, tokens: int = 1_000, window: int = 32_768, **changes: Any) -> Evidence:
    """Return evidence of a small task; *window* is that of every profile."""
    windows = tuple(Window(profile=name, tokens=window, source="config") for name in ADDRESSES)
    count = TokenCount(tokens, tokens, "counted")
    return replace(Evidence(tokens=count, chars=4_000, windows=windows), **changes)


def all_goal(tokens: int, **changes: Any) -> Evidence:
    """Return evidence of a task that is a goal alone: nothing of it can be condensed."""
    return evidence(tokens=tokens, fixed=TokenCount(tokens, tokens, "counted"), **changes)


BORDERLINE: dict[str, Any] = {"files_to_read": stated(25)}


def with_second(found: Mapping[str, Candidate], profile: str, base_url: str = _CLOUD) -> dict[str, Candidate]:
    """Return *found* with a second provider for *profile*."""
    second = Candidate(name=profile, base_url=base_url, model=MODEL, provider="together")
    return {**found, profile: replace(found[profile], others=(second,))}


def candidates(*names: str, **addresses: str) -> dict[str, Candidate]:
    """Return the three shipped candidates, those called *names* added at the burst tier's address."""
    wanted = ADDRESSES | dict.fromkeys(names, ADDRESSES[BURST]) | addresses
    return {
        name: Candidate(name=name, base_url=url, model=MODEL, provider="custom" if name == LOCAL else "openrouter")
        for name, url in wanted.items()
    }


def a_profile(
    base_url: str, *, name: str = LOCAL, provider: str = "custom", key: str | None = None, **changes: Any
) -> Profile:
    endpoint = ProviderEndpoint(
        provider=provider,
        base_url=base_url,
        model=changes.pop("model", MODEL),
        api_key=Secret(key) if key else None,
        needs_key=changes.pop("needs_key", False),
        key_variable=changes.pop("key_variable", None),
    )
    return Profile(name=name, endpoint=endpoint, **changes)


def an_order(task: Task | str = "do it", **changes: Any) -> Order:
    """Return an order to the local profile with room and time enough."""
    order = Order(
        task=a_task(task) if isinstance(task, str) else task,
        profile=LOCAL,
        rate=FREE,
        step="route",
        conversation=(),
        window=32_768,
        seconds=30.0,
        private=False,
        local=True,
        vision=False,
        asks=(BURST, CHEAP),
    )
    return replace(order, **changes)


PAID = rate_at(candidates()[BURST], 0, a_policy())  # what the burst tier charges
BURST_ORDER: dict[str, Any] = {"profile": BURST, "rate": PAID, "local": False, "vision": True}


def a_receipt(profile: str = LOCAL, **changes: Any) -> Receipt:
    receipt = Receipt(
        profile=profile,
        model_asked=MODEL,
        model_served=MODEL,
        provider="custom",
        runner="embedded",
        step="route",
        tokens_in=100,
        tokens_out=10,
        cost_usd=0.0,
        ttft_s=0.1,
        seconds=0.2,
        outcome="ok",
        turns=1,
    )
    return replace(receipt, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fails:
    """Script an attempt that fails of *cause*."""

    cause: Cause
    asked: str | None = None
    message: str = "it went wrong"
    wait: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """Script an attempt that read the withheld file *path* before it came to its *end*."""

    end: str | Fails
    path: str = "secrets/plan.txt"


@dataclass(slots=True)
class Queue:
    """Hand out *scripted* in order; the last one again and again where `endless`."""

    scripted: list[Any]
    endless: bool = False

    def take(self, what: str) -> Any:
        if not self.scripted:
            raise AssertionError(f"{what} was asked for once more than the test scripted")
        value = self.scripted[0] if self.endless and len(self.scripted) == 1 else self.scripted.pop(0)
        if isinstance(value, BaseException):
            raise value
        return value


class FakeRunner:
    """Run attempts: each scripted text is a success, each Fails a failure, also within Reads. `orders`: what came."""

    def __init__(self, *ends: str | Fails | Reads | BaseException, endless: bool = False) -> None:
        self.orders: list[Order] = []
        self.holds: list[Hold | None] = []
        self._queue = Queue(list(ends), endless)

    async def run(self, order: Order, emit: Emit, hold: Hold | None = None) -> Attempt:
        self.orders.append(order)
        self.holds.append(hold)
        emit({"event": "turn", "turn": 1, "tools": []})
        end = self._queue.take("an attempt")
        taints: tuple[Taint, ...] = ()
        if isinstance(end, Reads):
            taints, end = (Taint(path=end.path, why="is private"),), end.end
        if isinstance(end, str):
            receipt = a_receipt(order.profile, step=order.step, taints=taints)
            return Attempt(receipt=receipt, text=end, notes=("a note",))
        failure = Failure(cause=end.cause, message=end.message, asked=end.asked, retry_after_s=end.wait)
        outcome: Any = "unavailable" if failure.unreached else "failed"
        how: dict[str, Any] = {"outcome": outcome, "error": failure.message, "verdict": end.cause}
        receipt = a_receipt(order.profile, step=order.step, taints=taints, **how)
        return Attempt(receipt=receipt, failure=failure)

    @property
    def profiles(self) -> list[str]:
        return [order.profile for order in self.orders]


def named(place: Place) -> str:
    """Return the profile, and behind a # the number of its provider where it is not the first."""
    return f"{place.profile}#{place.provider}" if place.provider else place.profile


class FakeNaps:
    """Sleep: note how long, and go on at once."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class FakeBackends:
    """Report servers: `down` maps a profile to its cause, `loaded` to what it has loaded, `keyless` have no key.

    `elsewhere` is the host that they relay to.
    """

    def __init__(
        self,
        *,
        down: Mapping[str, Cause] | None = None,
        loaded: Mapping[str, str] | None = None,
        keyless: Sequence[str] = (),
        vision: bool | None = None,
        asked_of: Sequence[str] = (LOCAL,),
        elsewhere: str = "",
        takes_tools: bool | None = None,
    ) -> None:
        self.elsewhere, self.takes_tools = elsewhere, takes_tools
        self.inspected: list[str] = []
        self._down, self._loaded, self._keyless = dict(down or {}), dict(loaded or {}), keyless
        self._vision, self._asked_of = vision, asked_of

    async def inspect(self, place: Place) -> ServerReport | None:
        profile = named(place)
        self.inspected.append(profile)
        if profile in self._down:
            return ServerReport(profile=profile, cause=self._down[profile], detail="is down")
        if profile not in self._asked_of:
            return None
        models = (self._loaded.get(profile, MODEL),)
        return ServerReport(
            profile=profile,
            models=models,
            vision=self._vision,
            elsewhere=self.elsewhere,
            takes_tools=self.takes_tools,
        )

    def key_missing(self, place: Place) -> str | None:
        profile = named(place)
        return f"{profile} has no key: THE_KEY is not set" if profile in self._keyless else None


class FakeHealth:
    """Remember health: `blocked_of` maps a place by name to the cause it is on cooldown for; `recorded` what came.

    `held` are the places that were let through and not heard of yet, `seen` those that were not asked.
    """

    def __init__(self, blocked_of: Mapping[str, Cause] | None = None) -> None:
        self.recorded: list[tuple[str, Cause | None]] = []
        self.held: list[str] = []
        self.seen: list[tuple[str, Cause]] = []
        self._blocked = dict(blocked_of or {})

    def blocked(self, place: Place, *, answers: bool) -> Failure | None:
        cause = self._blocked.get(named(place))
        if cause is None:
            self.held.append(named(place))
        return Failure(cause=cause, message="on cooldown") if cause else None

    def give_back(self, place: Place) -> None:
        self.held.remove(named(place))

    def noticed(self, place: Place, failure: Failure) -> None:
        self.seen.append((named(place), failure.cause))

    def record(self, place: Place, failure: Failure | None) -> None:
        self.held.remove(named(place))
        self.recorded.append((named(place), failure.cause if failure else None))


class FakeLedger:
    """Write down what a run does, in memory; `asked` are the profiles and steps that a model was asked for."""

    def __init__(self) -> None:
        self.routes: list[Any] = []
        self.receipts: tuple[Receipt, ...] = ()
        self.steps: list[str] = []
        self.checks: list[Verified] = []
        self.checks_before: list[Verified] = []
        self.asked: list[tuple[str, str]] = []
        self.cut_off: list[tuple[int, Receipt]] = []
        self.sized: list[tuple[str, str]] = []

    def routed(self, decision: Any) -> None:
        self.routes.append(decision)

    def asks(self, *, profile: str, model: str, provider: str, step: str, tier: str = "", task_size: str = "") -> int:
        self.asked.append((profile, step))
        self.sized.append((tier, task_size))
        return len(self.receipts)

    def ends(self, number: int, receipt: Receipt) -> None:
        raise AssertionError("a fake makes no single calls")

    def stopped(self, number: int, receipt: Receipt) -> None:
        self.cut_off.append((number, receipt))

    def answered(self, receipts: Sequence[Receipt]) -> None:
        self.receipts = tuple(receipts)

    def stepped(self, steps: Sequence[Any], *, after: int) -> None:
        assert after == len(self.receipts)
        self.steps.append(steps[-1].step)

    def verified(self, found: Verified, *, after: int, stage: str = "after") -> None:
        assert stage == "before" or after == len(self.receipts)
        (self.checks if stage == "after" else self.checks_before).append(found)


class FakePurse:
    """Hold money: as much as `usd` has. `taken` is what was held for whom, `settled` what it cost."""

    def __init__(self, usd: float = 100.0, *, refuses: Cause | None = None) -> None:
        self.left, self.refuses = usd, refuses
        self.taken: list[tuple[str, float]] = []
        self.settled: list[float] = []

    @property
    def may_pay(self) -> bool:
        return self.left > 0

    def affords(self, cost: CostRange) -> bool:
        return not self.refuses and cost.least <= self.left

    def claims(self, cost: CostRange, *, profile: str, step: str, name: str) -> bool:
        return self.affords(cost)

    def let_go(self) -> None:
        pass

    async def take(self, where: str, cost: CostRange, *, profile: str, step: str, name: str = "") -> FakeHold | Failure:
        if self.refuses or cost.least > self.left:
            return Failure(cause=self.refuses or "over-budget", message=f"{where} costs ${cost.least:.2f}")
        held = min(cost.high, self.left)
        self.taken.append((profile, held))
        return FakeHold(self, held)


@dataclass(slots=True)
class FakeHold:
    """Money held. `asked` is the most that it was to cover."""

    purse: FakePurse
    reserved: float
    asked: float = 0.0

    def covers(self, spent: float, more: float) -> None:
        self.asked = max(self.asked, spent + more)
        if spent > self.reserved or spent + more > self.purse.left:
            raise AttemptError("over-budget", f"${spent + more:.4f} is more than allowed")

    def settle(self, usd: float) -> None:
        self.purse.left -= usd
        self.purse.settled.append(usd)


class FakeProber:
    """Probe: a score, a problem in words, or an exception. `probed` are the profiles asked, `seconds` their time."""

    def __init__(self, *ends: int | str | BaseException) -> None:
        self.probed: list[str] = []
        self.seconds: list[float] = []
        self._queue = Queue(list(ends))

    async def probe(self, task: Task, evidence: Evidence, profile: str, *, seconds: float) -> ProbeOutcome:
        self.probed.append(profile)
        self.seconds.append(seconds)
        end = self._queue.take("a probe")
        receipt = a_receipt(profile, step="probe", cost_usd=0.001, outcome="ok" if isinstance(end, int) else "failed")
        if isinstance(end, int):
            found = Complexity(score=end, files_to_edit=3, lines_to_edit=40, reason="it looks so")
            return ProbeOutcome(complexity=found, receipts=(receipt,))
        return ProbeOutcome(complexity=None, receipts=(receipt,), problem=end)


class FakeCondenser:
    """Condense: to what is scripted, or for the reason of a Fails.

    `asked` are the orders, `helpers` who might have written, `receipts` of its calls.
    """

    def __init__(self, *ends: str | Fails) -> None:
        self.asked: list[Order] = []
        self.helpers: list[str] = []
        self.receipts: list[Receipt] = []
        self._queue = Queue(list(ends))

    async def condense(self, order: Order, helpers: Sequence[Helper], emit: Emit) -> CondenseOutcome:
        self.asked.append(order)
        self.helpers += [helper.profile for helper in helpers]
        end = self._queue.take("condensing")
        if isinstance(end, Fails):
            return CondenseOutcome(condensed=None, failure=Failure(cause=end.cause, message=end.message))
        part = CondensedPart(place="the context", kind="summary", before=90_000, after=100)
        condensed = Condensed(
            profile=order.profile, context=end, conversation=(), tokens=1_000, local=order.local, listed=(part,)
        )
        self.receipts.append(a_receipt(order.profile, step="condense"))
        return CondenseOutcome(condensed=condensed, receipts=(self.receipts[-1],))


class FakeSummarizer:
    """Summarize: the text as it is, or the scripted summary with a receipt."""

    def __init__(self, *ends: str | BaseException) -> None:
        self.orders: list[Order] = []
        self._queue = Queue(list(ends))

    async def summarize(self, text: str, order: Order) -> tuple[str, Receipt | None]:
        self.orders.append(order)
        if not self._queue.scripted:
            return text, None
        return self._queue.take("a summary"), a_receipt(order.profile, step="summarize", cost_usd=0.002)


CHANGED = (ChangedFile(path="a.py", lines_added=2, lines_removed=1),)


class FakeVerifier:
    """Verify: *verified*, else what is *changed*, else two lines in a file. The check ends with the scripted code.

    *still*: no file changes after the first look.
    """

    def __init__(
        self,
        *exits: int,
        absent: tuple[str, ...] = (),
        work: tuple[FileDiff, ...] = (FileDiff(path="a.py", text="diff --git a/a.py b/a.py\n-1\n+2\n"),),
        tail: str = "",
        sets_back: bool = True,
        check_reads: tuple[Taint, ...] = (),
        changed: tuple[ChangedFile, ...] = CHANGED,
        whole: bool = True,
        before: CheckBefore | RouterError | None = None,
        verified: Verified | None = None,
        still: bool = False,
    ) -> None:
        self._verified, self._still = verified, still
        self.befores: list[tuple[str, str | FoundCheck, float, MayLack]] = []
        self._before = before
        self.asked: list[tuple[str, str, str | FoundCheck | None]] = []
        self.check_seconds: list[float] = []
        self.wrote: list[Sequence[str] | None] = []
        self.set_backs: list[tuple[str, str, Sequence[str] | None, int]] = []
        self._work, self._tail, self._sets_back = work, tail, sets_back
        self._absent, self._check_reads = absent, check_reads
        self._changed, self._whole = changed, whole
        self.snapshots = 0
        self._queue = Queue(list(exits))

    def snapshot(self) -> str:
        self.snapshots += 1
        return "mark-1" if self._still else f"mark-{self.snapshots}"

    async def check_before(
        self, snapshot: str, check: str | FoundCheck, *, seconds: float, may_lack: MayLack
    ) -> CheckBefore:
        self.befores.append((snapshot, check, seconds, may_lack))
        if isinstance(self._before, RouterError):
            raise self._before
        return self._before or CheckBefore(why="nothing is scripted", mark=snapshot)

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
        self.wrote.append(wrote)
        self.asked.append((snapshot, said, check))
        if self._verified is not None:
            return self._verified
        result = None
        if check is not None:
            self.check_seconds.append(seconds)
            code = self._queue.take("a check")
            result = CheckResult(
                command=check if isinstance(check, str) else check.command,
                exit_code=code,
                seconds=0.1,
                last_line="done",
                tail=self._tail,
                taints=self._check_reads,
            )
        return Verified(files_changed=self._changed, check=result, absent=self._absent, whole=self._whole)

    async def diff(self, snapshot: str, wrote: Sequence[str] | None) -> tuple[FileDiff, ...]:
        return self._work

    def copied(self, texts: Sequence[str]) -> str:
        return next((".env" for text in texts if "FROM THE PRIVATE FILE" in text), "")

    async def tests_back(self, snapshot: str, ended: str, wrote: Sequence[str] | None, task: Task) -> SetBack:
        return SetBack(done=True)

    async def set_back(self, snapshot: str, ended: str, wrote: Sequence[str] | None, *, number: int) -> SetBack:
        self.set_backs.append((snapshot, ended, wrote, number))
        note = "kept elsewhere" if self._sets_back else "left as it is"
        return SetBack(done=self._sets_back, note=note, saved=self._sets_back)


@dataclass(slots=True)
class FakeSessions:
    """Remember sessions, as the real one does."""

    marked: set[str] = field(default_factory=set)

    def why_local(self, sessions: Sequence[str]) -> str:
        if not sessions:
            return "its session is not known"
        return "a task of its session was private" if self.marked & set(sessions) else ""

    def note_private(self, sessions: Sequence[str]) -> None:
        self.marked |= set(sessions[:1])


class FakeMeasurer:
    """Measure: the scripted evidence. `measured` are the conversations it came with; trimming is the real one."""

    def __init__(
        self,
        *found: Evidence | BaseException,
        conversation_tokens: int = 1_000,
        elsewhere: Literal["none", "turns"] = "none",
    ) -> None:
        self.measured: list[tuple[Task, Conversation, bool]] = []
        self.seconds: list[float] = []
        limits = {"conversation_tokens": conversation_tokens}
        self._policy = a_policy(limits=limits, conversation=ParentChat(elsewhere=elsewhere))
        self.sessions = FakeSessions()
        self._queue = Queue(list(found) or [evidence()], endless=True)

    def share(self, task: Task, thread: Conversation) -> Shared:
        return share(task, thread, self._policy, self.sessions)

    async def measure(
        self, task: Task, conversation: Conversation, *, private_thread: bool, seconds: float
    ) -> Evidence:
        self.seconds.append(seconds)
        self.measured.append((task, conversation, private_thread))
        found: Evidence = self._queue.take("a measurement")
        if stays_here(task, found, candidates(), self._policy):
            self.sessions.note_private(task.sessions)
        return replace(found, private=(*found.private, PRIVATE)) if private_thread else found

    def count(self, text: str) -> int:
        return -(-len(text) // 4)


@dataclass(slots=True)
class FakeClock:
    """Tell a time that only the test moves on: by `step` seconds a look."""

    now: float = 1_000.0
    step: float = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@dataclass(slots=True)
class Heard:
    """Keep events. Call it as an Emit."""

    events: list[Event] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.events.append(event)


Load = Callable[[str], Profile]
