"""Ask every method about every row, once: what was answered before is taken from what is kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, field
from itertools import groupby
from pathlib import Path
from typing import Protocol

from profile_router.core.locating.located import Located
from profile_router.errors import WorkspaceError
from profile_router.evaluation.clones import Clones, PastTree
from profile_router.evaluation.kept import KeptAnswers
from profile_router.evaluation.locators import Locator, OurIndex, Ranking, ranking_of
from profile_router.evaluation.rows import KnownRow
from profile_router.evaluation.signals import RouteOf, route_from, route_of
from profile_router.values import frozen

_Told = Callable[[str], None]


class Scorer(Protocol):
    """Gives a text numbers, higher where it holds the task for harder. `key` as a `Locator` has it."""

    @property
    def name(self) -> str:
        """Return what it is called in the report."""

    @property
    def key(self) -> str:
        """Return what its answers depend on, besides the row."""

    def score(self, text: str) -> Ranking:
        """Return its `signals` of *text*."""


@frozen
class Methods:
    """Who is asked. `index` is ours, the first of `locators`. `clones` None: there are no repositories.

    `route_key` is what our route depends on besides the row; empty: it is not asked. `sampled` has the digests of the
    rows that a locator is asked about, by its name. One that is not in it is asked about all.
    """

    policy: Path
    route_key: str
    scratch: Path
    index: OurIndex
    clones: Clones | None = None
    locators: Sequence[Locator] = ()
    scorers: Sequence[Scorer] = ()
    sampled: Mapping[str, Collection[str]] = field(default_factory=dict)

    @property
    def keys(self) -> Sequence[tuple[str, str]]:
        """Return the name and the key of each that is asked."""
        ranking = [(one.name, one.key) for one in self.locators]
        return [*ranking, *((one.name, one.key) for one in self.scorers)]

    def locators_for(self, row: KnownRow) -> Sequence[Locator]:
        """Return those that are asked about *row*."""
        return [one for one in self.locators if one.name not in self.sampled or row.digest in self.sampled[one.name]]


@frozen
class RowAnswers:
    """All that was answered about one row. `placed`: its repository was there at its base commit.

    `rankings` has no locator that was not asked about it.
    """

    row: KnownRow
    route: RouteOf
    placed: bool = False
    files: frozenset[str] = frozenset()
    rankings: Mapping[str, Ranking] = field(default_factory=dict)
    scores: Mapping[str, Ranking] = field(default_factory=dict)


def ask_all(rows: Sequence[KnownRow], methods: Methods, store: KeptAnswers, told: _Told) -> tuple[RowAnswers, ...]:
    """Return the answers about *rows*, repository by repository and there from old to new. *told* hears of progress."""
    order = sorted(rows, key=lambda row: (row.repo or "", row.when, row.id))
    found: list[RowAnswers] = []
    for repo, group in groupby(order, key=lambda row: row.repo or ""):
        theirs = list(group)
        for number, row in enumerate(theirs, 1):
            told(f"{repo or 'no repository'} {number}/{len(theirs)} · {len(found) + 1} of {len(rows)} rows")
            found.append(_ask(row, methods, store))
    return tuple(sorted(found, key=lambda answer: answer.row.id))


class _Place:
    """The repository of a row at its base commit."""

    def __init__(self, row: KnownRow, clones: Clones | None) -> None:
        self._row, self._clones = row, clones
        self._tree: PastTree | None = None
        self.there = bool(clones and row.repo and row.commit and clones.has(row.repo))

    def tree(self) -> PastTree:
        """Return it. Raises WorkspaceError."""
        if self._tree is None:
            if self._clones is None or not self._row.repo or not self._row.commit:
                raise WorkspaceError(f"{self._row.where} names no repository with its commit")
            self._tree = self._clones.tree(self._row.repo, self._row.commit)
        return self._tree

    def gold(self) -> list[str]:
        """Return those files of the row's truth that were there before the change."""
        return self.tree().has(self._row.truth.files or ())


def _ask(row: KnownRow, methods: Methods, store: KeptAnswers) -> RowAnswers:
    place = _Place(row, methods.clones)
    name = row.digest
    gold: list[str] = []
    if place.there:
        try:
            gold = store.get("gold files 2", name, place.gold)
        except WorkspaceError:
            place.there = False
    rankings = dict(_ranked(row, place, methods.locators_for(row), store)) if place.there else {}
    return RowAnswers(
        row=row,
        route=_routed(row, place, methods, store) if methods.route_key else RouteOf(),
        placed=place.there,
        files=frozenset(gold),
        rankings=rankings,
        scores={one.name: ranking_of(store.get(one.key, name, _scoring(one, row))) for one in methods.scorers},
    )


def _routed(row: KnownRow, place: _Place, methods: Methods, store: KeptAnswers) -> RouteOf:
    def routing() -> Mapping[str, object]:
        if not place.there:
            return asdict(route_of(row.text, methods.policy, methods.scratch))
        tree = place.tree()

        def located() -> Located:
            return methods.index.found(tree, row.text)

        return asdict(route_of(row.text, methods.policy, methods.scratch, tree.lay_out(), located))

    where = "in its repository" if place.there else "alone"
    return route_from(store.get(f"route {where} {methods.route_key}", row.digest, routing))


def _ranked(
    row: KnownRow, place: _Place, locators: Sequence[Locator], store: KeptAnswers
) -> Iterator[tuple[str, Ranking]]:
    for locator in locators:

        def locating(one: Locator = locator) -> Mapping[str, object]:
            return one.locate(place.tree(), row.text).plain

        yield locator.name, ranking_of(store.get(locator.key, row.digest, locating))


def _scoring(one: Scorer, row: KnownRow) -> Callable[[], Mapping[str, object]]:
    return lambda: one.score(row.text).plain
