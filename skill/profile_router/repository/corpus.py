"""The files of a tree as a task meets them. They have the postings of what the task names, and no others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from profile_router.core.locating.rank import NOWHERE, Corpus, Posting, terms_looked_up
from profile_router.core.locating.task_terms import TaskTerms
from profile_router.repository.blob_index import BlobIndex, PlacesInTree, blobs_in, only, postings_of
from profile_router.repository.seen_tree import SeenTree
from profile_router.values import frozen

_COMMON, _FEW = 0.5, 100  # a term in more than half of many files tells nothing of where


@frozen
class TreePlaces:
    """Where the index's numbers of `paths` and of `blobs` stand in one tree: made once for a task."""

    paths: PlacesInTree
    blobs: PlacesInTree


def places_in(tree: SeenTree) -> TreePlaces:
    """Return where what the index numbers stands in *tree*."""
    return TreePlaces(paths=PlacesInTree(tree.ids), blobs=PlacesInTree(tree.blobs))


def corpus_of(task: TaskTerms, tree: SeenTree, places: TreePlaces, index: BlobIndex) -> Corpus:
    """Return the files of *tree* with the postings of what *task* names. Raises StateError."""
    with index.read() as connection:
        postings = postings_of(connection, terms_looked_up(task))
        stale = max(0, blobs_in(connection) - places.blobs.distinct + places.blobs.has(0))
    count = tree.ranking
    blobs, paths = places.blobs, places.paths
    common = max(count * _COMMON, _FEW)
    lines = tree.lines

    def posting(term: int) -> Posting:
        values = postings.get(term, ())
        if len(values) - stale > common:  # so many of them are files of this tree at least
            return NOWHERE
        found = blobs.of(values)  # of this tree: the index holds what files were before, too
        return found if len(found[0]) <= common else NOWHERE

    def placed(term: int) -> Posting:
        found = paths.of(postings.get(term, ()))
        return only(found, [lines[at] >= 0 for at in found[0]])

    return Corpus(
        paths=tree.paths,
        count=count,
        sorts=tree.sorts,
        lengths={"identifier": tree.identifiers, "part": tree.parts},
        posting=posting,
        placed=placed,
        commonness=lambda term: max(0, len(postings.get(term, ())) - stale),
        same=_same(tree) if blobs.distinct < len(tree.blobs) else [],
        numbers=_PlacesOfPaths(tree.paths),
    )


class _PlacesOfPaths(Mapping[str, int]):
    """The place of each of *paths*, which are sorted. Few are asked for: a dict of all would take longer."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths

    def __getitem__(self, path: str) -> int:
        at = bisect_left(self._paths, path)
        if at < len(self._paths) and self._paths[at] == path:
            return at
        raise KeyError(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _same(tree: SeenTree) -> list[tuple[int, int]]:
    """Return the files whose content another has, with the first that has it. Empty ones have no terms to share."""
    first = dict(zip(reversed(tree.blobs), range(len(tree.blobs) - 1, -1, -1), strict=True))
    return [
        (at, first[blob])
        for at, (blob, words) in enumerate(zip(tree.blobs, tree.parts, strict=True))
        if words and first[blob] != at
    ]
