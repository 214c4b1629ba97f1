"""Another program may write anything into the ledger: what is of another kind than its column counts as empty."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.many_runs import fill

from profile_router.cli import app
from profile_router.ledger import sound
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.loops import past_loops, turns_in
from profile_router.ledger.past_tasks import past_tasks
from profile_router.ledger.schema import LEDGER_FILE, TABLES, day_of
from profile_router.ledger.sound import reading_sound
from profile_router.policies.file import SHIPPED
from profile_router.state import database as databases

NOW = time.time()
KEYS = (
    "id",
    "run",
    "kind",
    "number",
    "after",
    "stage",
    "day",
    "name",
    "spending",
)  # without them there is nothing to be told
JUNK = [b"\xff\xfe", "junk", 1e300, -(2**63)]
DEEP = ['{"a":' * 2_000, '{"a":' * 2_000 + "1" + "}" * 2_000]  # also longer than any path
COMMANDS = [
    *(["history"], ["history", "--by", "tier"], ["show"], ["budget"], ["report"], ["calibrate"], ["threads"]),
    *(["observe"], ["replay", "--policy", str(SHIPPED)]),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a state folder with runs, a child that was observed, and spending of today."""
    state = tmp_path_factory.mktemp("whole") / "state"
    fill(state, 12, now=NOW, days=5)
    with closing(sqlite3.connect(state / LEDGER_FILE, isolation_level=None)) as database:
        database.execute("UPDATE details SET estimate = json_set(estimate, '$.seconds', 5)")
        database.execute("UPDATE runs SET kind = 'observed' WHERE rowid = 3")
        spending = "INSERT INTO spending (day, thread, profile, step, reserved) VALUES (?, 't', 'coding-burst', 's', 1)"
        database.execute(spending, (day_of(NOW),))
    return state


