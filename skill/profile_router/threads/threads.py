"""The threads: which are running, which were interrupted, what is kept of them, and how long.

A thread that runs holds a lock in its run folder. The kernel lets it go when the process dies, however that happens. A
row says `running` from the beginning of a run to its end: running without a lock was interrupted.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from profile_router.core.days import DAY_S
from profile_router.errors import UsageError
from profile_router.state.copy_folders import (
    CHECKS_FOLDER,
    door,
    held_for,
    hold,
    living,
    place_in,
    remove,
    thread_of,
    tidy_up,
)
from profile_router.state.copy_folders import WORKTREES_FOLDER as COPIES
from profile_router.state.database import compact, erasing
from profile_router.state.folder import private_folder, usable
from profile_router.threads.file import RUNS_FOLDER, ThreadFile
from profile_router.threads.records import MemoryRecords, Records, StoredRecords
from profile_router.values import frozen, mutable

if TYPE_CHECKING:
    from langgraph.checkpoint.serde.base import SerializerProtocol as Serializer

_TOLD = "told"  # the ids of the interrupted runs that a person was told of
_TEXTS = ("texts", "diffs")
_TABLES = {"runs": "thread", "records": "thread", "checkpoints": "thread_id", "writes": "thread_id"}
_LAST = ("result", "finished")  # the records that say how a run ended: whoever waited for it may not have heard
_COLUMNS = "thread, run, status, why, pid, started, updated, clock, workspace"


@frozen
class Row:
    """One thread's last run. Moments are seconds since 1970; `clock` is what the run's own clock said last.

    `why` says why the run could not be resumed; empty where it could.
    """

    thread: str
    run: str
    status: str
    why: str
    pid: int
    started: float
    updated: float
    clock: float
    workspace: str

    @property
    def since(self) -> str:
        """Return when the run began, in words."""
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.started))


@mutable
class Run:
    """A run that holds its thread. `folder` is its own, gone at its end; `clock` goes on where the last process was."""

    thread: str
    id: str
    folder: Path
    records: Records
    clock: Callable[[], float]
    resumed: bool = False
    given_up: Row | None = None
    alive: IO[bytes]


@mutable
class Threads:
    """The threads of a state folder. Without a *serializer* no thread is kept: *why* says the reason."""

    file: ThreadFile
    serializer: Serializer | None
    why: str = ""

    def begin(self, thread: str, workspace: str, why: str = "") -> Run:
        """Begin a run on *thread*. Raises UsageError where another process is at it, StateError.

        *why* says why it could not be resumed, if there is a reason besides that no thread is kept.
        """
        run = secrets.token_hex(8)
        with self.file.door():
            alive = self._hold(thread)
            now = self.file.clock()
            row = (thread, run, "running", self.why or why, os.getpid(), now, now, time.monotonic(), workspace)
            try:
                before = self._row(thread)
                with self.file.open() as database:
                    database.execute("DELETE FROM records WHERE thread = ?", (thread,))
                    database.execute(f"INSERT OR REPLACE INTO runs VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
            except BaseException:
                alive.close()
                raise
        given_up = before if before is not None and before.status == "running" else None
        return replace(self._run(thread, run, alive, time.monotonic), given_up=given_up)

    def take_up(self, row: Row, *, to_go_on: bool = True) -> Run:
        """Take the interrupted run *row*: *to_go_on* with it, as this process' own, or to look at it alone.

        Raises UsageError where another process is at it.
        """
        with self.file.door():
            alive = self._hold(row.thread, fresh=False)
            if to_go_on:
                with self.file.open() as database:
                    database.execute("UPDATE runs SET pid = ? WHERE thread = ?", (os.getpid(), row.thread))
        ahead = time.monotonic() - row.clock
        return replace(self._run(row.thread, row.run, alive, lambda: time.monotonic() - ahead), resumed=True)

    def give_up(self, thread: str, why: str) -> None:
        """Note *why* nobody can go on with the run on *thread*, which is this process' own; empty: it has ended.

        Raises StateError.
        """
        with self.file.door(), self.file.open() as database:
            if why:
                database.execute("UPDATE runs SET why = ? WHERE thread = ?", (why, thread))
            else:
                database.execute("UPDATE runs SET status = 'ended' WHERE thread = ?", (thread,))
                database.execute("DELETE FROM records WHERE thread = ?", (thread,))

    def end(self, run: Run) -> None:
        """Note that *run* has ended: its result stays until the next run, all else is deleted. Raises StateError."""
        with self.file.door():
            with self.file.open() as database:
                database.execute("DELETE FROM records WHERE thread = ? AND name NOT IN (?, ?)", (run.thread, *_LAST))
                now = self.file.clock()
                database.execute("UPDATE runs SET status = 'ended', updated = ? WHERE thread = ?", (now, run.thread))
            shutil.rmtree(run.folder, ignore_errors=True)

    def last(self, row: Row) -> Any:
        """Return the result of the ended run *row* as it was kept, None where it was not. Raises StateError."""
        if self.serializer is None:
            return None
        records = StoredRecords(self.file.path, row.thread, row.run, self.serializer, time.monotonic)
        try:
            found = (records.find(name) for name in reversed(_LAST))
            return next((result for result in found if result is not None), None)
        finally:
            records.close()

    def leave(self, run: Run) -> None:
        """Let the thread of *run* go, ended or not."""
        if isinstance(run.records, StoredRecords):
            run.records.close()
        run.alive.close()

    def rows(self) -> list[Row]:
        """Return the threads, the one that ran last first."""
        if not self.file.path.exists():
            return []
        with self.file.open() as database:
            rows = database.execute(f"SELECT {_COLUMNS} FROM runs ORDER BY updated DESC, thread")  # noqa: S608
            return [_row(values) for values in rows]

    def unfinished(self) -> list[Row]:
        """Return the threads whose run was interrupted and can be resumed."""
        return [row for row in self.left() if not row.why]

    def left(self) -> list[Row]:
        """Return the threads whose run has no end and no process; where one cannot be resumed, its `why` says it."""
        with self.file.door():
            rows = [row for row in self.rows() if row.status == "running"]
            return [row for row in rows if not held_for(self._folder(row.thread), row.pid)]

    def note_told(self, runs: Sequence[str]) -> bool:
        """Note that somebody was told of the interrupted *runs*; tell whether one of them is new."""
        with self.file.door(), self.file.open() as database:
            row = database.execute("SELECT value FROM about WHERE name = ?", (_TOLD,)).fetchone()
            known = row[0].decode().split() if row else []
            database.execute("INSERT OR REPLACE INTO about VALUES (?, 'text', ?)", (_TOLD, " ".join(runs).encode()))
        return not set(runs) <= set(known)

    def purge(self, wanted: Callable[[Row], bool]) -> list[tuple[str, int]]:
        """Remove all that is kept of the threads that are *wanted*, but for living ones; return each with its files."""
        with self.file.door():
            gone = [row for row in self.rows() if wanted(row) and not held_for(self._folder(row.thread), row.pid)]
            if not gone:
                return []
            for path in (self.file.checkpoints, self.file.path):
                _delete(path, [row.thread for row in gone])
            return [(row.thread, self._remove_files(row)) for row in gone]

    def expire(self, keep_days: float) -> list[tuple[str, int]]:
        """Remove what has not been used for *keep_days*."""
        before = self.file.clock() - keep_days * DAY_S
        return self.purge(lambda row: row.updated < before)

    def _run(self, thread: str, run: str, alive: IO[bytes], clock: Callable[[], float]) -> Run:
        records: Records = MemoryRecords()
        if self.serializer is not None:
            records = StoredRecords(self.file.path, thread, run, self.serializer, clock)
        folder = self._folder(thread)
        return Run(thread=thread, id=run, folder=folder, records=records, clock=clock, alive=alive)

    def _row(self, thread: str) -> Row | None:
        return next((row for row in self.rows() if row.thread == thread), None)

    def _folder(self, thread: str) -> Path:
        return self.file.state / RUNS_FOLDER / thread

    def _hold(self, thread: str, *, fresh: bool = True) -> IO[bytes]:
        """Take the lock of *thread*; *fresh*: its run folder is empty then. Under the door."""
        folder = self._folder(thread)
        if living(folder):
            row = self._row(thread)
            if row is None or held_for(folder, row.pid):
                by = f" by process {row.pid} since {row.since}" if row else ""
                raise UsageError(f"thread {thread} is being run{by}; wait for it, or end it")
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        private_folder(folder.parent)
        private_folder(folder)
        with usable(folder):
            return hold(folder)

    def _remove_files(self, row: Row) -> int:
        """Remove the files of a thread, and return how many texts and diffs saved for a person were among them.

        Its files are those, its run folder, and the copy of a work tree that its run was killed in.
        """
        shutil.rmtree(self._folder(row.thread), ignore_errors=True)
        if copy := place_in(self.file.state, row.workspace):
            remove(copy)
        saved = [path for path in _saved(self.file.state) if _thread_of(path) == row.thread]
        for path in saved:
            remove(path)
        return len(saved)

    def sweep(self) -> int:
        """Remove what is left of threads that no row tells of, and return how many files and folders.

        Such are run folders, copies, saved texts and diffs, what checks said, and databases that were set aside. Such
        are also names in the bytes of the databases.
        """
        with self.file.door():
            known = {row.thread for row in self.rows()}
            state = Path(os.path.realpath(self.file.state))
            runs = (path for path in state.glob(f"{RUNS_FOLDER}/*") if path.name not in known)
            left = [path for path in runs if not living(path)]
            left += [path for path in _saved(state) if _thread_of(path) not in known]
            left += [*state.glob("*.sqlite.broken-*"), *state.glob(f"{CHECKS_FOLDER}/*")]
            for path in left:
                remove(path)
            for database in (self.file.checkpoints, self.file.path):
                if database.exists():
                    compact(database)
        return len(left) + self._sweep_copies(state / COPIES, known)

    def _sweep_copies(self, home: Path, known: Collection[str]) -> int:
        """Remove the copies of dead processes whose threads are not *known*; return how many."""
        left: list[Path] = []
        if home.is_dir():
            with door(home):
                tidy_up(home, lambda place: left.append(place) if thread_of(place) not in known else None)
                for place in left:
                    remove(place)
        return len(left)


def _saved(state: Path) -> list[Path]:
    """Return the texts and diffs that were saved for a person, those that a kill left half written too."""
    return [path for folder in _TEXTS for path in (state / folder).glob("*-*")]


def _thread_of(saved: Path) -> str:
    """Return the thread that a text or diff was *saved* of: behind its last dash stands what tells them apart."""
    return saved.name.removeprefix(".").rpartition("-")[0]


def _row(values: tuple[object, ...]) -> Row:
    return Row(**dict(zip(_COLUMNS.split(", "), values, strict=True)))  # type: ignore[arg-type]


def _delete(path: Path, threads: Sequence[str]) -> None:
    """Delete the rows of *threads* in the database at *path*; no deleted page stays behind. Raises StateError."""
    with erasing(path) as database:
        tables = {str(name) for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table, column in _TABLES.items():
            if table in tables:
                wanted = [(thread,) for thread in threads]
                database.executemany(f"DELETE FROM {table} WHERE {column} = ?", wanted)  # noqa: S608
