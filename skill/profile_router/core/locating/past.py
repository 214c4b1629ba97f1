"""What commits like a task changed: their files, and how large they were. Pure.

Likeness is the cosine of the weighed parts of two titles.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from profile_router.core.locating.task_terms import TaskTerms
from profile_router.core.locating.terms import number_of
from profile_router.values import frozen

MOST_LIKE = 30
_MOST_FILES = 60  # a commit of more files says nothing of where


@frozen(kw_only=False)
class PastCommit:
    """A change of the past: the numbers of its title's parts, hand-written lines (below 0: not known), and files."""

    title: Sequence[int]
    lines: int
    files: tuple[str, ...]


@frozen
class PackedPast:
    """Many commits, newest first, packed so that a task is compared with all of them at once.

    `titles` are the parts of all titles, one after the other; `ends` where each title ends, `norms` how long it is as a
    vector. `lines` and `sizes` (files) go by the number of a commit. `touched` is how many of them changed each file.
    """

    titles: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("I"))
    norms: array[float] = field(default_factory=lambda: array("f"))
    lines: array[int] = field(default_factory=lambda: array("i"))
    sizes: array[int] = field(default_factory=lambda: array("I"))
    touched: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ends)


def packed(commits: Sequence[PastCommit]) -> PackedPast:
    """Return *commits* packed."""
    counted = Counter(number for commit in commits for number in commit.title)
    rare = {number: math.log(1 + len(commits) / times) for number, times in counted.items()}
    titles, ends, norms = array("q"), array("I"), array("f")
    touched: Counter[str] = Counter()
    for commit in commits:
        titles.extend(commit.title)
        ends.append(len(titles))
        norms.append(math.sqrt(sum(rare[number] ** 2 for number in commit.title)))
        if len(commit.files) <= _MOST_FILES:
            touched.update(commit.files)
    return PackedPast(
        titles=titles,
        ends=ends,
        norms=norms,
        lines=array("i", (commit.lines for commit in commits)),
        sizes=array("I", (len(commit.files) for commit in commits)),
        touched=touched,
    )


def alike(task: TaskTerms, past: PackedPast) -> list[tuple[float, int]]:
    """Return the MOST_LIKE commits of *past* that are most like *task*, with their likeness, 0 to 1, from the first."""
    wanted = {number_of("part", part): weight for part, weight in task.parts.items()}
    hits = [(at, number) for at, number in enumerate(past.titles) if number in wanted]
    rare = {number: math.log(1 + len(past) / times) for number, times in Counter(number for _, number in hits).items()}
    mine = math.sqrt(sum((wanted[number] * each) ** 2 for number, each in rare.items()))
    found: dict[int, float] = defaultdict(float)
    for at, number in hits:
        found[bisect_right(past.ends, at)] += wanted[number] * rare[number] ** 2
    best = ((score / (mine * past.norms[commit]), commit) for commit, score in found.items() if past.norms[commit])
    return sorted(best, key=lambda pair: (-pair[0], pair[1]))[:MOST_LIKE]


def changed_by(like: Iterable[tuple[float, Sequence[str]]]) -> dict[str, float]:
    """Return the files of commits like the task, each with its likeness: those of few files count more."""
    found: dict[str, float] = defaultdict(float)
    for likeness, files in like:
        if 0 < len(files) <= _MOST_FILES:
            for path in files:
                found[path] += likeness * likeness / math.sqrt(len(files))
    return dict(found)
