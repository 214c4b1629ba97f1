"""Where a task works. The index is brought up to date as far as the time allows, and its files are ranked.

What was read stays in the index for the next call. Until every file was looked into, only the progress is told: half
an index points at the wrong files.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress, repeat
from pathlib import Path

from profile_router.core.locating.located import Located, LocatedFile
from profile_router.core.locating.past import alike, changed_by
from profile_router.core.locating.rank import ranked
from profile_router.core.locating.size_by_history import centrality, guess_size
from profile_router.core.locating.task_terms import task_terms
from profile_router.digests import sha256
from profile_router.errors import DamagedError, StateError, WorkspaceError
from profile_router.repository.blob_index import INDEX_VERSION, BlobIndex
from profile_router.repository.bounds import keep_within
from profile_router.repository.corpus import corpus_of, places_in
from profile_router.repository.history import PastChanges, files_of, head_asked, past_changes
from profile_router.repository.looking import looked_into
from profile_router.repository.seen_tree import SeenTree, seen_tree
from profile_router.repository.sources import FileSource
from profile_router.repository.touching_tests import tests_of_candidates
from profile_router.values import frozen

MOST_TOLD = 20
_UNREADABLE = (ValueError, OverflowError, sqlite3.Error)
_FOR_FILES = 0.8  # of the time: what is left is for the history, and for ranking
_LEAST_LISTING = 0.8  # s of each call for listing the files: the next one cannot go on with that, as with all else


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
    until = None if seconds is None else time.monotonic() + seconds
    key = sha256(f"{INDEX_VERSION} {source.key}".encode("utf-8", "replace")).hexdigest()[:24]
    look = _Look(
        source=source,
        text=text,
        index=BlobIndex(cache / f"{key}.sqlite"),
        weights=weights,
        large_from=large_from,
        before_head=before_head,
        seconds=seconds,
    )
    try:
        return _anew_if_damaged(look, until)
    except (WorkspaceError, StateError) as error:
        return Located(missing=(str(error),))
    except _UNREADABLE as error:  # others wrote what is read: it stops no task
        said = f"its index or its history cannot be read ({type(error).__name__}); `git fsck` tells what git lacks"
        return Located(missing=(said,))


@frozen(kw_only=False)
class _Look:
    """What `locate` was asked."""

    source: FileSource
    text: str
    index: BlobIndex
    weights: Mapping[str, float]
    large_from: float
    before_head: bool
    seconds: float | None


def _anew_if_damaged(look: _Look, until: float | None) -> Located:
    """Return where the task works; an index that SQLite cannot read is removed, and made anew once.

    Whatever else cannot be read may be git's words: those cost no index.
    """
    try:
        return _looked(look, until)
    except DamagedError:
        look.index.remove()
    told = _looked(look, until)
    return replace(told, missing=(*told.missing, "its index was damaged and is made anew"))


def _looked(look: _Look, until: float | None) -> Located:
    source, index, start = look.source, look.index, time.monotonic()
    keep_within(index.path)
    with index.read() as connection:
        seen = seen_tree(connection, source.tree)
    with head_asked(source) as head:  # git works at it meanwhile
        listing = source.listed(seen, None if until is None else max(until, start + _LEAST_LISTING))
        for_files = None if until is None else start + (until - start) * _FOR_FILES
        tree = looked_into(source, listing, seen, index, for_files)
        past = past_changes(source, head, index, until, before_head=look.before_head)
    told = _reached(tree, past)
    if told.indexed < told.rankable or not told.indexed:
        return told
    if until is not None and time.monotonic() > until:
        late = f"the files were not ranked: listing them took the {look.seconds:g} s that the policy allows"
        return replace(told, missing=(*told.missing, late))
    return _located(look, told, tree, past)


def _located(look: _Look, told: Located, tree: SeenTree, past: PastChanges) -> Located:
    task, index = task_terms(look.text), look.index
    like = alike(task, past.past)
    changed = files_of(index, [past.names[commit] for _, commit in like]) if like else {}
    pairs = [(likeness, changed.get(past.names[commit], ())) for likeness, commit in like]
    places = places_in(tree)
    corpus = corpus_of(task, tree, places, index)
    best, ratio = ranked(task, corpus, changed_by(pairs), look.weights, MOST_TOLD)
    return replace(
        told,
        files=best,
        ratio=ratio,
        tests=tests_of_candidates(best, tree, places, index),
        centrality=_centrality(best, tree, corpus.numbers, past.past.touched),
        size=guess_size(task, past.past, like, look.large_from) if past.whole else None,
    )


def _centrality(
    best: Sequence[LocatedFile], tree: SeenTree, numbers: Mapping[str, int], touched: Mapping[str, int]
) -> float | None:
    """Return where the first three of *best* lie among the files by past commits, definitions and lines."""
    first = [numbers[file.path] for file in best[:3]]
    signs: dict[str, Sequence[int]] = {
        "commits": list(map(touched.get, tree.paths, repeat(0))),
        "definitions": tree.defined,
        "lines": tree.lines,
    }
    if tree.ranking < len(tree.paths):
        ranking = [lines >= 0 for lines in tree.lines]
        first = [sum(ranking[:number]) for number in first]
        signs = {name: list(compress(values, ranking)) for name, values in signs.items()}
    return centrality(first, signs)


def _reached(tree: SeenTree, past: PastChanges) -> Located:
    """Return how far the index got, and what it lacks."""
    looked, waiting = tree.ranking, tree.waiting
    rankable = looked + waiting
    missing = [past.problem] if past.problem else []
    if waiting:
        missing.append(f"{looked:,} of {rankable:,} files were looked into so far; the next call goes on")
    if not past.whole and not past.problem:
        missing.append(f"{len(past.names):,} of {past.known:,} commits were read so far; the next call goes on")
    return Located(indexed=looked, rankable=rankable, commits=len(past.names), missing=tuple(missing))
