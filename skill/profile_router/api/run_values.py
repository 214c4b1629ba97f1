"""What a run ends with, and what it tells meanwhile, attribute by attribute as `run --json` and `--stream` name it."""

from __future__ import annotations

from typing import Any, Literal, cast

from profile_router.api.route_values import RouteView
from profile_router.api.value import Value
from profile_router.core.ladder.receipt import AttemptOutcome, Status
from profile_router.core.policy import WeakKind
from profile_router.core.telling.verdict import RunVerdict


class TaintView(Value):
    """A withheld file whose content an attempt or a check was given, and why it is withheld."""

    path: str
    why: str


class TermView(Value):
    """One term of an early score: the sign, its points, and the sentence that says why."""

    sign: str
    points: float
    said: str


class EarlyView(Value):
    """How little an attempt got forward after `turns` model calls: from `needed` points on it is promoted early.

    `spared` says why it went on all the same.
    """

    turns: int
    needed: float
    total: float
    promotes: bool
    spared: str
    terms: tuple[TermView, ...]


class AttemptView(Value):
    """The receipt of one attempt: one provider, one model.

    Tokens are as `tokens_source` counted them, those cached within `tokens_in`. `cost_usd` is in USD, by the prices of
    `cost_source`. `seconds` and `ttft_s` (to the first token; None: none came) are in seconds. `step` says why it was
    made. `verdict` is `ok` or the cause of its failure. `outcome` is `unavailable` where no model was asked. `started`
    and `ended` are in UTC.
    """

    profile: str
    model_asked: str
    model_served: str | None
    provider: str
    runner: str
    step: str
    tokens_in: int
    tokens_out: int
    cost_usd: float
    ttft_s: float | None
    seconds: float
    outcome: AttemptOutcome
    host: str
    error: str | None
    turns: int
    withheld: str
    taints: tuple[TaintView, ...]
    verdict: str
    tokens_source: Literal["provider", "counted"]
    cost_source: str
    tokens_cached: int
    doubts: tuple[str, ...]
    early: EarlyView | None
    started: str
    ended: str | None


class ChangedView(Value):
    """One file that differs after the run. Lines are None for a binary file."""

    path: str
    lines_added: int | None
    lines_removed: int | None


class DifferenceView(Value):
    """What became of the tests since before the work, by their ids: `fixed`, `broke`, `still` red and `others` red."""

    words: str
    fixed: tuple[str, ...]
    broke: tuple[str, ...]
    still: tuple[str, ...]
    others: tuple[str, ...]
    flaky: tuple[str, ...]
    ran: int | None
    ran_before: int | None
    uncovered: bool


class CheckView(Value):
    """A check that ran: its command and where, whether the work passed, its exit code, and its seconds.

    `source` says where it was found; empty: the task names it. `inconclusive` says why it tells nothing of the work.
    `all_tests` tells what all tests say, where the check was a part of them and passed.
    """

    command: str
    folder: str
    passed: bool
    exit_code: int | None
    seconds: float
    source: str
    inconclusive: str
    last_line: str
    taints: tuple[TaintView, ...]
    why: str
    difference: DifferenceView | None
    all_tests: str = ""


class BeforeView(Value):
    """The check before any work. `passed` None: nobody knows, and `why` says so. `known`: an earlier run had it."""

    passed: bool | None
    why: str
    known: bool
    check: CheckView | None


class WeakView(Value):
    """A weak check, such as that changed files parse. `trusted`: the policy takes it for a check."""

    kind: WeakKind
    passed: bool
    said: str
    trusted: bool


class VerifiedView(Value):
    """What the world says after the run. `unverified` lists what could not be confirmed, `put_back` test files.

    `taken_tests` says which tests the last attempt took away; empty where it took none. `ignored` are changed files
    that git ignores: `undo` does not have them.
    """

    files_changed: tuple[ChangedView, ...] = ()
    lines_added: int = 0
    lines_removed: int = 0
    check: CheckView | None = None
    before: BeforeView | None = None
    put_back: tuple[str, ...] = ()
    taken_tests: str = ""
    ignored: tuple[str, ...] = ()
    weak: tuple[WeakView, ...] = ()
    unverified: tuple[str, ...] = ()


class SavedView(Value):
    """What the run saved against always asking the burst tier, in USD; below 0: it cost more. None: `why` says so."""

    usd: float | None
    if_burst_usd: float | None
    source: str
    why: str


class MergeView(Value):
    """What became of the work of a task in a copy. `why` and what follows are there where it is not merged."""

    merged: bool
    changed: tuple[str, ...]
    why: str = ""
    conflicts: tuple[str, ...] = ()
    diff: str = ""
    apply: str = ""


class RunResult(Value):
    """The end of a run. `v` is the version of its form, `time` its end in UTC, `run` its id in the ledger.

    `status` decides the exit code and `verdict` is what the world says; `cause` and `error` say why it did not end
    well. `cost_usd` is the sum over `attempts` in USD. `steps` are the steps of the ladder, in words.
    `seconds` is from its beginning to its end, as the ledger has it; None: an older version ran it.
    """

    v: int
    time: str
    run: str | None
    status: Status
    verdict: RunVerdict
    verified: VerifiedView
    summary: str
    route: RouteView | None
    attempts: tuple[AttemptView, ...]
    steps: tuple[str, ...]
    cost_usd: float
    saved: SavedView | None
    thread: str | None
    cause: str | None
    error: str | None
    unblock: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    merge: MergeView | None = None
    seconds: float | None = None

    @property
    def output(self) -> str:
        """Return the end of what its check printed, secrets masked; it is not in the JSON."""
        return str(getattr(object.__getattribute__(self, "_source"), "output", ""))

    @property
    def workspace(self) -> str:
        """Return the folder where it worked; empty where there was none. It is not in the JSON."""
        return str(getattr(object.__getattribute__(self, "_source"), "workspace", ""))


class BatchResult(Value):
    """The end of a batch, as `batch --json` prints it."""

    v: int
    time: str
    run: str | None
    status: Status
    tasks: int
    cost_usd: float
    seconds: float
    results: tuple[RunResult, ...]


EventKind = Literal[
    "folder",
    "found",
    "folder",
    "unfinished",
    "classify",
    "probe",
    "check",
    "condense",
    "reserve",
    "begin",
    "turn",
    "form",
    "early",
    "attempt",
    "ladder",
    "taint",
    "kept",
    "back",
    "stands",
    "verify",
    "ended",
    "ask",
    "plugin",
    "batch",
    "result",
]


class RunEvent(Value):
    """What a run tells as it goes. `line` is for people; what else the kind has stands in `json`.

    `run` is None before the run has its id. The last event of a run is `result`, and `result` its end. Kinds that a
    later version has are not an error: leave out what you do not know.
    """

    v: int
    time: str
    run: str | None
    event: EventKind
    line: str = ""
    turn: int | None = None
    tools: tuple[str, ...] = ()
    file: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_per_second: float | None = None
    cost_usd: float = 0.0

    @property
    def result(self) -> RunResult | None:
        """Return the end of the run, None as long as it goes on."""
        if self.event != "result":
            return None
        told: dict[str, Any] = {name: one for name, one in self.json.items() if name != "event"}
        return RunResult.of(told, cast("object", object.__getattribute__(self, "_source")))
