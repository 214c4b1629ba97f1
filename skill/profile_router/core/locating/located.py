"""What was found out about where a task works and how large it is. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from profile_router.core.policy.rules import SizeClass
from profile_router.values import frozen

Band = Literal["sure", "likely", "guess"]
_HALF = 0.5  # of the first file's score: what has as much, or more, is as likely read
TERMS = ("path", "frame", "dotted", "definition", "identifier", "part", "place", "history")


@frozen
class LocatedFile:
    """A file that the task probably touches: `path` below the workspace (POSIX), how sure that is, and `why`.

    `terms` are what each sign gave, times its weight; `score` is their sum.
    """

    path: str
    confidence: Band
    why: tuple[str, ...] = ()
    score: float = 0.0
    terms: Mapping[str, float] = field(default_factory=dict)


@frozen
class FileSpan:
    """How many files, from `low` to `high`."""

    low: int
    high: int


@frozen
class SizeGuess:
    """How large tasks like this one were, by the history alone: `size`, and what tells it.

    `neighbours` are how many past commits are like it, `share` how many of them were large, 0 to 1. `files_low` to
    `files_high` is how many files four of five of them changed. `score` orders tasks by size, 0 to 1.
    """

    size: SizeClass
    score: float
    share: float
    neighbours: int
    files_low: int
    files_high: int
    terms: Mapping[str, float] = field(default_factory=dict)


@frozen
class Located:
    """Where a task works: `files`, best first, and the `tests` that touch the first of them.

    Where the first is a guess, they are those of the first three.
    `ratio` is the second score over the first: the lower, the surer. `centrality` is how central the first three are in
    this repository, by past commits, definitions and lines, 0 to 1; None: nothing was found.
    `indexed` of `rankable` files were looked into, and `commits` past commits. `missing` says what was not.
    """

    files: tuple[LocatedFile, ...] = ()
    tests: tuple[str, ...] = ()
    ratio: float = 1.0
    size: SizeGuess | None = None
    centrality: float | None = None
    indexed: int = 0
    rankable: int = 0
    commits: int = 0
    missing: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Tell whether every file that ranks was looked into."""
        return self.indexed == self.rankable

    @property
    def files_to_edit(self) -> FileSpan | None:
        """Return how many files four of five commits like the task changed; None where history does not tell."""
        return None if self.size is None else FileSpan(low=self.size.files_low, high=self.size.files_high)

    @property
    def files_to_read(self) -> FileSpan | None:
        """Return how many of `files`, the first ones, are probably read; None without one.

        At most it is those that score at least half of the first, or as many as are edited. Nothing in it is fitted.
        """
        if not self.files:
            return None
        likely = sum(file.score >= _HALF * self.files[0].score for file in self.files)
        edited = self.files_to_edit or FileSpan(low=1, high=1)
        return FileSpan(low=edited.low, high=max(edited.high, likely))

    @property
    def told(self) -> bool:
        """Tell whether the first file is more than a guess: only then is it told as a reason."""
        return self.confidence != "guess"

    @property
    def first(self) -> tuple[str, ...]:
        """Return the path of the first file, if there is one."""
        return tuple(file.path for file in self.files[:1])

    @property
    def sure(self) -> tuple[str, ...]:
        """Return the first three files where the first is sure: tests that touch them are what to check by."""
        return tuple(file.path for file in self.files[:3]) if self.confidence == "sure" else ()

    @property
    def probable(self) -> tuple[str, ...]:
        """Return the files that a first prompt may show: the first and its test, unless it is a guess."""
        return tuple(dict.fromkeys((*self.first, *self.tests[:1]))) if self.told else ()

    @property
    def confidence(self) -> Band:
        """Return how sure the first file is; a guess without one, or where not every file was looked into."""
        return self.files[0].confidence if self.files and self.whole else "guess"
