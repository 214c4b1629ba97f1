"""How signs are weighed and added."""

from __future__ import annotations

from dataclasses import replace

import pytest

from profile_router.core.locating import rank
from profile_router.core.locating.path_terms import asked_of_paths, module_path, path_terms
from profile_router.core.locating.rank import NOWHERE, Corpus, signs_of, terms_looked_up
from profile_router.core.locating.task_terms import task_terms
from profile_router.core.locating.terms import number_of

POSTINGS = {
    number_of("identifier", "rare_name"): ([0], [1]),
    number_of("identifier", "common_name"): ([0, 1, 2], [1, 1, 1]),
}
CORPUS = Corpus(
    paths=["a.py", "b.py", "c.py", "d.py"],
    count=4,
    sorts=bytes(4),
    lengths={"identifier": [9, 9, 9, 9], "part": [9, 9, 9, 9]},
    posting=lambda term: POSTINGS.get(term, NOWHERE),
    placed=lambda _: NOWHERE,
    commonness=lambda term: len(POSTINGS.get(term, NOWHERE)[0]),
    same=(),
    numbers={},
)


def test_common_words_are_left_out_once_the_rare_ones_stood_in_enough_files(monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_terms("rare_name and common_name")
    assert set(signs_of(task, CORPUS, {})["identifier"]) == {0, 1, 2}
    monkeypatch.setattr(rank, "MOST_TERM_HITS", 3)
    assert set(signs_of(task, CORPUS, {})["identifier"]) == {0}


def test_a_content_counts_for_every_file_that_has_it() -> None:
    found = signs_of(task_terms("rare_name"), replace(CORPUS, same=[(3, 0)]), {})["identifier"]
    assert found[3] == found[0] > 0


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/shop/cart.py", "see shop/cart.py"),
        ("src/shop/cart.py", "shop.cart.Cart is wrong"),
        ("src/shop/__init__.py", "src.shop fails"),
        ("src/shop/cart.py", "the carts of a shop"),
        ("x.go", 'File "/home/me/x.go", line 3'),
    ],
)  # fmt: skip
def test_what_a_task_asks_of_paths_is_in_the_terms_of_the_path_that_it_means(path: str, text: str) -> None:
    assert {number for number, _ in path_terms(path, "code")} & {*asked_of_paths(task_terms(text))}
    assert {*asked_of_paths(task_terms(text))} <= {*terms_looked_up(task_terms(text))}


@pytest.mark.parametrize(("path", "module"), [("a/b.py", "/a/b"), ("a/b/__init__.py", "/a/b"), ("b.go", "/b")])
def test_a_module_is_called_as_its_file_or_its_folder(path: str, module: str) -> None:
    assert module_path(path) == module
