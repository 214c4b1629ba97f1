"""Which tests touch the files that a task is probably about, by the index alone. No file is read.

The first of them is right for 108 of 223 past changes that changed tests too, in two repositories. One of five is for
155. By the names of tests alone it was 98 and 127.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import chain

from profile_router.core.language.test_files import is_test
from profile_router.core.locating.located import LocatedFile
from profile_router.core.locating.path_terms import folded_name, module_path, name_in
from profile_router.core.locating.rankable import SORTS
from profile_router.core.locating.terms import number_of
from profile_router.repository.blob_index import BlobIndex, PlacesInTree, postings_of
from profile_router.repository.corpus import TreePlaces
from profile_router.repository.seen_tree import SeenTree

_MOST, _AMONG = 5, 8
_COMMON = 400  # contents; a name that stands in more tells nothing, and takes milliseconds
_TEST = SORTS.index("test")
_GUESSED = 3  # files that a task may be about, where the first is a guess


def tests_of_candidates(
    best: Sequence[LocatedFile], tree: SeenTree, places: TreePlaces, index: BlobIndex
) -> tuple[str, ...]:
    """Return the tests that touch the first of *best*, the nearest first; of the first three where it is a guess.

    A test touches a file that it is named after, or whose module its code names. So does one among *best*.
    """
    if not best:
        return ()
    wanted = [file.path for file in best[: _GUESSED if best[0].confidence == "guess" else 1]]
    modules = [name_in(module_path(path)) for path in wanted]
    subjects = [number_of("subject", folded_name(module)) for module in modules]
    names = [number_of("identifier", module) for module in modules]
    with index.read() as connection:
        postings = postings_of(connection, (*subjects, *names))
    by_name = [_named(places.paths, postings.get(subject, ()), tree) for subject in subjects]
    by_code = [_naming(places.blobs, postings.get(name, ()), tree) for name in names]
    among = [file.path for file in best[1:_AMONG] if is_test(file.path)]
    found = dict.fromkeys(chain(by_name[0], among, by_code[0], *by_name[1:], *by_code[1:]))
    return tuple([path for path in found if path != wanted[0]][:_MOST])


def _named(of_paths: PlacesInTree, posting: array[int] | tuple[()], tree: SeenTree) -> list[str]:
    places, _ = of_paths.of(posting)
    return sorted(tree.paths[at] for at in places if tree.lines[at] >= 0)


def _naming(of_blobs: PlacesInTree, posting: array[int] | tuple[()], tree: SeenTree) -> list[str]:
    """Return the tests in which a name stands, those first in which it stands most often; none of a common name."""
    if len(posting) > _COMMON:
        return []
    found = [
        (-times, tree.paths[at]) for at, times in zip(*of_blobs.of(posting), strict=True) if tree.sorts[at] == _TEST
    ]
    return [path for _, path in sorted(found) if is_test(path)]
