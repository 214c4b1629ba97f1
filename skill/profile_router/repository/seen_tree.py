"""What the index holds of a tree as last seen: each file's stamp, and what is known of its blob.

Each property is a column of numbers, one for each file in order. So a tree that did not change is taken as it is,
without a look at each file.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Collection, Sequence
from dataclasses import field

from profile_router.core.locating.rankable import SORTS
from profile_router.values import frozen

_MOST_TREES = 8
GONE, UNREAD = -1, 0  # stamps: it is listed but not there, or not a plain file; its content may change under its stamp
UNSEEN, NO_TEXT = -2, -1  # lines: it was not looked into yet; a program wrote it, or it is not text
_COLUMNS = (("stamps", "q"), ("ids", "I"), ("blobs", "I"), ("lines", "i"), ("defined", "I"), ("identifiers", "I"),
            ("parts", "I"))  # fmt: skip


@frozen(kw_only=False)
class SeenTree:
    """A tree as it was last seen. `digest` names all its paths; `paths` are those that rank, sorted, `others` the rest.

    The columns: `sorts` are places in SORTS. `stamps` tell a content from any other that a file had. `ids` are those of
    the paths in the index. `blobs` and the columns after it tell what is known of the blobs: see `BlobRow`.
    """

    digest: bytes = b""
    paths: Sequence[str] = ()
    others: Collection[str] = ()
    sorts: bytes = b""
    stamps: array[int] = field(default_factory=lambda: array("q"))
    ids: array[int] = field(default_factory=lambda: array("I"))
    blobs: array[int] = field(default_factory=lambda: array("I"))
    lines: array[int] = field(default_factory=lambda: array("i"))
    defined: array[int] = field(default_factory=lambda: array("I"))
    identifiers: array[int] = field(default_factory=lambda: array("I"))
    parts: array[int] = field(default_factory=lambda: array("I"))

    @property
    def waiting(self) -> int:
        """Return how many files were not looked into yet."""
        return self.lines.count(UNSEEN)

    @property
    def ranking(self) -> int:
        """Return how many of those that were looked into rank."""
        return len(self.lines) - self.lines.count(UNSEEN) - self.lines.count(NO_TEXT)


def empty_tree(digest: bytes, paths: Sequence[str], others: Collection[str], sorts: bytes) -> SeenTree:
    """Return a tree of *paths* in which no file was looked into."""
    tree = SeenTree(digest, paths, others, sorts)
    for name, _ in _COLUMNS:
        getattr(tree, name).extend([UNSEEN if name == "lines" else 0] * len(paths))
    return tree


def seen_tree(connection: sqlite3.Connection, name: str) -> SeenTree:
    """Return the tree called *name* as it was last seen; empty: never, or what is kept is damaged."""
    row = connection.execute(
        "SELECT digest, paths, others, sorts, columns FROM tree WHERE name = ?", (name,)
    ).fetchone()
    try:
        return _unpacked(*row) if row else SeenTree()
    except (ValueError, TypeError, AttributeError):
        return SeenTree()


def _unpacked(digest: bytes, paths: bytes, others: bytes, sorts: bytes, columns: bytes) -> SeenTree:
    """Return the tree that a row holds. Raises ValueError or TypeError where it is damaged."""
    names = _split(paths)
    if max(sorts, default=0) >= len(SORTS) or len(sorts) != len(names):
        raise ValueError("sorts")
    found, at = [], 0
    for _, kind in _COLUMNS:
        column = array(kind)
        end = at + column.itemsize * len(names)
        column.frombytes(columns[at:end])
        if len(column) != len(names):
            raise ValueError("columns")
        found.append(column)
        at = end
    return SeenTree(bytes(digest), names, _split(others), bytes(sorts), *found)


def keep_tree(connection: sqlite3.Connection, name: str, tree: SeenTree, now: int) -> None:
    """Keep *tree* as the one called *name*, and no more than the newest few."""
    columns = b"".join(getattr(tree, column).tobytes() for column, _ in _COLUMNS)
    row = (name, now, tree.digest, _joined(tree.paths), _joined(sorted(tree.others)), tree.sorts, columns)
    connection.execute("INSERT OR REPLACE INTO tree VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    connection.execute(
        "DELETE FROM tree WHERE name NOT IN (SELECT name FROM tree ORDER BY seen DESC LIMIT ?)", (_MOST_TREES,)
    )


def _joined(paths: Collection[str]) -> bytes:
    return "\0".join(paths).encode("utf-8", "surrogateescape")


def _split(joined: bytes) -> list[str]:
    return joined.decode("utf-8", "surrogateescape").split("\0") if joined else []
