"""A ledger of an older version becomes one of this, with what was reserved in it; one of a newer is left as it is."""

from __future__ import annotations

import multiprocessing
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import pytest
from tests.fakes import LOCAL
from tests.ledger.a_ledger import FOUND, NOON, a_ledger, begin

from profile_router.core.ladder.account import Grouping
from profile_router.errors import StateError
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.receipts import COLUMNS
from profile_router.ledger.schema import LEDGER_FILE, LEDGER_VERSION, MIGRATIONS, day_of
from profile_router.ledger.spending import Ledger

# As it was made before it had versions.
OLD = (
    "CREATE TABLE IF NOT EXISTS spending (id INTEGER PRIMARY KEY, day TEXT NOT NULL, thread TEXT NOT NULL, "
    "profile TEXT NOT NULL, step TEXT NOT NULL, reserved REAL NOT NULL, spent REAL);"
    "CREATE INDEX IF NOT EXISTS by_day ON spending (day);"
    "CREATE TABLE IF NOT EXISTS attempts (name TEXT PRIMARY KEY, spending INTEGER NOT NULL);"
    "INSERT INTO spending VALUES (1, '{day}', '', 'coding-burst', 'route', 1.5, NULL);"
    "INSERT INTO spending VALUES (2, '{day}', 'acme', 'coding-burst', 'promote', 1.0, 0.25);"
    "INSERT INTO attempts VALUES ('cafe/attempt 0', 1); INSERT INTO attempts VALUES ('cafe/attempt 1', 2)"
)


def old(state: Path) -> Path:
    state.mkdir(exist_ok=True)
    with closing(sqlite3.connect(state / LEDGER_FILE)) as database, database:
        database.executescript(OLD.format(day=day_of(NOON)))
    database.close()
    return state


def test_what_an_older_version_reserved_and_spent_counts_on(tmp_path: Path) -> None:
    ledger = Ledger(state=old(tmp_path), clock=lambda: NOON)
    assert (ledger.today(), ledger.spent_by("cafe")) == (1.75, 0.25)
    held = ledger.taken_up("cafe/attempt 0", limit=5.0)
    assert held is not None
    assert (held.number, held.reserved, held.spent) == (1, 1.5, 0.0)
    ledger.settle(held.number, 0.5)
    assert ledger.today() == 0.75


def test_a_run_can_be_written_and_read_in_a_file_of_an_older_version(tmp_path: Path) -> None:
    begin(a_ledger(old(tmp_path)))
    assert [run.verdict for run in SqliteHistory(state=tmp_path).runs(9)] == ["unfinished"]
    assert Ledger(state=tmp_path, clock=lambda: NOON).today() == 1.75


def test_each_figure_of_a_receipt_has_its_column(tmp_path: Path) -> None:
    begin(a_ledger(tmp_path))
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database, database:
        found = {row[1] for row in database.execute("PRAGMA table_info(attempts)")}
    database.close()
    assert set(COLUMNS) <= found, "a new figure needs a migration: see ledger.schema"


def test_a_file_of_an_older_version_can_be_read_before_anything_is_written(tmp_path: Path) -> None:
    assert SqliteHistory(state=old(tmp_path)).runs(9) == []
    spent = SqliteHistory(state=tmp_path).spent_on(day_of(NOON))
    assert (spent.spent_usd, spent.reserved_usd) == (0.25, 1.5)


