"""What guesses the files of a task: ours, and any peer that speaks the same Protocol."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, field
from pathlib import Path
from typing import Any, Protocol

from profile_router.core.locating.located import Located
from profile_router.core.policy import RepositoryRules
from profile_router.errors import RouterError
from profile_router.evaluation.clones import PastTree
from profile_router.repository.locate import locate
from profile_router.repository.sources import CommitFiles
from profile_router.values import frozen, mutable
from profile_router.workspace.folder import find_workspace
from profile_router.workspace.named_files import find_named_files

MOST_LOCATED = 20  # files of a ranking; what comes after them is cut


@frozen
class Ranking:
    """Files, the likeliest first. `sure` names how sure it says to be; `signals` are scores of the same reading.

    `to_read` is how many of them it says are read at most, `to_edit` (fewest, most) how many files are changed.
    `ms` is what it took, `warm_ms` what it took at once again; `problem` says why there is none.
    """

    paths: Sequence[str] = ()
    sure: str = ""
    signals: Mapping[str, float] = field(default_factory=dict)
    to_read: int = 0
    to_edit: Sequence[int] = ()
    ms: float = 0.0
    warm_ms: float = 0.0
    problem: str = ""

    @property
    def plain(self) -> dict[str, Any]:
        """Return this as JSON has it."""
        return {**asdict(self), "paths": list(self.paths), "to_edit": list(self.to_edit), "signals": dict(self.signals)}


def ranking_of(plain: Mapping[str, Any]) -> Ranking:
    """Return the ranking that JSON has as *plain*. Raises TypeError where it is not one."""
    return Ranking(**plain)


class Locator(Protocol):
    """Guesses which files a task touches. `key` names it with its version and settings."""

    @property
    def name(self) -> str:
        """Return what it is called in the report."""

    @property
    def key(self) -> str:
        """Return what its answers depend on, besides the row."""

    def locate(self, tree: PastTree, text: str) -> Ranking:
        """Return the files of *tree* that *text* is about."""


@frozen(kw_only=False)
class FilesNamedInText:
    """The files that the text names, in its order: what is known without looking into any file."""

    key: str
    name: str = "named files"

    def locate(self, tree: PastTree, text: str) -> Ranking:
        """Return the files that *text* names."""
        folder = tree.lay_out()
        began = time.perf_counter()
        try:
            named = find_named_files(text, (), find_workspace(str(folder), folder), folder)
        except RouterError as error:
            return Ranking(problem=str(error))
        paths = [file.path for file in (*named.singles, *named.nearby)][:MOST_LOCATED]
        return Ranking(paths=paths, sure="named" if paths else "none", ms=(time.perf_counter() - began) * 1_000)


@mutable
class OurIndex:
    """The index of the repository, as `route` asks it, without a deadline and with older commits alone.

    It reads the clone at the commit, without a work tree. *cache* is where the index is kept.
    """

    key: str
    rules: RepositoryRules
    cache: Path
    name: str = "ours"
    _last: tuple[PastTree, str, Located] | None = None

    def locate(self, tree: PastTree, text: str) -> Ranking:
        """Return the files of *tree* that *text* is about, by names, words and history."""
        found, ms = self._timed(tree, text)
        again, warm_ms = self._timed(tree, text)
        if not found.files and found.missing:
            return Ranking(problem="; ".join(found.missing), ms=ms)
        read, edited = found.files_to_read, found.files_to_edit
        return Ranking(
            paths=[file.path for file in again.files[:MOST_LOCATED]],
            sure=found.confidence,
            signals=dict(_signals(found)),
            to_read=read.high if read else 0,
            to_edit=(edited.low, edited.high) if edited else (),
            ms=ms,
            warm_ms=warm_ms,
        )

    def found(self, tree: PastTree, text: str) -> Located:
        """Return all that it tells: our route decides by it."""
        if self._last is None or self._last[:2] != (tree, text):
            self._timed(tree, text)
        return self._last[2] if self._last else Located()

    def _timed(self, tree: PastTree, text: str) -> tuple[Located, float]:
        began = time.perf_counter()
        source = CommitFiles(clone=tree.clone, head=tree.commit)
        weights, large = asdict(self.rules.weights), self.rules.large_from
        found = locate(source, text, self.cache, weights=weights, large_from=large, before_head=True)
        self._last = (tree, text, found)
        return found, (time.perf_counter() - began) * 1_000


def _signals(found: Located) -> Iterator[tuple[str, float]]:
    yield "ratio", found.ratio
    if found.centrality is not None:
        yield "centrality", found.centrality
    if found.size is not None:
        yield "size", found.size.score
        yield from ((f"size: {name}", value) for name, value in found.size.terms.items())
