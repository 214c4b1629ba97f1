"""What the newest attempts took is read with one query, which an index answers alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import a_receipt
from tests.ledger.a_ledger import NOON, Clock, a_ledger, begin

from profile_router.core.ladder.receipt import Receipt
from profile_router.core.routing.loop import PastLoop, usual_turns
from profile_router.ledger.loops import _SAID, past_loops, turns_in
from profile_router.ledger.schema import LEDGER_FILE

HERE = "/home/u/repo"
TOOK: dict[str, Any] = {"turns": 4, "tokens_in": 900, "tokens_out": 80, "tokens_cached": 300, "seconds": 2.5}
FOUND = PastLoop(runner="embedded", tier="burst", **TOOK)


def a_run(state: Path, name: str, *receipts: Receipt, size: str = "small", at: float = NOON) -> None:
    ledger = a_ledger(state, run=name, clock=Clock(at))
    begin(ledger)
    for number, receipt in enumerate(receipts, 1):
        ledger.asks(profile="coding-burst", model="m", provider="p", step=receipt.step, tier="burst", task_size=size)
        ledger.answered(receipts[:number])
    ledger.ended("unverified")


def test_an_attempt_is_found_by_the_size_of_its_task(tmp_path: Path) -> None:
    a_run(tmp_path, "aa", a_receipt("coding-burst", **TOOK))
    a_run(tmp_path, "bb", a_receipt("coding-burst", turns=9), size="large")
    assert past_loops(tmp_path, "small") == (FOUND,)
    assert [one.turns for one in past_loops(tmp_path, "large")] == [9]
    assert past_loops(tmp_path, "medium") == ()


@pytest.mark.parametrize(
    ("verdict", "turns", "counts"),
    [
        ("ok", 4, True),
        ("verification-failed", 4, True),
        ("no-change", 4, True),
        ("turn-limit", 4, True),
        ("over-budget", 4, True),
        ("server-error", 4, False),
        ("interrupted", 4, False),
        ("refused", 0, False),
        ("ok", 0, False),
    ],
)
def test_what_broke_off_tells_nothing_of_how_long_a_loop_is(
    tmp_path: Path, verdict: Any, turns: int, counts: bool
) -> None:
    a_run(tmp_path, "aa", a_receipt("coding-burst", verdict=verdict, turns=turns))
    assert bool(past_loops(tmp_path, "small")) is counts


def test_the_newest_come_first(tmp_path: Path) -> None:
    for number in range(1, 4):
        a_run(tmp_path, f"a{number}", a_receipt("coding-burst", turns=number), at=NOON + 60 * number)
    assert [one.turns for one in past_loops(tmp_path, "small")] == [3, 2, 1]


def test_without_a_ledger_there_are_none_and_none_is_made(tmp_path: Path) -> None:
    assert past_loops(tmp_path / "state", "small") == ()
    assert not (tmp_path / "state").exists()


def test_the_usual_turns_are_those_of_this_repository_and_tier_that_ended_well(tmp_path: Path) -> None:
    for number in range(1, 13):
        a_run(tmp_path, f"a{number}", a_receipt("coding-burst", turns=number), at=NOON + number)
    a_run(tmp_path, "bad", a_receipt("coding-burst", turns=80, verdict="no-progress"), at=NOON + 99)
    turns = turns_in(tmp_path, HERE, "burst")
    assert turns == tuple(range(12, 0, -1))
    assert usual_turns(turns) == 11
    assert turns_in(tmp_path, "/elsewhere", "burst") == turns_in(tmp_path, HERE, "local") == ()
    assert turns_in(tmp_path, "", "burst") == turns_in(tmp_path / "none", HERE, "burst") == ()


@pytest.mark.parametrize(("turns", "usual"), [((), None), (range(9), None), ((3,) * 10, 3), (range(1, 11), 9)])
def test_nine_of_ten_stay_within_what_is_usual_once_ten_are_known(turns: Any, usual: int | None) -> None:
    assert usual_turns(tuple(turns)) == usual


def test_the_query_reads_the_index_alone(tmp_path: Path) -> None:
    a_run(tmp_path, "aa", a_receipt("coding-burst"))
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database, database:
        plan = " ".join(str(row[3]) for row in database.execute(f"EXPLAIN QUERY PLAN {_SAID}", ("small", 400)))
    assert plan == "SEARCH attempts USING COVERING INDEX attempts_by_size (size=?)"
