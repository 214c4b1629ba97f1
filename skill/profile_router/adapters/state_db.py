"""Open a small database of our own state: its owner's only, safe between processes, set aside where broken."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from profile_router.adapters.state_dir import VARIABLE, private_folder
from profile_router.errors import StateError

BUSY_S = 10.0
_told: list[str] = []
_BROKEN = ("malformed", "not a database", "encrypted", "corrupt")


@contextmanager
def transaction(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """Open *path*, made by *schema* where it is new, for one write transaction that ends with the block.

    Other processes wait for up to BUSY_S seconds. A damaged file is renamed and begun anew, and `told`. Raises
    StateError where the folder cannot be used, the disk is full, or another process holds the file for longer.
    """
    try:
        connection = _opened(path, schema)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise StateError(
            f"{path} cannot be used ({error}); make room there, or name another folder: {VARIABLE}=DIR"
        ) from None


def told() -> tuple[str, ...]:
    """Return a line for each file that `transaction` has set aside in this process."""
    return tuple(_told)


def _opened(path: Path, schema: str) -> sqlite3.Connection:
    why = "is no file"
    if path.is_file() or not path.exists():
        try:
            return _connected(path, schema)
        except sqlite3.DatabaseError as error:
            if not any(word in str(error) for word in _BROKEN):
                raise
            why = f"is damaged ({error})"
    aside = set_aside(path)
    _told.append(f"{path} {why}: it is set aside as {aside.name}, and what was in it does not count any more")
    return _connected(path, schema)


def set_aside(path: Path) -> Path:
    """Rename the damaged *path* and what belongs to it, so that nothing is lost; return the new name."""
    aside = path.with_name(f"{path.name}.broken-{time.time_ns()}")
    path.rename(aside)
    for beside in ("-wal", "-shm", "-journal"):  # what was not yet in the file itself
        with suppress(FileNotFoundError):
            path.with_name(path.name + beside).rename(aside.with_name(aside.name + beside))
    return aside


def _connected(path: Path, schema: str) -> sqlite3.Connection:
    private_folder(path.parent)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        for statement in schema.split(";"):
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection
