"""Open a small database of our state: private to its owner, safe between processes, set aside if damaged."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from profile_router.errors import DamagedError, StateError
from profile_router.state.folder import STATE_VARIABLE, private_folder, unusable

BUSY_S = 60.0  # SQLite keeps no queue: of 200 that write at once, the unlucky ones wait longer than the usual 10 s
Schema = str | Callable[[sqlite3.Connection], None]  # statements, or what brings an open database up to date
_told: list[str] = []
_BROKEN = ("malformed", "not a database", "encrypted", "corrupt")


@contextmanager
def transaction(path: Path, schema: Schema) -> Iterator[sqlite3.Connection]:
    """Open *path* for one write transaction that ends with the block; *schema* makes a new file, or brings an old one
    up to date. Other processes wait for up to BUSY_S seconds. A damaged file is renamed, replaced by a new one, and
    reported by `damage_lines`. Raises StateError if the folder cannot be used, the disk is full, or another process
    holds the file for longer; DamagedError if a part that the block uses is damaged.
    """
    try:
        connection = _opened(path, schema)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            _commit(connection)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        said = unusable(path, error)
        raise (DamagedError if _is_damage(error) else StateError)(said) from None


def _commit(connection: sqlite3.Connection) -> None:
    connection.execute("COMMIT")


@contextmanager
def reading(path: Path, schema: Schema) -> Iterator[sqlite3.Connection]:
    """Open *path* to read one state of it, which writers go on from meanwhile. Else as `transaction`."""
    try:
        connection = _opened(path, schema)
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        said = f"{path} cannot be read ({error}); name another folder with {STATE_VARIABLE}=DIR"
        raise (DamagedError if _is_damage(error) else StateError)(said) from None


def _is_damage(error: Exception) -> bool:
    return isinstance(error, sqlite3.DatabaseError) and any(word in str(error) for word in _BROKEN)


@contextmanager
def erasing(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the database at *path* so that its bytes hold nothing that the block deletes. Raises StateError."""
    try:
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        try:
            connection.execute("PRAGMA secure_delete = ON")
            yield connection
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StateError(f"{path} cannot be written ({error}); make room there, and try again") from None


def compact(path: Path) -> None:
    """Rewrite the database at *path*, so that its bytes hold nothing deleted. Raises StateError."""
    with erasing(path) as database:
        database.execute("VACUUM")


def refuse_newer(connection: sqlite3.Connection, found: int, known: int) -> None:
    """Raise StateError where the version *found* in the file behind *connection* is newer than the one *known*."""
    if found > known:
        place = connection.execute("PRAGMA database_list").fetchone()[2]
        raise StateError(
            f"{place} was written by a newer profile-router (version {found}, this one knows {known}); "
            f"bring profile-router up to date, or name another folder: {STATE_VARIABLE}=DIR"
        )


def damage_lines() -> tuple[str, ...]:
    """Return a line for each file that was set aside in this process, or is damaged in a part."""
    return tuple(_told)


def tell_line(line: str) -> None:
    """Have `damage_lines` return *line*, once."""
    if line not in _told:
        _told.append(line)


def make_private(path: Path) -> None:
    """Make the file *path*, private to its owner, if it does not exist. Raises OSError.

    An existing file is not opened: to close it would drop SQLite's locks on it in this process. (See
    sqlite.org/howtocorrupt.html, 2.2.) Another process would then treat its write-ahead log as left behind.
    """
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


class _Damaged(Exception):
    """The file is not a database. The message says why."""


def _opened(path: Path, schema: Schema) -> sqlite3.Connection:
    with suppress(_Damaged):
        return _sound(path, schema)
    with _alone(path.parent):
        try:
            return _sound(path, schema)  # another process was first and has made a new one
        except _Damaged as why:
            aside = set_aside(path)
            _told.append(f"{path} {why}: it is set aside as {aside.name}; its content no longer counts")
        return _connected(path, schema)


def _sound(path: Path, schema: Schema) -> sqlite3.Connection:
    with suppress(FileNotFoundError):  # one look: another process may be about to make it
        if not stat.S_ISREG(path.stat().st_mode):
            raise _Damaged("is not a file")
    try:
        return _connected(path, schema)
    except sqlite3.DatabaseError as error:
        if not _is_damage(error):
            raise
        raise _Damaged(f"is damaged ({error})") from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of *folder*, used only to set files aside."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def set_aside(path: Path) -> Path:
    """Rename the damaged *path* and its companion files, so that nothing is lost; return the new name."""
    aside = path.with_name(f"{path.name}.broken-{time.time_ns()}")
    for beside in ("-wal", "-shm", "-journal"):  # content that was not in the file itself yet
        with suppress(FileNotFoundError):
            path.with_name(path.name + beside).rename(aside.with_name(aside.name + beside))
    path.rename(aside)  # last: from here on, another process may have made a new one, with its own journal
    return aside


def _connected(path: Path, schema: Schema) -> sqlite3.Connection:
    private_folder(path.parent)
    make_private(path)
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        if callable(schema):
            schema(connection)
        for statement in schema.split(";") if isinstance(schema, str) else ():
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection
