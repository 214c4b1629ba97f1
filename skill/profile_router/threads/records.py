"""What a run has already paid for or done, kept one by one: once killed, it does nothing twice.

A record is written before the run goes on. A model's answer is kept before anything is made of it, a tool's result
before the model sees it. What an edit is going to write is kept before it writes.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from profile_router.core.telling.ways_out import go_on
from profile_router.errors import StateError
from profile_router.state.database import BUSY_S
from profile_router.values import frozen

if TYPE_CHECKING:
    from langgraph.checkpoint.serde.base import SerializerProtocol as Serializer


class Records(Protocol):
    """The records of one run. Names are ours; values are what the serializer takes."""

    def find(self, name: str) -> Any:
        """Return the value of the record *name* or None."""
        ...

    def keep(self, name: str, value: Any) -> None:
        """Write the record *name*, in place of one of that name. Raises StateError where it cannot be written."""
        ...

    def names(self, start: str) -> list[str]:
        """Return the names that begin with *start*."""
        ...

    def forget(self, start: str) -> None:
        """Delete the records whose names begin with *start*."""
        ...


@frozen(kw_only=False)
class MemoryRecords:
    """Records that end with the process."""

    _values: dict[str, Any] = field(default_factory=dict)

    def find(self, name: str) -> Any:
        """Return the value of the record *name* or None."""
        return self._values.get(name)

    def keep(self, name: str, value: Any) -> None:
        """Write the record *name*."""
        self._values[name] = value

    def names(self, start: str) -> list[str]:
        """Return the names that begin with *start*."""
        return [name for name in self._values if name.startswith(start)]

    def forget(self, start: str) -> None:
        """Delete the records whose names begin with *start*."""
        for name in self.names(start):
            del self._values[name]


@frozen(kw_only=False)
class Scoped:
    """The part of *inner* whose names begin with *start*."""

    inner: Records
    start: str

    def find(self, name: str) -> Any:
        """Return the value of the record *name* or None."""
        return self.inner.find(self.start + name)

    def keep(self, name: str, value: Any) -> None:
        """Write the record *name*."""
        self.inner.keep(self.start + name, value)

    def names(self, start: str) -> list[str]:
        """Return the names that begin with *start*."""
        return [name.removeprefix(self.start) for name in self.inner.names(self.start + start)]

    def forget(self, start: str) -> None:
        """Delete the records whose names begin with *start*."""
        self.inner.forget(self.start + start)


@frozen(kw_only=False)
class AfterAttempts:
    """What was seen after the attempts so far, in *inner* (None: nowhere): until there is another, no more is seen."""

    inner: Records | None

    def find(self, what: str) -> Any:
        """Return what was kept of *what* since the last attempt, or None."""
        return self.inner.find(self._name(self.inner, what)) if self.inner else None

    def keep(self, what: str, value: Any) -> None:
        """Write the record of *what*."""
        if self.inner:
            self.inner.keep(self._name(self.inner, what), value)

    def _name(self, records: Records, what: str) -> str:
        return f"{what} after {len(records.names('attempt '))}"


class StoredRecords:
    """Records of the run *run* on *thread* in the database at *path*. Tools write from threads of their own."""

    def __init__(self, path: Path, thread: str, run: str, serializer: Serializer, clock: Callable[[], float]) -> None:
        self._path = path
        self._of = (thread, run)
        self._serializer = serializer
        self._clock = clock
        self._one = threading.Lock()
        self._database = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA secure_delete = ON")

    def find(self, name: str) -> Any:
        """Return the value of the record *name* or None."""
        row = self._done("SELECT type, value FROM records WHERE thread = ? AND run = ? AND name = ?", name)
        return self._serializer.loads_typed(row[0]) if row else None

    def keep(self, name: str, value: Any) -> None:
        """Write the record *name*, and what the run's clock says. Raises StateError."""
        kind, data = self._serializer.dumps_typed(value)
        try:
            with self._one, self._database as database:  # leaving it commits, or takes it back
                database.execute("BEGIN IMMEDIATE")
                database.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?)", (*self._of, name, kind, data))
                clock = (self._clock(), *self._of)
                database.execute("UPDATE runs SET clock = ? WHERE thread = ? AND run = ?", clock)
        except sqlite3.Error as error:
            raise StateError(unsaved(self._path, error, self._of[0])) from None

    def names(self, start: str) -> list[str]:
        """Return the names that begin with *start*."""
        rows = self._done("SELECT name FROM records WHERE thread = ? AND run = ? AND instr(name, ?) = 1", start)
        return [str(name) for (name,) in rows]

    def forget(self, start: str) -> None:
        """Delete the records whose names begin with *start*."""
        self._done("DELETE FROM records WHERE thread = ? AND run = ? AND instr(name, ?) = 1", start)

    def of_run(self, thread: str, run: str) -> StoredRecords:
        """Return the records of another run in the same database, to be read and closed."""
        return StoredRecords(self._path, thread, run, self._serializer, self._clock)

    def close(self) -> None:
        """Close the database."""
        with self._one:
            self._database.close()

    def _done(self, statement: str, *values: Any) -> list[Any]:
        try:
            with self._one:
                return self._database.execute(statement, (*self._of, *values)).fetchall()
        except sqlite3.Error as error:
            raise StateError(unsaved(self._path, error, self._of[0])) from None


def unsaved(path: Path, error: Exception, thread: str) -> str:
    """Return the line for a run that cannot be kept any more."""
    return (
        f"{path} cannot be written ({error}), so the run was ended before it did what could not be remembered; "
        f"make room there; {go_on(thread)}"
    )


class Before(MutableMapping[str, bytes | None]):
    """What files held before the run wrote them, by path (None: absent), as records."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def __getitem__(self, path: str) -> bytes | None:
        found = self._records.find(f"before {path}")
        if found is None:
            raise KeyError(path)
        content: bytes | None = found[0]
        return content

    def __setitem__(self, path: str, content: bytes | None) -> None:
        self._records.keep(f"before {path}", (content,))

    def __delitem__(self, path: str) -> None:
        self._records.forget(f"before {path}")

    def __iter__(self) -> Iterator[str]:
        return (name.removeprefix("before ") for name in self._records.names("before "))

    def __len__(self) -> int:
        return len(self._records.names("before "))
