"""What `history`, `show`, `threads`, `budget`, `observe` and `undo` print as JSON, for the schemas of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from profile_router.api.value import Printed, PrintedOfNoRun, Value
from profile_router.core.ladder.account import Grouping, RunGroup
from profile_router.core.ladder.observed import ObservedGroup
from profile_router.core.ladder.run_kinds import RunKind, Stage


class LedgerRun(Value):
    """A run as the ledger has it: its `id`, moments in UTC, seconds, and USD of all attempts together.

    `ended` and `seconds` are None where it has no end. `saved_usd` and `if_burst_usd` are None where `saved_by` says
    why they are unknown. `paused_s` is how long no process was at it; `seconds` is without it. `kind` is `undo` for one
    that took another back; then `rule` is the other's id.
    """

    id: str
    kind: RunKind
    started: str
    ended: str | None
    seconds: float | None
    verdict: str
    cause: str
    profile: str
    tier: str
    rule: str
    thread: str
    workspace: str
    attempts: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    cost_source: str
    saved_usd: float | None
    if_burst_usd: float | None
    saved_by: str
    paused_s: float


class HistoryResult(PrintedOfNoRun):
    """What `history --json` prints: the runs, the newest first."""

    runs: tuple[LedgerRun, ...]


class GroupsResult(PrintedOfNoRun):
    """What `history --by … --json` prints: the runs, counted by what they have in common."""

    by: Grouping
    groups: tuple[RunGroup, ...]


class LedgerAttempt(Value):
    """The receipt of one attempt, with more keys as `run --json` has them.

    None: it has no end in the ledger, or its words cannot be read.
    """

    number: int
    started: str
    ended: str | None
    profile: str | None
    step: str | None
    verdict: str | None
    model_asked: str | None
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None
    seconds: float | None


class LedgerStep(Value):
    """A row of the ladder that was taken after so many attempts, at a moment in UTC; `reason` says why in words."""

    number: int
    after: int
    at: str
    step: str
    cause: str
    profile: str
    action: str
    wait_s: float
    reason: str | None


class LedgerCheck(Value):
    """One verification at a moment in UTC. `words` hold its names and texts, None where they cannot be read."""

    stage: Stage
    after: int
    at: str
    files_changed: int
    lines_added: int
    lines_removed: int
    unverified: int
    absent: int
    passed: bool | None
    exit_code: int | None
    seconds: float | None
    words: Mapping[str, Any] | None


class ShowResult(Printed):
    """What `show --json` prints: the run, and what happened in it. `run` is its id, as `id` is.

    `attempts` are the receipts. `task`, `evidence` and `estimate` are figures, `policy` is a digest. `refused` says why
    nothing took the task, or what kept a private one that failed here. USD are settled, or still reserved.
    `paused_s` is how long no process was at it; `seconds` is without it.
    `undone_by` is the id of the undo that stands, if any.
    """

    run: str
    id: str
    kind: RunKind
    started: str
    ended: str | None
    seconds: float | None
    verdict: str
    cause: str
    profile: str
    tier: str
    rule: str
    thread: str
    workspace: str
    tokens_in: int
    tokens_out: int
    cost_usd: float
    cost_source: str
    saved_usd: float | None
    if_burst_usd: float | None
    saved_by: str
    paused_s: float
    policy: str
    program: str
    task: Mapping[str, Any]
    evidence: Mapping[str, Any]
    estimate: Mapping[str, Any]
    refused: Mapping[str, Any]
    settled_usd: float
    reserved_usd: float
    undone_by: str
    attempts: tuple[LedgerAttempt, ...]
    steps: tuple[LedgerStep, ...]
    verifications: tuple[LedgerCheck, ...]


class ThreadView(Value):
    """A thread that is kept: its last run, how that stands, and what all its runs cost in USD. Moments are UTC.

    `since` is the moment of its beginning for people. `why` says why it cannot be resumed, such as the process that is
    at work on it; empty where it can.
    """

    thread: str
    status: str
    why: str
    run: str
    workspace: str
    runs: int
    cost_usd: float
    cost_exact: bool
    started: str
    ended: str | None
    since: str


class ThreadsResult(PrintedOfNoRun):
    """What `threads --json` prints: the one that ran last first."""

    threads: tuple[ThreadView, ...]


class BudgetResult(PrintedOfNoRun):
    """What `budget --json` prints of `day` (UTC), which `resets` at that moment. USD; `profiles`: spent by each."""

    day: str
    left_usd: float
    day_usd: float
    spent_usd: float
    reserved_usd: float
    profiles: Mapping[str, float]
    task_usd: float
    ask_above_usd: float
    resets: str


class ObserveResult(PrintedOfNoRun):
    """What `observe --json` prints: what Hermes delegated by itself in `days`, by the profile where it would go."""

    days: float
    groups: tuple[ObservedGroup, ...]


class UndoResult(Printed):
    """What `undo --json` prints: how it ended; `run` is what was to be taken back, `id` the undo's own.

    `files` are as before. Nothing was done where `conflicts` changed since. Nor was it where nobody knows who changed
    what is `unsure`. `left` are changes that stay. `going_on` is the thread that would go on as if nothing was undone.
    `during` are those of `files` that changed while a command or Hermes was at work: they count as the run's.
    """

    run: str
    status: Literal["ok", "conflicts", "unsure"]
    id: str
    files: tuple[str, ...]
    conflicts: tuple[str, ...]
    left: tuple[str, ...]
    unsure: tuple[str, ...]
    going_on: str
    during: tuple[str, ...]
