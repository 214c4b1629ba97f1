"""The two databases of the threads, and what happens to one that cannot be read.

LangGraph's own holds the checkpoints. It is by itself because its transactions wait for the event loop in their middle.
A writer to the same file from the loop would meanwhile wait for them, and they for it.

What is in it about a thread's content is encrypted. In the clear stand the thread's name, and when, in which process
and in which workspace it ran. So does the size of what is kept.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profile_router.errors import StateError
from profile_router.state.copy_folders import living
from profile_router.state.database import BUSY_S, make_private, refuse_newer, set_aside, transaction
from profile_router.state.folder import STATE_VARIABLE, locked_file, private_folder, usable
from profile_router.values import mutable

if TYPE_CHECKING:
    from langgraph.checkpoint.serde.base import SerializerProtocol as Serializer

THREADS_FILE = "threads.sqlite"
CHECKPOINTS = "checkpoints.sqlite"
THREADS_VERSION = 3
RUNS_FOLDER = "runs"
_TABLES = (
    "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, type TEXT NOT NULL, value BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS runs (thread TEXT PRIMARY KEY, run TEXT NOT NULL, status TEXT NOT NULL, "
    "why TEXT NOT NULL, pid INTEGER NOT NULL, started REAL NOT NULL, updated REAL NOT NULL, clock REAL NOT NULL, "
    "workspace TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS records (thread TEXT NOT NULL, run TEXT NOT NULL, name TEXT NOT NULL, "
    "type TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (thread, run, name))"
)
_OLDER = "was written by an older profile-router"
_ELSEWHERE = f"name another folder: {STATE_VARIABLE}=DIR"
_KEY_CHECK = "the key fits"


@mutable
class ThreadFile:
    """The databases in the state folder *state*. `notices` say what was set aside, and why; `clock` is since 1970."""

    state: Path
    clock: Callable[[], float] = time.time
    notices: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """Return where ours is."""
        return self.state / THREADS_FILE

    @property
    def checkpoints(self) -> Path:
        """Return where LangGraph's is."""
        return self.state / CHECKPOINTS

    def door(self) -> AbstractContextManager[None]:
        """Hold the one lock under which files and locks of threads come and go. Raises StateError."""
        return locked_file(private_folder(self.state) / "threads.lock")

    def open(self) -> AbstractContextManager[sqlite3.Connection]:
        """Open ours for one transaction. Raises StateError."""
        return transaction(self.path, _with_tables)

    def make_ready(self, serializer: Serializer | None) -> None:
        """See to it that they can be used with *serializer*, under the door. Where one cannot, both are set aside.

        Without a serializer, nothing is kept, and only damage and the version count. Raises StateError for the file of
        a newer version, and for an older one while it is worked in.
        """
        for path in (self.path, self.checkpoints):
            reason = _unusable(path, serializer)
            if reason is not None:
                if reason.startswith(_OLDER):
                    self._refuse_at_work(path, reason)
                self._set_aside(path, reason)
        with usable(self.checkpoints):
            make_private(self.checkpoints)
        with self.open() as database:
            if serializer is not None:
                row = serializer.dumps_typed(_KEY_CHECK)
                database.execute("INSERT OR IGNORE INTO about VALUES ('key', ?, ?)", row)

    def _refuse_at_work(self, path: Path, reason: str) -> None:
        """Raise StateError where a thread is worked on: what that run still writes would be lost to it."""
        at_work = [folder.name for folder in (self.state / RUNS_FOLDER).glob("*") if living(folder)]
        if at_work:
            raise StateError(
                f"{path} {reason}, and thread '{at_work[0]}' is being worked on by that; try again when it has ended, "
                f"or {_ELSEWHERE}"
            )

    def _set_aside(self, path: Path, reason: str) -> None:
        """Rename both: what is in the one goes with what is in the other."""
        with usable(path):
            aside = [set_aside(one).name for one in (self.path, self.checkpoints) if os.path.lexists(one)]
        self.notices.append(f"{path} {reason}: the threads are set aside as {' and '.join(aside)}, and begun anew")


def _unusable(path: Path, serializer: Serializer | None) -> str | None:
    if not os.path.lexists(path):
        return None
    if not path.is_file():
        return "is not a file"
    try:
        connection = sqlite3.connect(path, timeout=BUSY_S)
        try:
            return _fault(connection, serializer, ours=path.name == THREADS_FILE)
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        raise StateError(f"{path} cannot be used ({error}); {_ELSEWHERE}") from None
    except sqlite3.DatabaseError as error:
        return f"is damaged ({error})"


def _fault(connection: sqlite3.Connection, serializer: Serializer | None, *, ours: bool) -> str | None:
    (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        return f"is damaged ({' '.join(str(said).split())[:80]})"
    version, is_new = _version(connection)
    if is_new or not ours:
        return None
    refuse_newer(connection, version, THREADS_VERSION)
    if version != THREADS_VERSION:
        return f"{_OLDER} (version {version}, this one has {THREADS_VERSION})"
    row = connection.execute("SELECT type, value FROM about WHERE name = 'key'").fetchone()
    if serializer is not None and row is not None and not _fits(serializer, row):
        return "was written with another key"
    return None


def _version(connection: sqlite3.Connection) -> tuple[int, bool]:
    """Return the version of the file, and whether there is nothing in it yet."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return int(version), tables == 0


def _with_tables(connection: sqlite3.Connection) -> None:
    """Make the tables of a new file. One of another version stays as it is.

    Raises StateError for that: another program has taken the place since this one looked.
    """
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA secure_delete = ON")
    version, is_new = _version(connection)
    if is_new:  # the version first: by that anybody else knows whose tables these are
        connection.execute(f"PRAGMA user_version = {THREADS_VERSION}")
    elif version != THREADS_VERSION:
        refuse_newer(connection, version, THREADS_VERSION)
        raise StateError(f"{THREADS_FILE} {_OLDER} meanwhile (version {version}); try again, or {_ELSEWHERE}")
    for statement in _TABLES.split(";"):
        connection.execute(statement)


def _fits(serializer: Serializer, row: tuple[str, Any]) -> bool:
    try:
        return bool(serializer.loads_typed(row) == _KEY_CHECK)
    except Exception:  # whatever a cipher, or what it leaves to parse, makes of a wrong key
        return False
