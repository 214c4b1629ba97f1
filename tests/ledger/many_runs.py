"""A ledger of many runs, written at once: for reports over them, and for how long those take."""

from __future__ import annotations

import json
import random
import sqlite3
from dataclasses import replace
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


def _one(database: sqlite3.Connection, dice: random.Random, number: int, at: float, task: str) -> None:
    name = f"{dice.getrandbits(64):016x}"
    profile, tier = dice.choices(_PLACES, (6, 2, 2))[0]
    lines = dice.choice([1, 2, 8, 20, 28, 40, 90, 130, 180, 260])
    good = dice.random() < (0.9 if lines < 30 or tier == "burst" else 0.1 if lines > 120 else 0.5)
    promoted = tier == "local" and not good and dice.random() < 0.5
    verdict = "verified" if good or promoted else "failed"
    verdict = "unverified" if verdict == "verified" and dice.random() < 0.1 else verdict
    cause = "" if verdict != "failed" else dice.choice(["verification-failed", "refused", "turn-limit"])
    ends = _PLACES[1] if promoted else (profile, tier)
    cost = {"local": 0.0, "cheap": 0.004, "burst": 0.06}[ends[1]]
    well = verdict != "failed"
    rule = {"local": "small-change", "cheap": "lint-or-summarize", "burst": "large-change"}[tier]
    row = (
        *(
            name,
            "run",
            at,
            at + 5 + dice.random() * 60,
            day_of(at),
            verdict,
            cause,
            *ends,
            rule,
            f"thread-{number % 99}",
        ),
        *(f"/home/u/{SECRET}-{number % 40}", 1 + promoted, 11_000, 1_900, cost, "provider" if cost else ""),
        *((0.06 - cost, 0.06, "table") if well else (None, None, "it did not end well")),
    )
    database.execute(f"INSERT INTO runs ({_RUN}) VALUES ({', '.join('?' * len(row))})", row)
    measured = replace(evidence(), lines_to_edit=Range(lines, lines, "stated"))
    figures = json.dumps(evidence_figures(measured))
    estimate = json.dumps({"usd": cost, "usd_if_burst": 0.06, "profile": profile, "tier": tier})
    database.execute(
        "INSERT INTO details VALUES (?, 'd7432a7d26bf', '0.1.0', ?, ?, ?, NULL)", (name, task, figures, estimate)
    )
    places = [(profile, tier, "route"), *([(*ends, "promote")] if promoted else [])]
    for place, (who, where, step) in enumerate(places):
        last = place == len(places) - 1
        end = "ok" if last and well else "verification-failed" if promoted or not cause else cause
        values = (
            name,
            place,
            at,
            at + 5,
            who,
            "m",
            "custom",
            "embedded",
            step,
            end,
            where,
            5.0,
            3 if end == "ok" else 9,
            11_000,
            1_900,
        )
        database.execute(f"INSERT INTO attempts ({_ATTEMPT}) VALUES ({', '.join('?' * len(values))})", values)
        seen = (name, place + 1, "after", at, 1, lines, 0, 0, 0, 1 if last and well else 0, 0, 1.0, None)
        if verdict != "unverified" or not last:
            database.execute(f"INSERT INTO verifications VALUES ({', '.join('?' * len(seen))})", seen)
    if promoted:
        step_row = (name, 0, 1, at, "promote", "verification-failed", ends[0], "go", 0.0, None)
        database.execute(f"INSERT INTO steps VALUES ({', '.join('?' * len(step_row))})", step_row)
