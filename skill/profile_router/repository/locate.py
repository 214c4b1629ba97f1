"""Where a task works: the index is brought up to date as far as the time allows, and its files are ranked.

What was read stays in the index for the next call. As long as not every file was looked into, nothing is told but how
far it got: half an index points at the wrong files.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from profile_router.core.language.test_files import is_test, subject_of
from profile_router.core.locating.file_terms import FileTerms, terms_of
from profile_router.core.locating.located import Located, LocatedFile
from profile_router.core.locating.past import alike, changed_by
from profile_router.core.locating.rank import Corpus, Posting, ranked
from profile_router.core.locating.rankable import is_written_by_program
from profile_router.core.locating.size import centrality, guess_size
from profile_router.core.locating.task_terms import TaskTerms, task_terms
from profile_router.core.locating.terms import number_of
from profile_router.errors import StateError, WorkspaceError
from profile_router.repository.blob_index import (
    VERSION,
    BlobIndex,
    BlobRow,
    add_blobs,
    blobs_of,
    bring_together,
    postings_of,
    unpacked,
)
from profile_router.repository.bounds import keep_within
from profile_router.repository.history import PastChanges, files_of, past_changes
from profile_router.repository.seen_tree import SeenFile, SeenTree, keep_tree, seen_tree
from profile_router.repository.sources import FileSource, ListedFile, Listing
from profile_router.values import frozen

MOST_TOLD = 20
_MOST_TESTS, _TESTS_AMONG = 5, 8
_COMMON, _FEW = 0.5, 100  # a term in more than half of many files tells nothing of where
_BATCH = 2_000  # files of one part of the index
_FOR_FILES, _FOR_READING = 0.8, 0.6  # of the time: what is left is for the history, and for ranking; for writing down
_LEAST_LISTING = 0.8  # s of each call for listing the files: the next one cannot go on with that, as with all else
_LEAST_SECONDS = 0.04  # of each call, however late it is: the next one has less to do


def locate(
    source: FileSource,
    text: str,
    cache: Path,
    *,
    weights: Mapping[str, float],
    large_from: float = 0.5,
    seconds: float | None = None,
    before_head: bool = False,
) -> Located:
    """Return where a task with *text* works among the files of *source*. The index is kept in the folder *cache*.

    *large_from* is the share of large commits among those like it from which on it is large itself. *seconds* are what
    it may take (None: as long as it takes). *before_head*: only commits older than the head count, for measuring on
    past commits. Whatever goes wrong with git or the index is told in `missing`.
    """
    start = time.monotonic()
    until = None if seconds is None else start + seconds
    key = hashlib.sha256(f"{VERSION} {source.key}".encode("utf-8", "replace")).hexdigest()[:24]
    index = BlobIndex(cache / f"{key}.sqlite")
    try:
        keep_within(index.path)
        with index.read() as connection:
            seen = seen_tree(connection, source.tree)
        listing = source.listed(seen, None if until is None else max(until, start + _LEAST_LISTING))
        files = _looked_into(source, listing, seen, index, None if seconds is None else start + seconds * _FOR_FILES)
        past = past_changes(source, index, until, before_head=before_head)
        told = _reached(files, past)
        if files.waiting or not files.paths:
            return told
        if until is not None and time.monotonic() > until:
            late = f"the files were not ranked: listing them took the {seconds:g} s that the policy allows"
            return replace(told, missing=(*told.missing, late))
        return _located(text, told, files, past, index, weights, large_from)
    except (WorkspaceError, StateError) as error:
        return Located(missing=(str(error),))
    except (ValueError, OverflowError, sqlite3.Error) as error:  # others wrote what is read: it stops no task
        said = f"its index or its history cannot be read ({type(error).__name__}); `profile-router purge --all`"
        return Located(missing=(f"{said} removes the index",))


@frozen(kw_only=False)
class _Files:
    """The files that rank with what is known of the blob of each; how many are still to be looked into."""

    paths: Sequence[str]
    seen: Sequence[SeenFile]
    waiting: int


def _looked_into(source: FileSource, listing: Listing, seen: SeenTree, index: BlobIndex, until: float | None) -> _Files:
    """Bring the index up to date for the files of *listing*, *until* a moment. Raises StateError."""
    found: dict[str, SeenFile] = {}
    fresh: list[ListedFile] = []
    for file in listing.files:
        known = seen.files.get(file.path)
        if known is not None and file.mark and known.mark == file.mark:
            found[file.path] = known
        else:
            fresh.append(file)
    done = _freshened(source, fresh, found, index, until)
    if fresh or len(listing.files) != len(seen.files) or len(listing.others) != len(seen.others):
        with index.write() as connection:
            keep_tree(connection, source.tree, SeenTree(found, frozenset(listing.others)), time.time_ns())
    paths = [file.path for file in listing.files if file.path in found and found[file.path].lines >= 0]
    return _Files(paths, [found[path] for path in paths], len(fresh) - done)


def _freshened(
    source: FileSource, fresh: Sequence[ListedFile], found: dict[str, SeenFile], index: BlobIndex, until: float | None
) -> int:
    """Look into *fresh* files and put them into *found*; return how many there was time for."""
    begun, done = time.monotonic(), 0
    reading = None if until is None else begun + max((until - begun) * _FOR_READING, _LEAST_SECONDS)
    while done < len(fresh) and (reading is None or time.monotonic() < reading):
        some = _read(source, fresh[done : done + _BATCH], index, reading)
        done += some.seen
        rows = dict(some.known)
        if some.new:
            with index.write() as connection:
                rows |= add_blobs(connection, some.new)
            left = [name for name, _ in some.new if name not in rows]
            if left:  # another process was faster
                with index.read() as connection:
                    rows |= blobs_of(connection, left)
        for file, name in some.files:
            if name in rows:
                found[file.path] = SeenFile(file.sort, file.mark, *rows[name])
    spare = None if until is None else until - time.monotonic()
    if done and (spare is None or spare > 0):
        with index.write() as connection:
            bring_together(connection, spare)
    return done


@dataclass(slots=True)
class _JustRead:
    """What one batch gave: its files with the names of their blobs, what is known of blobs, and the terms of others."""

    files: list[tuple[ListedFile, bytes]] = field(default_factory=list)
    known: dict[bytes, BlobRow] = field(default_factory=dict)
    new: list[tuple[bytes, FileTerms | None]] = field(default_factory=list)
    seen: int = 0


def _read(source: FileSource, files: Sequence[ListedFile], index: BlobIndex, until: float | None) -> _JustRead:
    """Read *files* until a moment, all but those whose blob is known by its name already."""
    batch = _JustRead(seen=len(files))
    told = {file.path: _name(file, file.blob) for file in files if file.blob}
    with index.read() as connection:
        batch.known = blobs_of(connection, told.values())
        batch.files = [(file, told[file.path]) for file in files if told.get(file.path) in batch.known]
        unread = [file for file in files if told.get(file.path) not in batch.known]
        order = {file.path: at for at, file in enumerate(files)}
        new: set[bytes] = set()
        for file, blob, content in source.read(unread):
            name = _name(file, blob)
            batch.files.append((file, name))
            if name not in batch.known and name not in new:
                if row := blobs_of(connection, (name,)):
                    batch.known |= row
                else:
                    new.add(name)
                    batch.new.append((name, _file_terms(file.path, content)))
            if until is not None and time.monotonic() > until:
                batch.seen = order[file.path] + 1
                break
    return batch


def _name(file: ListedFile, blob: bytes) -> bytes:
    """Return the name of *blob* in the index: what is a definition goes by the ending of the *file*."""
    return blob + file.path.rpartition("/")[2].rpartition(".")[2].encode("utf-8", "surrogateescape")


def _file_terms(path: str, content: bytes) -> FileTerms | None:
    if b"\0" in content[:8_192]:
        return None
    text = content.decode("utf-8", "replace")
    return None if is_written_by_program(text) else terms_of(path, text)


def _located(
    text: str, told: Located, files: _Files, past: PastChanges, index: BlobIndex, weights: Mapping[str, float],
    large_from: float,
) -> Located:  # fmt: skip
    task = task_terms(text)
    like = alike(task, past.past)
    changed = files_of(index, [past.names[commit] for _, commit in like]) if like else {}
    pairs = [(likeness, changed.get(past.names[commit], ())) for likeness, commit in like]
    corpus = _corpus(task, files, index)
    best, ratio = ranked(task, corpus, changed_by(pairs), weights, MOST_TOLD)
    return replace(
        told,
        files=best,
        ratio=ratio,
        tests=_tests(best, files),
        centrality=_centrality(best, files, past.past.touched),
        size=guess_size(task, past.past, like, large_from) if past.whole else None,
    )


def _tests(best: Sequence[LocatedFile], files: _Files) -> tuple[str, ...]:
    """Return the tests that are named after the first of *best*, or stand among them."""
    if not best:
        return ()
    stem = _folded(_stem(best[0].path))
    named = [
        path
        for path, seen in zip(files.paths, files.seen, strict=True)
        if seen.sort == "test" and stem in _folded(path) and path != best[0].path and _folded(subject_of(path)) == stem
    ]
    near = [file.path for file in best[1:_TESTS_AMONG] if is_test(file.path)]
    return tuple(dict.fromkeys((*named, *near)))[:_MOST_TESTS]


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()


def _centrality(best: Sequence[LocatedFile], files: _Files, touched: Mapping[str, int]) -> float | None:
    """Return where the first three of *best* lie among the files by past commits, definitions and lines."""
    numbers = {path: number for number, path in enumerate(files.paths)}
    signs = {
        "commits": [touched.get(path, 0) for path in files.paths],
        "definitions": [seen.defined for seen in files.seen],
        "lines": [seen.lines for seen in files.seen],
    }
    return centrality([numbers[file.path] for file in best[:3]], signs)


def _reached(files: _Files, past: PastChanges) -> Located:
    """Return how far the index got, and what it lacks."""
    rankable = len(files.paths) + files.waiting
    missing = [past.problem] if past.problem else []
    if files.waiting:
        missing.append(f"{len(files.paths):,} of {rankable:,} files were looked into so far; the next call goes on")
    if not past.whole and not past.problem:
        missing.append(f"{len(past.names):,} of {past.known:,} commits were read so far; the next call goes on")
    return Located(indexed=len(files.paths), rankable=rankable, commits=len(past.names), missing=tuple(missing))


def _corpus(task: TaskTerms, files: _Files, index: BlobIndex) -> Corpus:
    """Return *files* with the postings of what *task* names. Raises StateError."""
    numbers = [number_of(kind, name) for name in task.identifiers for kind in ("definition", "identifier")]
    with index.read() as connection:
        postings = postings_of(connection, [*numbers, *(number_of("part", part) for part in task.parts)])
    places = {seen.blob: at for at, seen in enumerate(files.seen)}  # of files with the same content, the last
    common = len(files.seen) * _COMMON

    def posting(term: int) -> Posting:
        found = unpacked(postings.get(term, ()), places)  # of this tree: the index holds what files were before, too
        return found if len(found) <= common or common < _FEW else ()

    return Corpus(
        paths=files.paths,
        sorts=[seen.sort for seen in files.seen],
        lengths={
            "identifier": [seen.identifiers for seen in files.seen],
            "part": [seen.parts for seen in files.seen],
        },
        posting=posting,
    )
