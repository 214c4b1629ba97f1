"""What the index holds of a tree of files as it was last seen: the mark of each file, and what is known of its blob."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import field
from typing import NamedTuple

from profile_router.core.locating.rankable import Sort
from profile_router.values import frozen

_MOST_TREES = 8


class SeenFile(NamedTuple):
    """A file that ranks as it was last seen, with what is known of its blob: see `BlobRow`."""

    sort: Sort
    mark: str
    blob: int
    lines: int
    defined: int
    identifiers: int
    parts: int


@frozen(kw_only=False)
class SeenTree:
    """The files of a tree as it was last seen: those that rank, and the paths of all others."""

    files: Mapping[str, SeenFile] = field(default_factory=dict)
    others: Collection[str] = frozenset()


def seen_tree(connection: sqlite3.Connection, name: str) -> SeenTree:
    """Return the tree called *name* as it was last seen; empty: never, or what is kept is damaged."""
    row = connection.execute("SELECT files FROM tree WHERE name = ?", (name,)).fetchone()
    try:
        paths, columns, others = json.loads(row[0]) if row else ([], [[]] * len(SeenFile._fields), [])
        return SeenTree(
            dict(zip(paths, map(SeenFile._make, zip(*columns, strict=True)), strict=True)), frozenset(others)
        )
    except (ValueError, TypeError, KeyError, IndexError):
        return SeenTree()


def keep_tree(connection: sqlite3.Connection, name: str, tree: SeenTree, now: int) -> None:
    """Keep *tree* as the one called *name*, and no more than the newest few."""
    columns = [list(column) for column in zip(*tree.files.values(), strict=True)] or [[]] * len(SeenFile._fields)
    text = json.dumps([list(tree.files), columns, sorted(tree.others)], separators=(",", ":"))
    connection.execute("INSERT OR REPLACE INTO tree VALUES (?, ?, ?)", (name, now, text))
    connection.execute(
        "DELETE FROM tree WHERE name NOT IN (SELECT name FROM tree ORDER BY seen DESC LIMIT ?)", (_MOST_TREES,)
    )
