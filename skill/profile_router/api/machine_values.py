"""What `doctor`, `health`, `profiles`, `check`, `evaluate`, `fit` and `route --tasks-json` print as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from profile_router.api.route_values import FoundCheckView
from profile_router.api.value import PrintedOfNoRun, Value
from profile_router.core.policy.rules import Tier
from profile_router.doctor.finding import Finding


class DoctorResult(PrintedOfNoRun):
    """What `doctor --json` prints: a finding for each check, and their sum in words."""

    checks: tuple[Finding, ...]
    summary: str


class HealthView(Value):
    """A server or key that failed: its circuit, how long nobody may try, and since when (1970, s)."""

    name: str
    state: Literal["closed", "open", "half-open"]
    blocked_seconds: float
    failures: int
    cause: str
    since: float


class HealthResult(PrintedOfNoRun):
    """What `health --json` prints; `forgotten`: so many records went by `--reset`."""

    records: tuple[HealthView, ...]
    forgotten: int


class ProfileView(Value):
    """A profile and the tier that it serves. One with a `problem` has no more keys than those; None: no problem."""

    name: str
    tier: Tier | None
    problem: str | None
    provider: str = ""
    model: str = ""
    base_url: str = ""
    window: int | None = None
    max_turns: int | None = None
    key: Literal["missing", "there", "not needed"] = "not needed"
    keys: int = 0


class ProfilesResult(PrintedOfNoRun):
    """What `profiles --json` prints: those of the tiers first."""

    profiles: tuple[ProfileView, ...]


class OwnCheckResult(PrintedOfNoRun):
    """What `check --json` prints: the workspace's own check. None: `why` says why there is none.

    `forgotten`: so many answers went by `--forget`.
    """

    check: FoundCheckView | None
    why: str
    forgotten: int


class QuoteView(Value):
    """What a task would cost at most in USD, and the command of a check that asks first.

    `profile` is None where nothing takes it; `error` says what is wrong with the task.
    """

    profile: str | None
    rule: str
    usd: float
    asks: str
    error: str = ""


class QuotesResult(PrintedOfNoRun):
    """What `route --tasks-json` prints: how the plugin is switched, above which USD it asks, and a quote a task."""

    mode: str
    ask_above_usd: float
    tasks: tuple[QuoteView, ...]


class MeasuredView(Value):
    """A figure with its 95 % interval, of so many rows, so many of them true. None: it is not defined."""

    value: float | None
    low: float | None
    high: float | None
    rows: int
    trues: int


class StudySection(Value):
    """One question of a study: its tables by name, each a list of objects by column."""

    title: str
    tables: Mapping[str, tuple[Mapping[str, str | float | MeasuredView | None], ...]]


class StudyResult(PrintedOfNoRun):
    """What `evaluate --json` and `fit --json` print: `about` what was measured, `made` on which machine and day."""

    about: Mapping[str, str]
    made: Mapping[str, str]
    notes: tuple[str, ...]
    sections: tuple[StudySection, ...]