def test_a_file_of_a_newer_version_is_refused_with_what_to_do_and_left_as_it_is(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database, database:
        database.execute(f"PRAGMA user_version = {LEDGER_VERSION + 1}")
        database.execute("CREATE TABLE theirs (n)")
    database.close()
    for use in (lambda: begin(a_ledger(tmp_path)), lambda: SqliteHistory(state=tmp_path).runs(9)):
        with pytest.raises(StateError, match="bring profile-router up to date"):
            use()
    assert [path.name for path in tmp_path.glob("*.broken-*")] == []


def test_a_run_whose_ledger_a_newer_program_takes_over_ends_with_the_way_on_and_keeps_what_it_did(
    tmp_path: Path,
) -> None:
    ledger = begin(a_ledger(tmp_path))
    ledger.asks(profile=LOCAL, model="m", provider="p", step="route")
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database:
        database.execute(f"PRAGMA user_version = {LEDGER_VERSION + 1}")
    with pytest.raises(StateError, match=r"by a newer profile-router .* is kept: `profile-router resume "):
        ledger.asks(profile=LOCAL, model="m", provider="p", step="route")
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database:
        assert database.execute("SELECT count(*) FROM attempts").fetchone() == (1,)
        database.execute(f"PRAGMA user_version = {LEDGER_VERSION}")
    assert ledger.asks(profile=LOCAL, model="m", provider="p", step="route") == 1
    ledger.close()


@pytest.mark.parametrize("before", ["nothing", "an older version"])
def test_many_processes_may_be_the_first_to_bring_it_up_to_date(tmp_path: Path, before: str) -> None:
    state = old(tmp_path) if before == "an older version" else tmp_path
    fork = multiprocessing.get_context("fork")
    gate = fork.Barrier(8)
    opening = [fork.Process(target=_named, args=(state, gate, number)) for number in range(8)]
    for process in opening:
        process.start()
    for process in opening:
        process.join(60)
    assert [process.exitcode for process in opening] == [0] * 8
    expected = 0.08 + (1.75 if before == "an older version" else 0.0)
    assert Ledger(state=state, clock=lambda: NOON).today() == pytest.approx(expected)


def _named(state: Path, gate: Any, number: int) -> None:
    gate.wait()
    Ledger(state=state, clock=lambda: NOON).reserve(
        0.01, least=0.01, limit=9.0, profile="p", step="s", name=f"run/{number}"
    )


def test_what_was_verified_under_an_older_version_stays_and_was_after_the_work(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database, database:
        for statements in MIGRATIONS[:2]:
            database.executescript(statements)
        database.execute("PRAGMA user_version = 2")
        database.execute("INSERT INTO verifications VALUES ('ab12', 1, 5.0, 1, 9, 2, 0, 0, 0, 1, 1.5, NULL)")
    database.close()
    ledger = begin(a_ledger(tmp_path, run="ab12"))
    ledger.verified(FOUND, after=0, stage="before")
    checks = SqliteHistory(state=tmp_path).story("ab12").checks
    assert [(one.stage, one.after, one.passed, one.lines_added) for one in checks] == [
        ("before", 0, False, 9), ("after", 1, False, 9)
    ]  # fmt: skip


_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"


@pytest.mark.parametrize("version", range(1, LEDGER_VERSION))
def test_an_index_that_is_gone_or_in_the_way_holds_no_change_up(version: int) -> None:
    def made(*odd: str) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(":memory:")) as database:
            for statements in (*MIGRATIONS[:version], *odd, *MIGRATIONS[version:]):
                database.executescript(statements)
            return database.execute(_INDEXES).fetchall()

    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(";".join(MIGRATIONS[:version]))
        there = {name for name, _ in database.execute(_INDEXES)}
    whole = made()
    wanted = {name for name, _ in whole}
    later = re.findall(r"INDEX (?:IF EXISTS )?(\w+)", ";".join(MIGRATIONS[version:]))
    gone = [f"DROP INDEX {name}" for name in sorted(there & {*later})]
    in_the_way = [f"CREATE INDEX {name} ON runs (id)" for name in sorted(wanted - there)]
    assert made(";".join([*gone, *in_the_way])) == whole


def test_a_refusal_under_an_older_version_says_no_more_than_it_did(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database, database:
        for statements in MIGRATIONS[:7]:
            database.executescript(statements)
        database.execute("PRAGMA user_version = 7")
        run = ("ab12", "run", 5.0, 6.0, day_of(5.0), "refused")
        database.execute("INSERT INTO runs (id, kind, started, ended, day, verdict) VALUES (?, ?, ?, ?, ?, ?)", run)
        database.execute("INSERT INTO details VALUES ('ab12', 'p', '0.1', '{}', '{}', '{}')")
    database.close()
    found = SqliteHistory(state=tmp_path).story("ab12")
    assert (found.run.verdict, found.policy, found.refused) == ("refused", "p", {})


@pytest.mark.parametrize("by", get_args(Grouping))
def test_runs_of_an_older_version_are_grouped_as_those_of_today(tmp_path: Path, by: Grouping) -> None:
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database, database:
        for statements in MIGRATIONS[:8]:
            database.executescript(statements)
        database.execute("PRAGMA user_version = 8")
        run = ("ab12", "run", 5.0, 6.0, day_of(5.0), "failed", LOCAL, "local", "/a", 7)
        columns = "id, kind, started, ended, day, verdict, profile, tier, workspace, tokens_in"
        database.execute(f"INSERT INTO runs ({columns}) VALUES ({', '.join('?' * len(run))})", run)
    database.close()
    (group,) = SqliteHistory(state=tmp_path).grouped(by, 9)
    expected = {"day": day_of(5.0), "profile": LOCAL, "tier": "local", "verdict": "failed", "repository": "/a"}
    assert (group.name, group.runs, group.tokens_in) == (expected[by], 1, 7)
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database:
        indexes = database.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'runs'")
        assert "runs_in_groups" not in {name for (name,) in indexes}


@pytest.mark.parametrize(
    ("verdict", "cause", "looks", "becomes"),
    [
        ("ok", "", [], "unverified"),
        ("ok", "", [(1, 1, 0)], "verified"),
        ("ok", "", [(1, 1, 2)], "unverified"),
        ("ok", "", [(1, 1, 0), (2, 0, 0)], "unverified"),
        ("ok", "", [(1, None, 0)], "unverified"),
        ("failed", "no-change", [], "no-change"),
        ("failed", "verification-failed", [(1, 0, 0)], "failed"),
        ("interrupted", "", [(1, 1, 0)], "interrupted"),
    ],
)
def test_the_verdict_that_an_older_version_wrote_becomes_the_word_of_today(
    tmp_path: Path, verdict: str, cause: str, looks: list[tuple[int, int | None, int]], becomes: str
) -> None:
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database, database:
        for statements in MIGRATIONS[:4]:
            database.executescript(statements)
        database.execute("PRAGMA user_version = 4")
        run = ("ab12", "run", 5.0, day_of(5.0), verdict, cause)
        database.execute("INSERT INTO runs (id, kind, started, day, verdict, cause) VALUES (?, ?, ?, ?, ?, ?)", run)
        for after, passed, unverified in looks:
            row = ("ab12", after, "after", 5.0, 1, 9, 2, unverified, 0, passed, 0, 1.5, None)
            database.execute(f"INSERT INTO verifications VALUES ({', '.join('?' * len(row))})", row)
    database.close()
    assert SqliteHistory(state=tmp_path).find("ab12").verdict == becomes