@pytest.fixture
def state(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of it, in force; nothing is told of a damaged file yet."""
    monkeypatch.setattr(databases, "_told", [])
    monkeypatch.setenv("PROFILE_ROUTER_STATE", str(tmp_path / "state"))
    return shutil.copytree(whole, tmp_path / "state")


def _columns(database: sqlite3.Connection) -> list[tuple[str, str]]:
    return [
        (table, str(row[1])) for table in TABLES for row in database.execute(f"PRAGMA table_info({table})").fetchall()
    ]


def _damage(state: Path, junk: object) -> None:
    """Write *junk* into each cell but the keys."""
    with closing(sqlite3.connect(state / LEDGER_FILE, isolation_level=None)) as database:
        for table, name in _columns(database):
            if name not in KEYS:
                database.execute(f"UPDATE {table} SET {name} = ?", (junk,))


def _a_run(state: Path) -> str:
    with closing(sqlite3.connect(state / LEDGER_FILE)) as database:
        return str(database.execute("SELECT run FROM steps LIMIT 1").fetchone()[0])


@pytest.mark.parametrize("junk", [*JUNK, *DEEP], ids=lambda junk: repr(junk)[-12:])
def test_no_command_that_reads_a_damaged_ledger_ends_in_an_error(
    junk: object, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _damage(state, junk)
    run = [_a_run(state)]
    for words in COMMANDS:
        command = words + run * (words == ["show"])
        for more in ([], ["--json"]):
            assert app.main([*command, *more]) == (3 if words == ["calibrate"] else 0), command  # 3: too few outcomes
            told = capsys.readouterr()
        assert words == ["calibrate"] or json.loads(told.out, parse_constant=pytest.fail)
    assert len(databases.damage_lines()) == 1
    assert app.main(["undo", *run]) == 2
    assert "cannot be undone" in capsys.readouterr().err


def test_every_cell_is_read_as_its_column_says(state: Path) -> None:
    kinds: dict[str, Any] = {"TEXT": str, "REAL": (int, float), "INTEGER": int, "BLOB": bytes}
    _damage(state, b"\xff")
    with reading_sound(state, *TABLES) as database:
        for table in TABLES:
            about = database.execute(f"PRAGMA main.table_info({table})").fetchall()
            for row in database.execute(f"SELECT * FROM {table}").fetchall():
                for (_, name, kind, filled, _, key), cell in zip(about, row, strict=True):
                    assert isinstance(cell, kinds[kind]) or (cell is None and not (filled or key)), (table, name, cell)


def test_a_damaged_value_is_told_of_once_and_the_others_stand(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = _a_run(state)
    before = SqliteHistory(state=state).find(run)
    with closing(sqlite3.connect(state / LEDGER_FILE, isolation_level=None)) as database:
        database.execute("UPDATE runs SET tokens_in = 'many' WHERE id = ?", (run,))
    assert app.main(["show", run]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("has 1 value that is not of the kind of the column; another program wrote there. None counts")
    after = SqliteHistory(state=state).find(run)
    assert (after.tokens_in, after.tokens_out, after.cost_usd) == (0, before.tokens_out, before.cost_usd)


def test_a_sound_ledger_is_read_where_it_lies_and_nothing_is_told(state: Path) -> None:
    with reading_sound(state, *TABLES) as database:
        assert database.execute("SELECT count(*) FROM temp.sqlite_master").fetchone() == (0,)
    assert databases.damage_lines() == ()


def test_what_lists_runs_and_tells_one_looks_through_no_whole_table(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(sound, "_replaced", lambda _, table, __: looked.append(table))
    history = SqliteHistory(state=state)
    history.story(history.runs(5)[0].id)
    assert set(looked) == {"reservations", "spending"}, "sums alone are of all rows"


@pytest.mark.parametrize("junk", [*DEEP, "[" * 5_000, "x" * 5_000], ids=lambda junk: repr(junk)[-12:])
def test_figures_that_nobody_could_have_written_count_as_none(junk: str, state: Path) -> None:
    with closing(sqlite3.connect(state / LEDGER_FILE, isolation_level=None)) as database:
        database.execute("UPDATE details SET task = ?, evidence = ?", (junk, junk))
    assert {(str(one.task), str(one.evidence)) for one in past_tasks(state, 0, 100)} == {("{}", "{}")}


def test_sums_are_told_by_the_columns_that_they_read_and_an_index_holds_those(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, others = SqliteHistory(state=state).grouped("tier", 9), SqliteHistory(state=state).grouped("day", 9)
    with closing(sqlite3.connect(state / LEDGER_FILE, isolation_level=None)) as database:
        database.execute("UPDATE runs SET rule = x'ff', if_burst_usd = 'much', day = x'ff'")
    assert SqliteHistory(state=state).grouped("tier", 9) == whole
    assert databases.damage_lines() == ()
    assert SqliteHistory(state=state).grouped("day", 9) != others
    assert len(databases.damage_lines()) == 1
    with reading_sound(state) as database:
        read = sound._columns_read(database, "SELECT tier, sum(cost_usd) FROM runs WHERE kind = ? GROUP BY 1", ("run",))
        assert read == {"runs": {"tier", "cost_usd", "kind"}}


@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_an_attempt_with_a_damaged_figure_counts_for_no_estimate(junk: object, state: Path) -> None:
    with closing(sqlite3.connect(state / LEDGER_FILE, isolation_level=None)) as database:
        database.execute("UPDATE attempts SET size = 'small', verdict = 'ok'")
        local = "SELECT workspace FROM runs JOIN attempts ON run = id WHERE kind = 'run' AND attempts.tier = 'local'"
        (workspace,) = database.execute(local).fetchone()
        assert past_loops(state, "small")
        assert turns_in(state, workspace, "local")
        database.execute("UPDATE attempts SET seconds = ?, turns = ?", (junk, junk))
    assert past_loops(state, "small") == ()
    assert turns_in(state, workspace, "local") == ()
