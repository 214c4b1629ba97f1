"""The ledger adds up its runs: each figure of a report is what counting the rows by hand gives."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import BURST, LOCAL, a_receipt
from tests.ledger.a_ledger import FIRST, FOUND, NOON, SECOND, STEP, Clock, a_decision, a_ledger, begin
from tests.ledger.many_runs import DAY_S, SECRET, fill

from profile_router.core.attempt.saving import Saving
from profile_router.core.ladder.receipt import ChangedFile, CheckResult, Receipt, Verified
from profile_router.core.operating.totals import Totals
from profile_router.core.policy import Tier
from profile_router.core.routing.route import Route
from profile_router.core.telling.verdict import LedgerVerdict
from profile_router.ledger.schema import LEDGER_FILE
from profile_router.ledger.totals import totals_since

PASSED = CheckResult(command="pytest", exit_code=0, seconds=1.0, last_line="1 passed")
KNOWN = Saving(usd=0.05, if_burst_usd=0.06, source="table")


def a_run(
    state: Path,
    name: str,
    *receipts: Receipt,
    verdict: LedgerVerdict = "verified",
    rule: str = "small-change",
    tier: Tier = "local",
    lines: int = 9,
    saved: Saving = KNOWN,
    promoted: bool = False,
    checked: bool = True,
) -> None:
    """Write a run whose work changed so many *lines*."""
    ledger = a_ledger(state, run=name, clock=Clock(NOON))
    begin(ledger)
    decision = a_decision()
    assert isinstance(decision, Route)
    ledger.routed(replace(decision, rule=rule, tier=tier, profile=BURST if tier == "burst" else LOCAL))
    for receipt in receipts or (a_receipt(LOCAL),):
        number = ledger.asks(
            profile=receipt.profile,
            model="m",
            provider="p",
            step=receipt.step,
            tier="burst" if receipt.profile == BURST else "local",
        )
        ledger.ends(number, receipt)
    if promoted:
        ledger.stepped((STEP,), after=1)
    change = ChangedFile(path="src/a.py", lines_added=lines, lines_removed=0)
    ledger.verified(Verified(files_changed=(change,), check=PASSED if checked else None), after=max(1, len(receipts)))
    ledger.ended(verdict, saved, cause="" if verdict in ("verified", "unverified") else "verification-failed")
    ledger.close()


def totals(state: Path, since: float = 0.0) -> Totals:
    return totals_since(state, since, many_lines=200)


def test_spend_is_compared_with_both_extremes_on_the_same_tasks(tmp_path: Path) -> None:
    a_run(tmp_path, "aa01")
    a_run(tmp_path, "aa02", FIRST, SECOND, promoted=True, saved=Saving(usd=-0.01, if_burst_usd=0.05, source="table"))
    a_run(tmp_path, "aa03", verdict="failed", saved=Saving(why="it did not end well"))
    a_run(tmp_path, "aa04", saved=Saving(why="nobody counted its tokens"))
    a_run(tmp_path, "aa05", replace(SECOND, step="route"), tier="burst")
    found = totals(tmp_path)
    assert (found.runs, found.cost_usd, found.not_well) == (5, 0.12, 1)
    assert asdict(found.compared) == {
        "known": 3, "spent_usd": 0.12, "if_burst_usd": 0.17, "unknown": {"nobody counted its tokens": 1}, "by_local": 2, "local_failed": 2,
    }  # fmt: skip
    assert [(one.step, one.cause, one.times, one.well) for one in found.steps] == [
        ("promote", "verification-failed", 1, 1)
    ]
    assert found.causes == {"verification-failed": 1}


@pytest.mark.parametrize(
    ("tier", "rule", "lines", "promoted", "found"),
    [
        ("local", "small-change", 201, False, "local-large"),
        ("local", "small-change", 200, False, None),
        ("local", "private", 500, False, None),
        ("local", "explicit", 500, False, None),
        ("burst", "large-change", 3, False, "burst-small"),
        ("burst", "large-change", 4, False, None),
        ("burst", "large-change", 0, False, None),
        ("burst", "vision", 1, False, None),
        ("burst", "long-context", 1, False, None),
        ("local", "small-change", 2, True, None),  # burst ended it, after local had failed: that is not a misroute
    ],
)
def test_a_misroute_is_found_by_the_lines_that_were_changed(
    tmp_path: Path, tier: Tier, rule: str, lines: int, promoted: bool, found: str | None
) -> None:
    receipts = (FIRST, SECOND) if promoted else (a_receipt(BURST if tier == "burst" else LOCAL),)
    a_run(tmp_path, "aa01", *receipts, tier=tier, rule=rule, lines=lines, promoted=promoted)
    assert [one.kind for one in totals(tmp_path).misroutes if one.runs] == ([found] if found else [])


def test_a_run_with_no_check_is_counted_among_those_that_nothing_confirms(tmp_path: Path) -> None:
    a_run(tmp_path, "aa01", verdict="unverified", checked=False)
    a_run(tmp_path, "aa02", verdict="unverified")
    found = totals(tmp_path)
    assert (found.ended("unverified"), found.unchecked) == (2, 1)


def test_only_runs_of_the_time_that_was_asked_for_count(tmp_path: Path) -> None:
    a_run(tmp_path, "aa01")
    assert (totals(tmp_path, NOON).runs, totals(tmp_path, NOON + DAY_S).runs) == (1, 0)


def test_a_ledger_that_is_not_there_has_no_runs_and_is_not_made(tmp_path: Path) -> None:
    assert totals(tmp_path / "none").runs == 0
    assert not (tmp_path / "none").exists()


def test_many_runs_add_up_to_what_their_rows_say(tmp_path: Path) -> None:
    fill(tmp_path, 300, now=NOON, days=20)
    found = totals(tmp_path, NOON - 10 * DAY_S)
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database, database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute("SELECT * FROM runs WHERE started >= ?", (NOON - 10 * DAY_S,))]
    database.close()
    took = sorted(row["ended"] - row["started"] for row in rows if row["tier"] == "local")
    assert found.runs == len(rows) == sum(day.runs for day in found.days) == 150
    assert found.cost_usd == pytest.approx(sum(row["cost_usd"] for row in rows))
    assert found.ended("verified") == sum(row["verdict"] == "verified" for row in rows)
    local = next(one for one in found.latencies if one.tier == "local")
    assert (local.runs, local.middle_s) == (len(took), took[(len(took) - 1) // 2])
    assert local.ninth_s == took[-(-len(took) * 9 // 10) - 1]
    assert [one.id for one in found.slowest] == [
        row["id"] for row in sorted(rows, key=lambda row: row["started"] - row["ended"])[:5]
    ]
    assert SECRET not in json.dumps(asdict(found), default=str)


def test_of_ten_runs_the_ninth_is_what_nine_stayed_within(tmp_path: Path) -> None:
    for number in range(10):
        a_run(tmp_path, f"aa{number:02}")
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database, database:
        database.execute("UPDATE runs SET ended = started + 1 + CAST(substr(id, 3) AS INTEGER)")
    database.close()
    [local] = totals(tmp_path).latencies
    assert (local.runs, local.middle_s, local.ninth_s) == (10, 5.0, 9.0)


def test_nothing_of_a_checks_words_is_read(tmp_path: Path) -> None:
    a_run(tmp_path, "aa01", lines=500)
    told: Any = json.dumps(asdict(totals(tmp_path)))
    for word in ("src/a.py", "/home/u/repo", FOUND.check.command if FOUND.check else "-"):
        assert word not in told


@pytest.mark.parametrize("usd", ["9e999", "-9e999", "'abc'", "1e18"])
def test_a_sum_of_money_that_no_run_can_cost_counts_as_none(usd: str, tmp_path: Path) -> None:
    fill(tmp_path, 3, now=NOON, days=1)
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database, database:
        database.execute(f"UPDATE runs SET cost_usd = {usd}, if_burst_usd = {usd}")
    found = totals_since(tmp_path, 0, many_lines=200)
    assert sum(part.cost_usd for part in found.parts) == 0
    assert (found.compared.spent_usd, found.compared.if_burst_usd) == (0, 0)


@pytest.mark.parametrize(
    ("undos", "undone"),
    [
        ((("u1", "r1"),), 1),
        ((("u1", "r1"), ("u2", "u1")), 0),
        ((("u1", "r1"), ("u2", "u1"), ("u3", "u2")), 1),
        ((("u1", "r1"), ("u2", "u1"), ("u3", "r1")), 1),
        ((("u1", "r1"), ("u2", "r2"), ("u3", "u1")), 1),
    ],
    ids=["undone", "and back", "and undone again", "taken back anew", "one of two"],
)
def test_an_undo_that_was_undone_itself_counts_for_nothing(
    undos: tuple[tuple[str, str], ...], undone: int, tmp_path: Path
) -> None:
    a_run(tmp_path, "r1")
    a_run(tmp_path, "r2")
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database:
        for at, (name, run) in enumerate(undos):
            said = "INSERT INTO runs (id, kind, started, day, verdict, rule) VALUES (?, 'undo', ?, '', 'undone', ?)"
            database.execute(said, (name, NOON + at, run))
        database.commit()
    assert totals(tmp_path).undone == undone
