"""A ledger of many runs, written at once: for reports over them, and for how long those take."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.fakes import a_task, evidence

from profile_router.core.evidence import Range
from profile_router.core.telling.figures import evidence_figures, task_figures
from profile_router.ledger.schema import LEDGER_FILE, day_of, make_ready

DAY_S = 86_400.0
_RUN = (
    "id, kind, started, ended, day, verdict, cause, profile, tier, rule, thread, workspace, attempts, tokens_in, "
    "tokens_out, cost_usd, cost_source, saved_usd, if_burst_usd, saved_by"
)
_ATTEMPT = "run, number, started, ended, profile, model_asked, provider, runner, step, verdict, tier, seconds, turns, tokens_in, tokens_out"
SECRET = "the text of a task"
_PLACES = (("coding-local", "local"), ("coding-burst", "burst"), ("review-cheap", "cheap"))
_COSTS = {"local": 0.0, "cheap": 0.004, "burst": 0.06}


def fill(state: Path, runs: int, *, now: float, days: float = 30, seed: int = 7) -> None:
    """Write *runs* runs of the last *days* before *now*.

    A local run of more lines fails more often: below 30 lines one of ten, above 120 nine of ten.
    """
    state.mkdir(mode=0o700, exist_ok=True)
    database = sqlite3.connect(state / LEDGER_FILE, isolation_level=None)
    make_ready(database)
    database.execute("BEGIN")
    dice = random.Random(seed)
    task = json.dumps(task_figures(a_task()))
    for number in range(runs):  # in the order of time, as they come
        _one(database, dice, number, now - (1 - (number + 0.5) / runs) * days * DAY_S, task)
    database.execute("COMMIT")
    database.close()


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    """What the dice say of one run. `begun` and `ended_by` are a profile and its tier."""

    name: str
    begun: tuple[str, str]
    lines: int
    promoted: bool
    verdict: str
    cause: str
    seconds: float

    @property
    def well(self) -> bool:
        return self.verdict != "failed"

    @property
    def ended_by(self) -> tuple[str, str]:
        return _PLACES[1] if self.promoted else self.begun

    @property
    def cost(self) -> float:
        return _COSTS[self.ended_by[1]]


def _drawn(dice: random.Random) -> _Drawn:
    name = f"{dice.getrandbits(64):016x}"
    begun = dice.choices(_PLACES, (6, 2, 2))[0]
    lines = dice.choice([1, 2, 8, 20, 28, 40, 90, 130, 180, 260])
    good = dice.random() < (0.9 if lines < 30 or begun[1] == "burst" else 0.1 if lines > 120 else 0.5)
    promoted = begun[1] == "local" and not good and dice.random() < 0.5
    verdict = "verified" if good or promoted else "failed"
    verdict = "unverified" if verdict == "verified" and dice.random() < 0.1 else verdict
    cause = "" if verdict != "failed" else dice.choice(["verification-failed", "refused", "turn-limit"])
    seconds = 5 + dice.random() * 60
    return _Drawn(name=name, begun=begun, lines=lines, promoted=promoted, verdict=verdict, cause=cause, seconds=seconds)


def _one(database: sqlite3.Connection, dice: random.Random, number: int, at: float, task: str) -> None:
    run = _drawn(dice)
    _write_run(database, run, number, at)
    _write_figures(database, run, task)
    for place in range(1 + run.promoted):
        _write_attempt(database, run, place, at)
    if run.promoted:
        _insert(
            database, "steps", (run.name, 0, 1, at, "promote", "verification-failed", run.ended_by[0], "go", 0.0, None)
        )


def _insert(database: sqlite3.Connection, table: str, row: Sequence[object]) -> None:
    database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def _write_run(database: sqlite3.Connection, run: _Drawn, number: int, at: float) -> None:
    rule = {"local": "small-change", "cheap": "lint-or-summarize", "burst": "large-change"}[run.begun[1]]
    row = (
        *(run.name, "run", at, at + run.seconds, day_of(at), run.verdict, run.cause, *run.ended_by, rule),
        *(f"thread-{number % 99}", f"/home/u/{SECRET}-{number % 40}", 1 + run.promoted, 11_000, 1_900),
        *(run.cost, "provider" if run.cost else ""),
        *((0.06 - run.cost, 0.06, "table") if run.well else (None, None, "it did not end well")),
    )
    _insert(database, f"runs ({_RUN})", row)


def _write_figures(database: sqlite3.Connection, run: _Drawn, task: str) -> None:
    profile, tier = run.begun
    figures = evidence_figures(replace(evidence(), lines_to_edit=Range(run.lines, run.lines, "stated")))
    estimate = {"usd": run.cost, "usd_if_burst": 0.06, "profile": profile, "tier": tier}
    policy = ("d7432a7d26bf", "0.1.0")
    _insert(database, "details", (run.name, *policy, task, json.dumps(figures), json.dumps(estimate), None))


def _write_attempt(database: sqlite3.Connection, run: _Drawn, place: int, at: float) -> None:
    profile, tier = run.ended_by if place else run.begun
    last = place == run.promoted
    good = last and run.well
    end = "ok" if good else "verification-failed" if run.promoted or not run.cause else run.cause
    values = (
        *(run.name, place, at, at + 5, profile, "m", "custom", "embedded", "promote" if place else "route", end, tier),
        *(5.0, 3 if end == "ok" else 9, 11_000, 1_900),
    )
    _insert(database, f"attempts ({_ATTEMPT})", values)
    if run.verdict != "unverified" or not last:
        seen = (run.name, place + 1, "after", at, 1, run.lines, 0, 0, 0, int(good), 0, 1.0, None)
        _insert(database, "verifications", seen)
