"""Take runs out of the ledger: those that are old, those of a thread, or all; and begin the day's budget anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from pathlib import Path

from profile_router.core.days import DAY_S
from profile_router.ledger.schema import LEDGER_FILE, PARTS, day_of, make_ready
from profile_router.state.database import compact, transaction
from profile_router.values import frozen


@frozen
class Chosen:
    """Which runs go: those of `thread`, those that began before the moment `before`, or all where both are None."""

    thread: str | None = None
    before: float | None = None


def expire(database: sqlite3.Connection, now: float, keep_days: float) -> int:
    """Take out what began *keep_days* before *now*, with what was spent on the days before; return how many runs."""
    gone = _remove(database, "started < ?", (now - keep_days * DAY_S,))
    _forget_days(database, min(day_of(now), day_of(max(0.0, now - keep_days * DAY_S))))
    return gone


def forget(database: sqlite3.Connection, run: str) -> None:
    """Take *run* out if no model was asked in it. A command that was called wrongly, and said so, is not a run."""
    _remove(database, "id = ? AND NOT EXISTS (SELECT 1 FROM attempts WHERE run = id)", (run,))


def purge(state: Path, chosen: Chosen, *, now: float, at_work: Collection[str] = ()) -> int:
    """Take out the runs that are *chosen*, but for unfinished ones of threads *at_work*; return how many.

    No byte of the file tells of them afterwards. What was spent today stays. Raises StateError.
    """
    path = state / LEDGER_FILE
    if not path.exists():
        return 0
    marks = ", ".join("?" * len(at_work))
    free = f"NOT (ended IS NULL AND thread IN ({marks}))"
    with transaction(path, make_ready) as database:
        if chosen.thread is not None:
            gone = _remove(database, f"thread = ? AND {free}", (chosen.thread, *at_work))
        elif chosen.before is not None:
            gone = _remove(database, f"started < ? AND {free}", (chosen.before, *at_work))
            _forget_days(database, min(day_of(now), day_of(max(0.0, chosen.before))))
        else:
            gone = _remove(database, free, tuple(at_work))
            _forget_days(database, day_of(now))
    compact(path)
    return gone


def begin_day_anew(state: Path, *, now: float) -> None:
    """Let what was spent and reserved today count for no day, so that today's budget is whole again.

    The rows stay: a run that is at work goes on with what it holds. Raises StateError.
    """
    path = state / LEDGER_FILE
    if path.exists():
        with transaction(path, make_ready) as database:
            database.execute("UPDATE spending SET day = '' WHERE day = ?", (day_of(now),))


def _remove(database: sqlite3.Connection, where: str, values: tuple[object, ...]) -> int:
    gone = database.execute(f"SELECT id FROM runs WHERE {where}", values).fetchall()  # noqa: S608 - words of ours
    if gone:
        for table, column in (*((part, "run") for part in PARTS), ("runs", "id")):
            database.executemany(f"DELETE FROM {table} WHERE {column} = ?", gone)  # noqa: S608
    return len(gone)


def _forget_days(database: sqlite3.Connection, before: str) -> None:
    """Take out what was spent on the days *before* that one. An open row without a day stays: somebody holds it."""
    old = "SELECT id FROM spending WHERE day < ? AND (day <> '' OR spent IS NOT NULL)"
    database.execute(f"DELETE FROM reservations WHERE spending IN ({old})", (before,))  # noqa: S608
    database.execute(f"DELETE FROM spending WHERE id IN ({old})", (before,))  # noqa: S608
