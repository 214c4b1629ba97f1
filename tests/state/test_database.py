"""The databases of our state: whoever comes at the same time finds the same file. Nothing written is lost."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from profile_router.ledger.schema import LEDGER_FILE
from profile_router.ledger.spending import Ledger
from profile_router.state.database import transaction
from profile_router.threads.file import CHECKPOINTS, ThreadFile

SCHEMA = "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS it (n)"
LOOK = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print(c.execute('SELECT n FROM it').fetchall()); c.close()"
)


def a_ledger(state: Path) -> Ledger:
    return Ledger(state=state, clock=lambda: 1_790_000_000.0)


def reserve(state: Path, name: str) -> None:
    a_ledger(state).reserve(1.0, least=1.0, limit=9.0, profile="p", step="s", name=name)


def test_a_file_that_another_process_makes_meanwhile_is_not_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, seen = Path.stat, list[Path]()

    def looks(path: Path, **how: Any) -> os.stat_result:
        try:
            return look(path, **how)
        finally:
            if path.name == LEDGER_FILE and not seen:
                seen.append(path)
                reserve(tmp_path, "another's")

    monkeypatch.setattr(Path, "stat", looks)
    reserve(tmp_path, "ours")
    assert seen
    assert a_ledger(tmp_path).today() == 2.0
    assert list(tmp_path.glob("*.broken-*")) == []


def test_a_damaged_file_that_another_process_begins_anew_meanwhile_is_not_set_aside_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / LEDGER_FILE).write_bytes(b"this is not a database " * 500)
    lock, seen = fcntl.flock, list[int]()

    def locks(handle: int, how: int) -> None:
        if not seen:
            seen.append(handle)
            reserve(tmp_path, "another's")
        lock(handle, how)

    monkeypatch.setattr(fcntl, "flock", locks)
    reserve(tmp_path, "ours")
    assert a_ledger(tmp_path).today() == 2.0
    assert len(list(tmp_path.glob("*.broken-*"))) == 1


def ours_again(state: Path) -> Path:
    with transaction(state / "a.sqlite", SCHEMA):
        return state / "a.sqlite"


def langgraphs_again(state: Path) -> Path:
    ThreadFile(state=state).make_ready(None)
    return state / CHECKPOINTS


@pytest.mark.parametrize("open_again", [ours_again, langgraphs_again])
def test_what_is_written_after_another_process_has_looked_is_there_for_the_next(
    tmp_path: Path, open_again: Callable[[Path], Path]
) -> None:
    path = open_again(tmp_path)
    older = sqlite3.connect(path, isolation_level=None)
    for statement in (*SCHEMA.split(";"), "INSERT INTO it VALUES (1)"):
        older.execute(statement)
    open_again(tmp_path)
    assert looked(path) == "[(1,)]"
    older.execute("INSERT INTO it VALUES (2)")
    assert looked(path) == "[(1,), (2,)]"
    older.close()


def looked(path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", LOOK, str(path)], capture_output=True, text=True, check=True)
    return done.stdout.strip()
