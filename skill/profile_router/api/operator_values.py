"""What `bench`, `report`, `replay` and `calibrate` print as JSON, for the schemas of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from profile_router.api.value import PrintedOfNoRun, Value
from profile_router.core.operating.answers import Advice, AnswerId, Replayed
from profile_router.core.operating.bench import CallTime
from profile_router.core.operating.replay import Destination
from profile_router.core.operating.totals import Compared, DaySum, Latency, Misroutes, Notable, RunPart, StepSum


class BenchTaskView(Value):
    """What one answer of so many tokens to so many takes: seconds, None where no speed is known, and USD."""

    tokens_in: int
    tokens_out: int
    seconds: float | None
    usd: float


class BenchRowView(Value):
    """One profile: its speeds (None: too little came), right answers of its calls, and what they cost in USD.

    `problem` says why a call got no answer, `doubts` which figures of its server cannot be. `times` are its
    answers, the short ones first.
    """

    profile: str
    model: str
    host: str
    first_token_s: float | None
    prompt_tps: float | None
    output_tps: float | None
    speeds_by: Literal["server", "clock"]
    right: int
    calls: int
    usd: float
    usd_source: str
    usd_per_million_in: float
    usd_per_million_out: float
    price_by: str
    task: BenchTaskView
    problem: str
    doubts: tuple[str, ...]
    times: tuple[CallTime, ...]


class BenchResult(PrintedOfNoRun):
    """What `bench --json` prints: a row for each profile."""

    rows: tuple[BenchRowView, ...]


class BudgetView(Value):
    """What may be spent in a day (UTC), and what of today is spent, held and left. USD."""

    day_usd: float
    spent_usd: float
    reserved_usd: float
    left_usd: float


class AnswerView(Value):
    """One answer of a report: its sentences, and what to do."""

    said: tuple[str, ...]
    advice: tuple[Advice, ...]


class ReportResult(PrintedOfNoRun):
    """What `report --json` prints of the runs since the moment `since`, `since_days` ago.

    `exact`: all of the cost is what providers say that they charged.
    """

    since: str
    since_days: float
    runs: int
    cost_usd: float
    exact: bool
    budget: BudgetView
    replayed: Replayed | None
    answers: Mapping[AnswerId, AnswerView]
    parts: tuple[RunPart, ...]
    days: tuple[DaySum, ...]
    compared: Compared
    latencies: tuple[Latency, ...]
    steps: tuple[StepSum, ...]
    causes: Mapping[str, int]
    misroutes: tuple[Misroutes, ...]
    slowest: tuple[Notable, ...]
    most_expensive: tuple[Notable, ...]
    undone: int
    unchecked: int


class MovedView(Value):
    """A task that goes elsewhere: what it did cost, and what it would (None: nobody counted its tokens). USD."""

    id: str
    was: Destination
    to: Destination
    verdict: str
    was_usd: float
    usd: float | None
    spared_s: float
    weaker: bool


class ReplayResult(PrintedOfNoRun):
    """What `replay --json` prints: digests of two policies, and the tasks that would move.

    `fails_first`: so many would fail at a weaker tier first, at least and at most.
    """

    policy: str
    in_force: str
    tasks: int
    moved: tuple[MovedView, ...]
    saved_usd: float
    unpriced: int
    spared_s: float
    fails_first: tuple[int, int]
    not_replayed: Mapping[str, int]
    by_words: tuple[str, ...]
    later: tuple[str, ...]


class JudgedView(Value):
    """What outcomes say of one number of the policy, or of all weights: `to` None: it stays."""

    place: str
    now: float | Mapping[str, float]
    to: float | None
    said: str
    missing: int


class CalibrateResult(PrintedOfNoRun):
    """What `calibrate --json` prints: its findings, and the difference of the policy."""

    status: Literal["ok", "refused"]
    tasks: int
    outcomes: int
    findings: tuple[JudgedView, ...]
    diff: str
