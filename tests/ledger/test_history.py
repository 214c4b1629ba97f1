"""The ledger is read: the newest runs first, runs by what they share, one by its id's beginning."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest
from tests.fakes import BURST, LOCAL, a_receipt, a_task
from tests.ledger.a_ledger import NOON, SECOND, Clock, a_decision, a_ledger, begin
from tests.ledger.many_runs import fill

from profile_router.core.ladder.account import Grouping
from profile_router.core.telling.verdict import LedgerVerdict
from profile_router.errors import UsageError
from profile_router.ledger import history as history_module
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.routes import note_route
from profile_router.ledger.schema import LEDGER_FILE, day_of

DAY_S = 86_400.0


def run(
    state: Path,
    name: str,
    *,
    at: float = 0.0,
    verdict: LedgerVerdict = "unverified",
    paid: bool = False,
    where: str = "/a",
) -> None:
    ledger = a_ledger(state, run=name, thread=f"t-{name[:2]}", clock=Clock(NOON + at))
    begin(ledger, workspace=where)
    ledger.routed(a_decision())
    ledger.answered((SECOND if paid else a_receipt(LOCAL),))
    ledger.ended(verdict)


@pytest.fixture
def history(tmp_path: Path) -> SqliteHistory:
    run(tmp_path, "aa01", where="/a")
    run(tmp_path, "aa02", at=DAY_S, verdict="failed", paid=True, where="/b")
    run(tmp_path, "bb03", at=2 * DAY_S, where="/b")
    note_route(tmp_path, a_task("where?"), a_decision(), "/a", now=NOON + 3 * DAY_S, keep_days=365)
    return SqliteHistory(state=tmp_path)


def test_the_newest_runs_come_first_and_no_more_than_were_asked_for(history: SqliteHistory) -> None:
    assert [one.id for one in history.runs(9)] == ["bb03", "aa02", "aa01"]
    assert [one.id for one in history.runs(2)] == ["bb03", "aa02"]


def test_what_route_answered_is_told_where_it_is_asked_for(history: SqliteHistory) -> None:
    newest = history.runs(9, routes=True)[0]
    assert (newest.kind, newest.verdict, newest.profile, newest.seconds) == ("route", "routed", LOCAL, 0.0)


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("day", [day_of(NOON + 2 * DAY_S), day_of(NOON + DAY_S), day_of(NOON)]),
        ("profile", [LOCAL, BURST]),
        ("tier", ["local"]),
        ("verdict", ["unverified", "failed"]),
        ("repository", ["/b", "/a"]),
    ],
)
def test_runs_are_counted_by_what_they_have_in_common(history: SqliteHistory, by: Grouping, names: list[str]) -> None:
    found = history.grouped(by, 9)
    assert [group.name for group in found] == names
    assert (sum(group.runs for group in found), sum(group.cost_usd for group in found)) == (3, 0.06)
    assert [group.name for group in history.grouped(by, 1)] == names[:1]


def test_a_group_tells_how_its_runs_ended(history: SqliteHistory) -> None:
    [second, first] = history.grouped("repository", 9)
    assert (second.verdicts, first.verdicts) == ({"unverified": 1, "failed": 1}, {"unverified": 1})


@pytest.mark.parametrize(("wanted", "found"), [("b", "bb03"), ("AA02", "aa02"), ("aa01", "aa01"), ("t-aa", "aa02")])
def test_a_run_is_found_by_the_beginning_of_its_id_or_by_its_thread(
    history: SqliteHistory, wanted: str, found: str
) -> None:
    assert history.find(wanted).id == found


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("aa", "several runs begin with aa: aa02, aa01; give more of the id"),
        ("zz", "the ledger has no run zz; `profile-router history` lists"),
        ("", "the ledger has no run "),
        ("' OR 1", "the ledger has no run ' OR 1"),
        ("%", "the ledger has no run %"),
    ],
)
def test_a_run_that_is_none_or_several_is_said_with_what_helps(history: SqliteHistory, wanted: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        history.find(wanted)
    assert str(error.value).startswith(says)


def test_a_ledger_that_is_not_there_is_empty_and_is_not_made_by_looking(tmp_path: Path) -> None:
    history = SqliteHistory(state=tmp_path / "none")
    assert (history.runs(9), history.grouped("day", 9), history.by_thread()) == ([], [], {})
    assert history.spent_on("2026-01-01").spent_usd == 0
    assert not (tmp_path / "none").exists()


def test_reading_goes_on_while_somebody_writes(history: SqliteHistory) -> None:
    from profile_router.ledger.schema import make_ready
    from profile_router.state.database import transaction

    with transaction(history.state / LEDGER_FILE, make_ready) as database:
        database.execute("DELETE FROM runs")
        assert len(history.runs(9)) == 3
        database.execute("ROLLBACK")
        database.execute("BEGIN")


@pytest.mark.parametrize("odd", ["rule = x'ff', profile = x'fe'", "ended = 'never'"])
def test_a_run_with_columns_of_another_kind_is_listed_without_them(odd: str, tmp_path: Path) -> None:
    fill(tmp_path, 1, now=NOON, days=1)
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database, database:
        database.execute(f"UPDATE runs SET {odd}")
    (found,) = SqliteHistory(state=tmp_path).runs(5)
    assert "" in (found.rule, found.ended or "")


@pytest.mark.parametrize("by", get_args(Grouping))
def test_an_index_has_each_grouping_in_its_order(by: Grouping, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    begin(a_ledger(tmp_path))
    plans: list[str] = []

    def explained(state: Path, said: str, values: Sequence[object]) -> list[sqlite3.Row]:
        with closing(sqlite3.connect(state / LEDGER_FILE)) as database:
            plans.extend(row[-1] for row in database.execute(f"EXPLAIN QUERY PLAN {said}", values))
        return []

    monkeypatch.setattr(history_module, "sound_sums", explained)
    assert SqliteHistory(state=tmp_path).grouped(by, 9) == []
    assert len(plans) == 1, "nothing is sorted"
    assert "COVERING INDEX" in plans[0]
