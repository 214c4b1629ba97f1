"""A check that no person named: the workspace's own, found in its files, or one that a model wants.

It runs the repository's code, so it runs in a jail, or not at all.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Literal

CheckRunner = Literal[
    "pytest",
    "unittest",
    "tox",
    "nox",
    "vitest",
    "jest",
    "npm",
    "cargo",
    "go",
    "make",
    "gradle",
    "maven",
    "rake",
    "ruff",
    "flake8",
    "mypy",
    "eslint",
    "tsc",
    "vet",
    "command",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCheck:
    """A check, or a linter, that the task does not name.

    `words` are its command line, for no shell, in `folder`, relative to the workspace (empty: its root). It is narrowed
    to the test files `tests`, relative to the workspace; empty: it is `whole`, which consent binds to. `source` is the
    sentence that says where it was found, `refused` why it may not run; empty: it runs. `only_if_changed`: the task may
    ask for no edit, and where no file changed there is nothing to check. `weak`: a linter, for want of a test.
    `proposed`: the chat's model wants it, as a command of its own.
    """

    runner: CheckRunner
    words: tuple[str, ...]
    whole: tuple[str, ...]
    source: str
    folder: str = ""
    tests: tuple[str, ...] = ()
    refused: str = ""
    only_if_changed: bool = False
    weak: bool = False
    proposed: bool = False

    @property
    def command(self) -> str:
        """Return the command line as a shell would be given it."""
        return shlex.join(self.words)

    @property
    def unrun(self) -> str:
        """Return that it was found and not run, and why."""
        how = "asked for" if self.proposed else "found"
        return f"the check `{shlex.join(self.whole)}` was {how} and not run: {self.refused}"
