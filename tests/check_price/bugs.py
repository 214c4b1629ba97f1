"""Small repositories with a bug planted for each task, and the answers that work on them may come to.

A task has a text, the gold patch, and tests before and after it. What is right and what is wrong is known by how an
answer was made; `hidden` is a test that no answer and no check sees, by which that is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "gold", "gold and its test", "unchanged", "reverted", "syntax", "elsewhere", "emptied", "plausible", "overfit"
]
RIGHT: tuple[Kind, ...] = ("gold", "gold and its test")
WRONG: tuple[Kind, ...] = ("unchanged", "reverted", "syntax", "elsewhere", "emptied", "plausible", "overfit")


@dataclass(frozen=True, slots=True)
class Edit:
    """In the file `path` the text `old`, which stands there once, becomes `new`. An empty `old`: the file is made."""

    path: str
    old: str
    new: str

    def made_in(self, files: Mapping[str, str]) -> dict[str, str]:
        """Return *files* with this edit made. Raises ValueError where it does not fit."""
        if not self.old:
            return {**files, self.path: self.new}
        if files.get(self.path, "").count(self.old) != 1:
            raise ValueError(f"{self.path} has {self.old!r} not once")
        return {**files, self.path: files[self.path].replace(self.old, self.new)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedBug:
    """One task. `gold` fixes it, `covers` adds the test for it, `elsewhere` breaks what is near once it is fixed.

    `cosmetic` changes its file and fixes nothing. `plausible` and `overfit` are what one who is wrong would write. The
    first is a mistake, the second an answer for the example of the text alone. `emptied` is what the test file becomes
    that has the test (`covers` names it). `hidden` is a file with its text, and the command that runs it.
    """

    name: str
    goal: str
    gold: Edit
    covers: Edit
    elsewhere: Edit
    cosmetic: Edit
    plausible: Edit
    overfit: Edit
    emptied: str
    hidden: tuple[str, str, str]
    broken: str = "\n)(\n"

    def answers(self, files: Mapping[str, str], *, covered: bool) -> Iterator[tuple[Kind, Mapping[str, str]]]:
        """Yield each kind of answer to the repository *files*, in which the test for the bug is there or not."""
        gold = self.gold.made_in(files)
        yield "gold", gold
        if not covered:
            yield "gold and its test", self.covers.made_in(gold)
        yield "unchanged", dict(files)
        yield "reverted", self.cosmetic.made_in(files)
        yield "syntax", {**gold, self.gold.path: gold[self.gold.path] + self.broken}
        yield "elsewhere", self.elsewhere.made_in(gold)
        yield "emptied", {**self.cosmetic.made_in(files), self.covers.path: self.emptied}
        yield "plausible", self.plausible.made_in(files)
        yield "overfit", self.overfit.made_in(files)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuggyRepository:
    """A repository: its `files` with all bugs in them, the programs it `needs`, and the check that one would name."""

    name: str
    language: str
    needs: tuple[str, ...]
    files: Mapping[str, str]
    named: str
    bugs: Sequence[PlantedBug]

    def as_found(self, bug: PlantedBug, *, covered: bool) -> Mapping[str, str]:
        """Return the files that the task on *bug* begins with, with or without the test for it."""
        return bug.covers.made_in(self.files) if covered else self.files
