"""Bring the index up to date for a tree of files, as far as the time allows.

What was read stays in the index for the next call, which goes on where this one stopped.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import field

from profile_router.core.locating.file_terms import FileTerms, terms_of
from profile_router.core.locating.rankable import Sort, is_written_by_program
from profile_router.repository.blob_index import BlobIndex, BlobRow, add_files, blobs_of, bring_together, ids_of
from profile_router.repository.seen_tree import GONE, NO_TEXT, UNREAD, UNSEEN, SeenTree, empty_tree, keep_tree
from profile_router.repository.sources import FileSource, ListedFile, Listing
from profile_router.values import mutable

_BATCH = 2_000  # files of one part of the index
_FOR_READING = 0.6  # of the time: what is left is for writing down
_LEAST_SECONDS = 0.04  # of each call, however late it is: the next one has less to do


def looked_into(
    source: FileSource, listing: Listing, seen: SeenTree, index: BlobIndex, until: float | None
) -> SeenTree:
    """Return the files of *listing* with what is known of them. Raises StateError.

    The files that changed since they were *seen* are looked into first, *until* a moment (monotonic s).
    """
    if (
        (listing.digest, listing.stamps) == (seen.digest, seen.stamps)
        and not seen.waiting
        and UNREAD not in seen.stamps
    ):
        return seen
    tree, fresh = _carried_over(listing, seen)
    _freshen(source, listing, fresh, tree, index, until)
    with index.write() as connection:
        keep_tree(connection, source.tree, tree, time.time_ns())
    return tree


def _carried_over(listing: Listing, seen: SeenTree) -> tuple[SeenTree, list[int]]:
    """Return the files of *listing*, and the places of those that changed. What is known of the others is filled in."""
    tree = empty_tree(listing.digest, listing.paths, listing.others, listing.sorts)
    before = {path: at for at, path in enumerate(seen.paths)}
    fresh: list[int] = []
    for at, (path, stamp) in enumerate(zip(listing.paths, listing.stamps, strict=True)):
        old = before.get(path)
        if old is not None:
            tree.ids[at] = seen.ids[old]
        if stamp == GONE:
            tree.stamps[at], tree.lines[at] = GONE, NO_TEXT
        elif old is not None and stamp != UNREAD and stamp == seen.stamps[old] and seen.lines[old] != UNSEEN:
            row = BlobRow(seen.blobs[old], seen.lines[old], seen.defined[old], seen.identifiers[old], seen.parts[old])
            _put(tree, at, stamp, row)
        else:
            fresh.append(at)
    return tree, fresh


def _put(tree: SeenTree, at: int, stamp: int, row: BlobRow) -> None:
    tree.stamps[at], tree.blobs[at], tree.lines[at] = stamp, row.id, row.lines
    tree.defined[at], tree.identifiers[at], tree.parts[at] = row.defined, row.identifiers, row.parts


def _freshen(
    source: FileSource, listing: Listing, fresh: Sequence[int], tree: SeenTree, index: BlobIndex, until: float | None
) -> None:
    """Look into the files at the places *fresh* while there is time, and put what they are into *tree*."""
    begun, done = time.monotonic(), 0
    reading = None if until is None else begun + max((until - begun) * _FOR_READING, _LEAST_SECONDS)
    while done < len(fresh) and (reading is None or time.monotonic() < reading):
        places = fresh[done : done + _BATCH]
        some = _read_files(source, [listing.file(at) for at in places], index, reading)
        rows, ids = _added(index, some, {file.path: file.sort for file in some.files[: some.seen]})
        for at, file in zip(places[: some.seen], some.files, strict=False):
            tree.ids[at] = ids[file.path]
            row = rows.get(some.names.get(file.path, b""))
            if row is None:  # it cannot be read: the next call tries again
                tree.lines[at] = NO_TEXT
            else:
                _put(tree, at, listing.stamps[at], row)
        done += some.seen
    spare = None if until is None else until - time.monotonic()
    if done and (spare is None or spare > 0):
        with index.write() as connection:
            bring_together(connection, spare)


@mutable(kw_only=False)
class _JustRead:
    """What one batch gave. The first `seen` of its `files` were looked into.

    `names` are those of their blobs by path. `known` is what is known of blobs, and `new` has the terms of new ones.
    """

    files: Sequence[ListedFile]
    seen: int
    names: dict[str, bytes] = field(default_factory=dict)
    known: dict[bytes, BlobRow] = field(default_factory=dict)
    new: dict[bytes, FileTerms | None] = field(default_factory=dict)


def _read_files(source: FileSource, files: Sequence[ListedFile], index: BlobIndex, until: float | None) -> _JustRead:
    """Read *files* until a moment, all but those whose blob is known by its name already."""
    batch = _JustRead(files, len(files), {file.path: _name(file, file.blob) for file in files if file.blob})
    with index.read() as connection:
        batch.known = blobs_of(connection, batch.names.values())
        unread = [file for file in files if batch.names.get(file.path) not in batch.known]
        order = {file.path: at for at, file in enumerate(files)}
        for file, blob, content in source.read(unread):
            name = batch.names[file.path] = _name(file, blob)
            if name not in batch.known and name not in batch.new:
                if row := blobs_of(connection, (name,)):
                    batch.known |= row
                else:
                    batch.new[name] = _file_terms(file.path, content)
            if until is not None and time.monotonic() > until:
                batch.seen = order[file.path] + 1
                break
    return batch


def _added(index: BlobIndex, some: _JustRead, paths: Mapping[str, Sort]) -> tuple[dict[bytes, BlobRow], dict[str, int]]:
    """Put what was read into the index; return what is known of all blobs of the batch, and the numbers of *paths*."""
    with index.read() as connection:
        ids = ids_of(connection, paths)
    rows = dict(some.known)
    if some.new or len(ids) < len(paths):
        with index.write() as connection:
            added, ids = add_files(connection, list(some.new.items()), paths)
            rows |= added
    if left := [name for name in some.new if name not in rows]:  # another process was faster
        with index.read() as connection:
            rows |= blobs_of(connection, left)
    return rows, ids


def _name(file: ListedFile, blob: bytes) -> bytes:
    """Return the name of *blob* in the index: what is a definition goes by the ending of the *file*."""
    return blob + file.path.rpartition("/")[2].rpartition(".")[2].encode("utf-8", "surrogateescape")


def _file_terms(path: str, content: bytes) -> FileTerms | None:
    if b"\0" in content[:8_192]:
        return None
    text = content.decode("utf-8", "replace")
    return None if is_written_by_program(text) else terms_of(path, text)
