"""Read the ledger when another program may have written in it. A value not of its column's kind counts as empty.

SQLite keeps a text or bytes where a number should stand. Each such cell would end the command that meets it. So what a
statement reads is looked through first: the rows that it gives, or for sums the columns. A damaged table is read from a
copy in memory, in which such cells are empty: queries need not know. How many there are is told once, in a line.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from profile_router.ledger.schema import LEDGER_FILE, TABLES, make_ready
from profile_router.state.database import reading, tell_line

_MOST = 1e12  # of any figure
_LAST_MOMENT = 253_402_300_799.0  # seconds since 1970: the end of the year 9999, beyond which no date can be written
_MOMENTS = ("started", "ended", "at")
_EMPTY = {"TEXT": "''", "REAL": "0.0", "INTEGER": "0"}


@contextmanager
def reading_sound(state: Path, *tables: str) -> Iterator[sqlite3.Connection]:
    """Open the ledger in the folder *state* to read one state of its *tables*. The file is there. Raises StateError."""
    with reading(state / LEDGER_FILE, make_ready) as database:
        database.text_factory = _text
        _replace_damaged(state, database, dict.fromkeys(tables))
        yield database


def sound_sums(state: Path, said: str, values: Sequence[object]) -> list[sqlite3.Row]:
    """Return the rows that *said* gives with *values*. The file is there. Raises StateError.

    Of its tables only the columns that it reads are looked through: an index may hold all of them.
    """
    with reading(state / LEDGER_FILE, make_ready) as database, closing(database.cursor()) as cursor:
        database.text_factory, cursor.row_factory = _text, sqlite3.Row
        _replace_damaged(state, database, _columns_read(database, said, values))
        return cursor.execute(said, values).fetchall()


def sound_rows(state: Path, table: str, said: str, values: Sequence[object]) -> list[sqlite3.Row] | None:
    """Return the rows of *table* that *said* gives with *values*; None where one of them is damaged. Raises StateError.

    Only they are looked through: a ledger has 100,000 runs, and most commands tell some of them.
    """
    with reading(state / LEDGER_FILE, make_ready) as database, closing(database.cursor()) as cursor:
        database.text_factory, cursor.row_factory = _text, sqlite3.Row
        rows = cursor.execute(said, values).fetchall()
        given = rows[0].keys() if rows else ()
        rules = [f"(NOT ({rule}))" for name, rule, _ in _rules(database, table) if name in given]
        if rules and database.execute(f"SELECT total({' + '.join(rules)}) FROM ({said})", values).fetchone()[0]:  # noqa: S608
            return None
        return rows


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _columns_read(database: sqlite3.Connection, said: str, values: Sequence[object]) -> Mapping[str, set[str]]:
    """Return the columns that *said* reads, by their tables, as SQLite tells them to whoever may forbid it."""
    found: dict[str, set[str]] = {}

    def allowed(action: int, table: str | None, column: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_READ and table in TABLES:
            found.setdefault(table, set()).add(str(column))
        return sqlite3.SQLITE_OK

    database.set_authorizer(allowed)
    try:
        database.execute(f"EXPLAIN {said}", values).close()
    finally:
        database.set_authorizer(None)
    return found


def _replace_damaged(state: Path, database: sqlite3.Connection, read: Mapping[str, Collection[str] | None]) -> None:
    """Put copies in the place of damaged tables, and tell it. Only columns that are *read* count (None: all do)."""
    if not [table for table, columns in read.items() if _replaced(database, table, columns)]:
        return
    found = sum(_damaged(database, table) for table in TABLES)  # of all, so that each reader tells the same
    cells = "1 value that is" if found == 1 else f"{found:,} values that are"
    tell_line(
        f"{state / LEDGER_FILE} has {cells} not of the kind of the column; another program wrote there. None counts"
    )


def _damaged(database: sqlite3.Connection, table: str) -> int:
    """Return how many cells of *table* are of another kind than their column."""
    damaged = " + ".join(f"(NOT ({rule}))" for _, rule, _ in _rules(database, table))
    return int(database.execute(f"SELECT total({damaged}) FROM main.{table}").fetchone()[0])  # noqa: S608 - ours


def _replaced(database: sqlite3.Connection, table: str, columns: Collection[str] | None) -> bool:
    """Tell whether *table* is damaged in *columns* (None: any). Then its name is that of a sound copy."""
    sound = [f"({rule})" for name, rule, _ in _rules(database, table) if columns is None or name in columns]
    one = f"SELECT 1 FROM main.{table} WHERE NOT ({' AND '.join(sound)}) LIMIT 1"  # noqa: S608 - ours
    if not sound or database.execute(one).fetchone() is None:
        return False
    database.execute("PRAGMA temp_store = MEMORY")
    whole = ", ".join(f"iif({rule}, {name}, {empty}) AS {name}" for name, rule, empty in _rules(database, table))
    database.execute(f"CREATE TEMP TABLE {table} AS SELECT {whole} FROM main.{table}")  # noqa: S608 - ours
    said = "SELECT sql FROM main.sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
    for (index,) in database.execute(said, (table,)).fetchall():  # which statements name
        database.execute(str(index).replace("CREATE INDEX ", "CREATE INDEX temp.", 1))
    return True


def _rules(database: sqlite3.Connection, table: str) -> list[tuple[str, str, str]]:
    """Return three texts for each column of *table*: its name, a condition in SQL, and an SQL value.

    The condition tells whether a cell is sound. The value stands for a cell that is not.
    """
    return [(name, _rule(name, kind, filled), _empty(kind, filled)) for name, kind, filled in _columns(database, table)]


def _columns(database: sqlite3.Connection, table: str) -> Iterator[tuple[str, str, bool]]:
    """Yield name and kind of each column of *table*, and whether it is always filled."""
    for _, name, kind, filled, _, key in database.execute(f"PRAGMA main.table_info({table})").fetchall():
        yield str(name), str(kind), bool(filled or key)


def _rule(name: str, kind: str, filled: bool) -> str:
    """Return the condition under which a cell of the column *name* is sound."""
    low, high = (0.0, _LAST_MOMENT) if name in _MOMENTS else (-_MOST, _MOST)
    if kind == "INTEGER":  # SQLite compares numbers of one kind faster
        low, high = int(low), int(high)
    number = f"{name} BETWEEN {low} AND {high}"
    rule = {
        "TEXT": f"typeof({name}) = 'text'",
        "INTEGER": f"typeof({name}) = 'integer' AND {number}",
        "REAL": f"ifnull({number}, 0)",  # texts and bytes are above any number; to ask for their kind takes longer
    }.get(kind, f"typeof({name}) = 'blob'")
    return rule if filled else f"{name} IS NULL OR {rule}"


def _empty(kind: str, filled: bool) -> str:
    return _EMPTY.get(kind, "NULL") if filled else "NULL"
