"""The index on disk: which blobs and paths have which terms. A database a repository, in our cache, closed to others.

Blobs are found by their content, so that a change of branch or a new copy reads nothing twice. Paths are indexed for
themselves, as a file may be moved. Terms are numbers (`core.locating.terms`): the file holds no text but paths.
Postings are written in parts, one for each visit that added something; the small ones of many are brought together
where there is time for it. A damaged file is set aside and made anew, as all our databases.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate, compress, repeat
from operator import rshift
from pathlib import Path
from typing import NamedTuple

from profile_router.core.locating.file_terms import FileTerms
from profile_router.core.locating.path_terms import path_terms
from profile_router.core.locating.rank import MOST_TIMES, NOWHERE, Posting
from profile_router.core.locating.rankable import Sort
from profile_router.core.locating.terms import number_of
from profile_router.errors import StateError
from profile_router.repository.seen_tree import NO_TEXT
from profile_router.state.database import reading, transaction
from profile_router.state.folder import private_folder, usable
from profile_router.values import frozen

INDEX_VERSION = 3
_TIMES_BITS = MOST_TIMES.bit_length()
_LOWEST = slice(0 if sys.byteorder == "little" else array("I").itemsize - 1, None, array("I").itemsize)
_TIMES = bytes(byte & MOST_TIMES for byte in range(256))  # of the lowest byte of a packed value
VALUES_AT_ONCE = 900  # of one statement: SQLite takes 999
_SMALL_PARTS, _SMALL = 24, 40_000  # so many parts of fewer rows are brought together
_ROWS_A_SECOND = 200_000  # of them that are brought together
_TABLES = """
CREATE TABLE IF NOT EXISTS blob (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, lines INTEGER NOT NULL,
                                 defined INTEGER NOT NULL, identifiers INTEGER NOT NULL, parts INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS posting (term INTEGER NOT NULL, part INTEGER NOT NULL, blobs BLOB NOT NULL,
                                    PRIMARY KEY (term, part)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS part (id INTEGER PRIMARY KEY, size INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS path (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS tree (name TEXT PRIMARY KEY, seen INTEGER NOT NULL, digest BLOB NOT NULL,
                                 paths BLOB NOT NULL, others BLOB NOT NULL, sorts BLOB NOT NULL, columns BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS past (name BLOB PRIMARY KEY, at INTEGER NOT NULL, title BLOB NOT NULL,
                                 lines INTEGER NOT NULL, files TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chain (head TEXT PRIMARY KEY, seen INTEGER NOT NULL, commits BLOB NOT NULL,
                                  packed BLOB NOT NULL, touched TEXT NOT NULL) WITHOUT ROWID
"""


class BlobRow(NamedTuple):
    """What the index knows of a blob: its number, lines, and how many definitions, identifiers and parts it has.

    `lines` below 0: a program wrote it, or it is not a text, so it does not rank.
    """

    id: int
    lines: int
    defined: int
    identifiers: int
    parts: int


def _ours_alone(folder: Path) -> None:
    """Raise StateError where *folder* is a link, another user's, or open to others."""
    with usable(folder):
        about = private_folder(folder).lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o077:
        raise StateError(f"{folder} is open to others, so no index is kept there; close it: chmod 700 '{folder}'")


def _made(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] == INDEX_VERSION:
        return
    connection.execute("PRAGMA journal_mode = WAL")
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {INDEX_VERSION}")


@frozen(kw_only=False)
class BlobIndex:
    """The index in the file `path`. All methods raise StateError where it cannot be used."""

    path: Path

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Open it to read one state of it."""
        _ours_alone(self.path.parent)
        with reading(self.path, _made) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Open it for one write. What a loss of power takes is found out again, so nothing waits for the disk."""
        with transaction(self.path, _made_to_write) as connection:
            yield connection

    def remove(self) -> None:
        """Remove it, so that it is made anew. Who has it open goes on with what was removed."""
        with usable(self.path):
            for ending in ("-wal", "-shm", ""):  # the file itself last, as `state.database.set_aside` does
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)


def _made_to_write(connection: sqlite3.Connection) -> None:
    _made(connection)
    connection.execute("PRAGMA synchronous = OFF")


def blobs_of(connection: sqlite3.Connection, names: Iterable[bytes]) -> dict[bytes, BlobRow]:
    """Return what is known of those blobs that have one of *names*."""
    wanted = list(names)
    found: dict[bytes, BlobRow] = {}
    for at in range(0, len(wanted), VALUES_AT_ONCE):
        some = wanted[at : at + VALUES_AT_ONCE]
        slots = ",".join("?" * len(some))
        statement = f"SELECT name, id, lines, defined, identifiers, parts FROM blob WHERE name IN ({slots})"  # noqa: S608
        found.update((row[0], BlobRow(*row[1:])) for row in connection.execute(statement, some))
    return found


def blobs_in(connection: sqlite3.Connection) -> int:
    """Return how many blobs the index holds, those that no tree has any more among them."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM blob").fetchone()[0])


def ids_of(connection: sqlite3.Connection, paths: Iterable[str]) -> dict[str, int]:
    """Return the numbers of those *paths* that the index knows."""
    wanted = {path.encode("utf-8", "surrogateescape"): path for path in paths}
    found: dict[str, int] = {}
    names = list(wanted)
    for at in range(0, len(names), VALUES_AT_ONCE):
        some = names[at : at + VALUES_AT_ONCE]
        statement = f"SELECT name, id FROM path WHERE name IN ({','.join('?' * len(some))})"  # noqa: S608 - only slots
        found.update((wanted[name], number) for name, number in connection.execute(statement, some))
    return found


def add_files(
    connection: sqlite3.Connection, contents: Sequence[tuple[bytes, FileTerms | None]], paths: Mapping[str, Sort]
) -> tuple[dict[bytes, BlobRow], dict[str, int]]:
    """Add blobs by their *contents* (None: it does not rank) and *paths* as one part.

    Return what was not known of these blobs, and the numbers of all *paths*. Another process may have added some
    meanwhile: those are left as they are.
    """
    postings: defaultdict[int, array[int]] = defaultdict(lambda: array("I"))
    rows = _add_blobs(connection, contents, postings)
    ids = ids_of(connection, paths)
    after = connection.execute("SELECT coalesce(max(id), 0) FROM path").fetchone()[0]
    new = {path: number for number, path in enumerate((path for path in paths if path not in ids), after + 1)}
    for path, number in new.items():
        for term, times in path_terms(path, paths[path]):
            postings[term].append(number << _TIMES_BITS | times)
    named = ((number, path.encode("utf-8", "surrogateescape")) for path, number in new.items())
    connection.executemany("INSERT INTO path VALUES (?, ?)", named)
    if postings:
        part = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM part").fetchone()[0]
        _write_part(connection, part, postings)
    return rows, ids | new


def _add_blobs(
    connection: sqlite3.Connection,
    contents: Sequence[tuple[bytes, FileTerms | None]],
    postings: defaultdict[int, array[int]],
) -> dict[bytes, BlobRow]:
    rows: dict[bytes, BlobRow] = {}
    found = [each for each in dict(contents).items() if not _has(connection, each[0])]
    after = connection.execute("SELECT coalesce(max(id), 0) FROM blob").fetchone()[0]
    for number, (name, terms) in enumerate(found, after + 1):
        if terms is None:
            rows[name] = BlobRow(number, NO_TEXT, 0, 0, 0)
            continue
        words, parts = sum(terms.identifiers.values()), sum(terms.parts.values())
        rows[name] = BlobRow(number, terms.lines, len(terms.definitions), words, parts)
        shifted = number << _TIMES_BITS
        for term in terms.definitions:
            postings[number_of("definition", term)].append(shifted | 1)
        for counted in (terms.identifiers, terms.parts):
            for one, times in counted.items():
                postings[one].append(shifted | (times if times < MOST_TIMES else MOST_TIMES))
    connection.executemany(
        "INSERT INTO blob VALUES (?, ?, ?, ?, ?, ?)",
        ((row.id, name, row.lines, row.defined, row.identifiers, row.parts) for name, row in rows.items()),
    )
    return rows


def _has(connection: sqlite3.Connection, name: bytes) -> bool:
    return connection.execute("SELECT 1 FROM blob WHERE name = ?", (name,)).fetchone() is not None


def _write_part(connection: sqlite3.Connection, part: int, postings: Mapping[int, array[int]]) -> None:
    connection.execute("INSERT INTO part VALUES (?, ?)", (part, len(postings)))
    terms = sorted(postings)
    rows = zip(terms, repeat(part), map(postings.__getitem__, terms))
    connection.executemany("INSERT INTO posting VALUES (?, ?, ?)", rows)


def bring_together(connection: sqlite3.Connection, seconds: float | None = None) -> None:
    """Make one part of the small ones, where there are many. Each part costs one more look for each term.

    Where *seconds* are not enough for all, only the smallest become one.
    """
    sizes = connection.execute("SELECT id, size FROM part WHERE size < ? ORDER BY size", (_SMALL,)).fetchall()
    small = [part for part, _ in sizes]
    if len(small) < _SMALL_PARTS:
        return
    if seconds is not None:
        ends = accumulate(size for _, size in sizes)
        small = [part for part, end in zip(small, ends, strict=True) if end <= seconds * _ROWS_A_SECOND]
    if len(small) < 2:
        return
    slots = ",".join("?" * len(small))
    postings: dict[int, array[int]] = {}
    chosen = f"SELECT term, blobs FROM posting WHERE part IN ({slots}) ORDER BY term, part"  # noqa: S608 - only slots
    for term, blobs in connection.execute(chosen, small):
        postings.setdefault(term, array("I")).frombytes(blobs)
    connection.execute(f"DELETE FROM posting WHERE part IN ({slots})", small)  # noqa: S608
    connection.execute(f"DELETE FROM part WHERE id IN ({slots})", small)  # noqa: S608
    part = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM part").fetchone()[0]
    _write_part(connection, part, postings)


def postings_of(connection: sqlite3.Connection, terms: Iterable[int]) -> dict[int, array[int]]:
    """Return the blobs (paths) of each known term of *terms*, and how often it stands there: see `PlacesInTree`."""
    wanted = list(dict.fromkeys(terms))
    found: dict[int, array[int]] = {}
    for at in range(0, len(wanted), VALUES_AT_ONCE):
        some = wanted[at : at + VALUES_AT_ONCE]
        slots = ",".join("?" * len(some))
        statement = f"SELECT term, blobs FROM posting WHERE term IN ({slots})"  # noqa: S608 - only slots
        for term, blobs in connection.execute(statement, some):
            found.setdefault(term, array("I")).frombytes(blobs)
    return found


class PlacesInTree:
    """Where each of *numbers*, of blobs or of paths, stands first in a tree: postings go by these places."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._at = [-1] * (max(numbers, default=0) + 1)
        at = self._at
        for place, number in zip(range(len(numbers) - 1, -1, -1), reversed(numbers), strict=True):
            at[number] = place

    @property
    def distinct(self) -> int:
        """Return how many numbers stand in the tree."""
        return len(self._at) - self._at.count(-1)

    def has(self, number: int) -> bool:
        """Tell whether *number* stands in the tree."""
        return number < len(self._at) and self._at[number] >= 0

    def of(self, values: array[int] | tuple[()]) -> Posting:
        """Return the places of what the packed *values* name, and how often a term stands in each.

        What this tree lacks is not looked for.
        """
        if not isinstance(values, array):
            return NOWHERE
        at = self._at
        try:
            places = list(map(at.__getitem__, map(rshift, values, repeat(_TIMES_BITS))))
        except IndexError:  # the index has what came after this tree was seen
            at.extend([-1] * ((max(values) >> _TIMES_BITS) + 1 - len(at)))
            places = [at[value >> _TIMES_BITS] for value in values]
        found = places, values.tobytes()[_LOWEST].translate(_TIMES)
        return only(found, [place >= 0 for place in places]) if -1 in places else found


def only(posting: Posting, wanted: Sequence[bool]) -> Posting:
    """Return those of *posting* whose place in *wanted* is true."""
    if all(wanted):
        return posting
    return list(compress(posting[0], wanted)), list(compress(posting[1], wanted))
