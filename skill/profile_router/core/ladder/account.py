"""A run as the ledger tells it: one row for the run, and the rows of what happened in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from profile_router.core.ladder.run_kinds import RunKind, Stage
from profile_router.values import frozen

Grouping = Literal["day", "profile", "tier", "verdict", "repository"]

_Words = Mapping[str, Any]


@frozen
class RunRow:
    """One run, one answer of `route`, or one child of Hermes' own that was observed.

    Moments are seconds since 1970, `cost_usd` USD of all attempts together.

    `verdict` is one of `core.telling.verdict`; `cause` says why it did not end well.
    `profile` did the work last, or was to do it; it is empty where no profile could. `cost_source` says whose figure
    the cost is, `several` where its attempts have different ones; empty: nothing was paid. `paused_s` is how long no
    process was at it, between an interruption and its `resume`.

    `saved_usd` is what it saved against always-burst, `if_burst_usd` what that would have cost; None: unknown.
    `saved_by` says by whose price, or why it is unknown.
    """

    id: str
    kind: RunKind
    started: float
    ended: float | None
    verdict: str
    cause: str = ""
    profile: str = ""
    tier: str = ""
    rule: str = ""
    thread: str = ""
    workspace: str = ""
    attempts: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    cost_source: str = ""
    saved_usd: float | None = None
    if_burst_usd: float | None = None
    saved_by: str = ""
    paused_s: float = 0.0

    @property
    def exact(self) -> bool:
        """Tell whether all of its cost is what the providers say that they charged."""
        return self.cost_usd == 0 or self.cost_source == "provider"

    @property
    def seconds(self) -> float | None:
        """Return how long it took without its pauses, None where it has no end."""
        return None if self.ended is None else max(0.0, self.ended - self.started - self.paused_s)


@frozen
class RunGroup:
    """All runs of one day, profile, tier, verdict or repository: how many, how they ended, what they took.

    `exact`: all of the cost is what providers say that they charged. `saved_usd` is of those runs that know it.
    """

    name: str
    runs: int
    verdicts: Mapping[str, int]
    tokens_in: int
    tokens_out: int
    cost_usd: float
    exact: bool = True
    saved_usd: float = 0.0


@frozen
class AttemptRow:
    """One attempt or single call: when it began and ended, and its receipt as JSON; an open one only a beginning."""

    number: int
    started: float
    ended: float | None
    receipt: _Words


@frozen
class StepRow:
    """One row of the ladder that was taken, or the stop. `after` is the number of attempts before it."""

    number: int
    after: int
    at: float
    step: str
    cause: str
    profile: str
    action: str
    wait_s: float
    reason: str | None


@frozen
class CheckRow:
    """One verification. `words` hold the names and texts of it, None where they cannot be read."""

    stage: Stage
    after: int
    at: float
    files_changed: int
    lines_added: int
    lines_removed: int
    unverified: int
    absent: int
    passed: bool | None
    exit_code: int | None
    seconds: float | None
    words: _Words | None


@frozen
class Story:
    """All that the ledger knows of one run. `task`, `evidence` and `estimate` are figures; `policy` is a digest.

    `refused` says why nothing took the task, or what kept a private one here, and what would unblock it.
    `undone_by` is the id of the undo that took it back; empty where none did, or that was undone too.
    """

    run: RunRow
    policy: str = ""
    program: str = ""
    task: _Words = field(default_factory=dict)
    evidence: _Words = field(default_factory=dict)
    estimate: _Words = field(default_factory=dict)
    refused: _Words = field(default_factory=dict)
    attempts: tuple[AttemptRow, ...] = ()
    steps: tuple[StepRow, ...] = ()
    checks: tuple[CheckRow, ...] = ()
    paid: float = 0.0
    reserved: float = 0.0
    undone_by: str = ""


@frozen
class DaySpent:
    """What one day (UTC, `YYYY-MM-DD`) has cost: what is settled, and what is still held for attempts. USD."""

    day: str
    spent_usd: float
    reserved_usd: float
    profiles: Mapping[str, float]
