"""The workspace's own check, found in its files. It runs the repository's code, so it runs in a jail, or not at all."""

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
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCheck:
    """A check, or a linter, that the task does not name.

    `words` are its command line, for no shell, in `folder`, relative to the workspace (empty: its root). It is narrowed
    to the test files `tests`, relative to the workspace; empty: it is `whole`, which consent binds to. `source` is the
    sentence that says where it was found, `refused` why it may not run; empty: it runs. `only_if_changed`: the task may
    ask for no edit, and where no file changed there is nothing to check. `weak`: a linter, for want of a test.
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

    @property
    def command(self) -> str:
        """Return the command line as a shell would be given it."""
        return shlex.join(self.words)

    @property
    def unrun(self) -> str:
        """Return that it was found and not run, and why."""
        return f"the check `{shlex.join(self.whole)}` was found and not run: {self.refused}"
