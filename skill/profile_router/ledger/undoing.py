"""What takes a run back, in the ledger: encrypted, and gone with its run."""

from __future__ import annotations

import os
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from profile_router.core.ladder.account import RunRow
from profile_router.core.ladder.run_kinds import UNFINISHED
from profile_router.git.undo import Undo
from profile_router.git.writes import Found
from profile_router.ledger.schema import LEDGER_FILE, day_of, make_ready
from profile_router.ledger.words import Seal
from profile_router.state.database import reading, transaction

_ENCODING = "surrogateescape"  # names need not be UTF-8
_OF = "undo"


def put_undo(database: sqlite3.Connection, run: str, undo: Undo, seal: Seal) -> None:
    """Keep what takes *run* back, in the transaction of *database*. Without a key of the user's nothing is kept."""
    words = {
        "before": [[_name(path), _found_as_json(found)] for path, found in undo.before.items()],
        "after": [[_name(path), known] for path, known in undo.after.items()],
        "left": [_name(path) for path in undo.left],
        "why": undo.why,
        "anyones": undo.anyones,
        "during": [_name(path) for path in undo.during],
        "unsure": [_name(path) for path in undo.unsure],
    }
    if (sealed := seal.sealed(words, f"{run} {_OF}")) is not None:
        database.execute("INSERT OR REPLACE INTO undoing VALUES (?, ?)", (run, sealed))


def undo_of_run(state: Path, run: str, seal: Seal) -> Undo | None:
    """Return what takes *run* back, None where nothing is kept. Raises StateError."""
    with reading(state / LEDGER_FILE, make_ready) as database:
        row = database.execute("SELECT words FROM undoing WHERE run = ?", (run,)).fetchone()
    said = seal.opened(row[0], f"{run} {_OF}") if row else None
    return None if said is None else _undo(said)


def _undo(said: Mapping[str, Any]) -> Undo:
    return Undo(
        before={_path(name): _found(told) for name, told in said["before"]},
        after={_path(name): str(known) for name, known in said["after"]},
        left=tuple(_path(name) for name in said["left"]),
        why=str(said["why"]),
        anyones=bool(said.get("anyones", True)),
        during=tuple(_path(name) for name in said.get("during", ())),
        unsure=tuple(_path(name) for name in said.get("unsure", ())),
    )


def written_since(state: Path, thread: str, since: float, seal: Seal) -> Iterator[tuple[str, str, Undo]]:
    """Yield what takes back each run of another thread than *thread* that ended *since*, in s since 1970.

    Before it stand its thread and its folder. Raises StateError.
    """
    if not (state / LEDGER_FILE).exists():
        return
    asked = "kind = 'run' AND ended >= ? AND thread <> ?"
    with reading(state / LEDGER_FILE, make_ready) as database:
        found = database.execute(
            f"SELECT id, thread, workspace, words FROM runs JOIN undoing ON run = id WHERE {asked}",  # noqa: S608
            (since, thread),
        ).fetchall()
    for run, its, workspace, words in found:
        if (said := seal.opened(words, f"{run} {_OF}")) is not None:
            yield str(its), str(workspace), _undo(said)


def begin_undo(state: Path, run: RunRow, undo: Undo, seal: Seal, *, now: float) -> str:
    """Note that *run* is about to be taken back, and *undo*, which takes that back; return the id of the row.

    After a crash in the middle the row is unfinished, and its content tells what was there. Raises StateError.
    """
    name = os.urandom(8).hex()
    row = (name, "undo", now, day_of(now), UNFINISHED, run.id, run.thread, run.workspace)
    with transaction(state / LEDGER_FILE, make_ready) as database:
        columns = "id, kind, started, day, verdict, rule, thread, workspace"
        database.execute(f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
        put_undo(database, name, undo, seal)
    return name


def end_undo(state: Path, name: str, *, now: float, done: bool) -> None:
    """Note that the undo *name* is *done*, or came to nothing. Raises StateError."""
    with transaction(state / LEDGER_FILE, make_ready) as database:
        said = ("undone" if done else "error", now, name)
        database.execute("UPDATE runs SET verdict = ?, ended = ? WHERE id = ?", said)


def _name(path: str) -> str:
    return b64encode(path.encode("utf-8", _ENCODING)).decode()


def _path(name: str) -> str:
    return b64decode(name).decode("utf-8", _ENCODING)


def _found_as_json(found: Found | None) -> list[Any] | None:
    return None if found is None else [b64encode(found.content).decode(), found.mode, found.link]


def _found(told: list[Any] | None) -> Found | None:
    return None if told is None else Found(b64decode(told[0]), int(told[1]), bool(told[2]))
