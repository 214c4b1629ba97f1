"""The files of a tree as a task meets them: with the postings of what it names, and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from profile_router.core.locating.rank import Corpus, Posting, asked_of
from profile_router.core.locating.task_terms import TaskTerms
from profile_router.repository.blob_index import BlobIndex, postings_of, unpacked
from profile_router.repository.seen_tree import SeenTree

_COMMON, _FEW = 0.5, 100  # a term in more than half of many files tells nothing of where


def corpus_of(task: TaskTerms, tree: SeenTree, index: BlobIndex) -> Corpus:
    """Return the files of *tree* with the postings of what *task* names. Raises StateError."""
    with index.read() as connection:
        postings = postings_of(connection, asked_of(task))
    count = tree.ranking
    blobs, paths = _places(tree.blobs), _places(tree.ids)
    common = max(count * _COMMON, _FEW)

    def posting(term: int) -> Posting:
        found = unpacked(postings.get(term, ()), blobs)  # of this tree: the index holds what files were before, too
        return found if len(found) <= common else ()

    def placed(term: int) -> Posting:
        return [(at, times) for at, times in unpacked(postings.get(term, ()), paths) if tree.lines[at] >= 0]

    return Corpus(
        paths=tree.paths,
        count=count,
        sorts=tree.sorts,
        lengths={"identifier": tree.identifiers, "part": tree.parts},
        posting=posting,
        placed=placed,
        commonness=lambda term: len(postings.get(term, ())),
        same=_same(tree, blobs),
        numbers=dict(zip(tree.paths, range(len(tree.paths)), strict=True)),
    )


def _places(numbers: Sequence[int]) -> dict[int, int]:
    """Return the first place at which each of *numbers* stands."""
    return dict(zip(reversed(numbers), range(len(numbers) - 1, -1, -1), strict=True))


def _same(tree: SeenTree, blobs: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return the files whose content another has, with the first that has it. Empty ones have no terms to share."""
    if len(blobs) == len(tree.blobs):
        return []
    return [
        (at, blobs[blob])
        for at, (blob, words) in enumerate(zip(tree.blobs, tree.parts, strict=True))
        if words and blobs[blob] != at
    ]
