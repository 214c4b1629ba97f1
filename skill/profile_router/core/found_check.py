"""A check that no person named: the workspace's own, found in its files, or one that a model wants.

It runs the repository's code, so it runs in a jail, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from profile_router.core.text import exactly
from profile_router.values import frozen

Unagreed = Literal["unasked", "declined"]
UNAGREED: Mapping[Unagreed, str] = {"unasked": "nobody agreed to it", "declined": "it was declined"}
_LONGEST = 1_000  # characters of the whole command line: whoever is asked must be able to read it

CheckRunner = Literal[
    "pytest",
    "unittest",
    "tox",
    "nox",
    "vitest",
    "jest",
    "mocha",
    "npm",
    "cargo",
    "go",
    "make",
    "gradle",
    "maven",
    "rake",
    "rspec",
    "phpunit",
    "ruff",
    "flake8",
    "mypy",
    "eslint",
    "tsc",
    "vet",
    "command",
]


def _spelled(words: Sequence[str]) -> str:
    """Return *words* as a shell would be given them."""
    import shlex  # a route in a folder finds no check

    return shlex.join(words)


@frozen
class CheckQuestion:
    """What somebody is asked before a check runs: `asked` is the question, `why` explains it.

    `digest` is of command and folder. By it programs tell questions apart, which are given them as one text.
    """

    asked: str
    why: str
    digest: str

    def __str__(self) -> str:
        """Return the question as a person reads it."""
        return f"{self.asked} ({self.why})"

    @property
    def for_programs(self) -> str:
        """Return the question as one text that no other check has."""
        return f"{self.asked} ({self.why}; {self.digest})"


@frozen
class FoundCheck:
    """A check, or a linter, that the task does not name.

    `words` are its command line, for no shell, in `folder`, relative to the workspace (empty: its root). It is narrowed
    to the test files `tests`, relative to the workspace; empty: it is `whole`, which consent binds to. `source` is the
    sentence that says where it was found, `refused` why it may not run; empty: it runs. `unagreed`: only an answer is
    missing, or says no. `only_if_changed`: the task may ask for no edit, and where no file changed there is nothing to
    check. `weak`: a linter, for want of a test. `proposed`: the chat's model wants it, as a command of its own.
    `guessed`: the task names no file, and it is narrowed to the tests of those where it likely works.
    """

    runner: CheckRunner
    words: tuple[str, ...]
    whole: tuple[str, ...]
    source: str
    folder: str = ""
    tests: tuple[str, ...] = ()
    refused: str = ""
    unagreed: Unagreed | None = None
    only_if_changed: bool = False
    weak: bool = False
    proposed: bool = False
    guessed: bool = False

    @property
    def command(self) -> str:
        """Return the command line as a shell would be given it."""
        return _spelled(self.words)

    @property
    def asked(self) -> str:
        """Return the whole command line as somebody is asked about it: none of it cut, and like no other."""
        return exactly(_spelled(self.whole))

    @property
    def too_long(self) -> str:
        """Return why nobody can be asked about it; empty where it can be read."""
        length = len(self.asked)
        return f"it has {length:,} characters as it is shown (at most {_LONGEST:,})" if length > _LONGEST else ""

    @property
    def unrun(self) -> str:
        """Return that it was found and not run, and why."""
        how = "asked for" if self.proposed else "found"
        return f"the check `{_spelled(self.whole)}` was {how} and not run: {self.refused}"

    @property
    def briefly(self) -> str:
        """Return why it may not run without what would let it."""
        return UNAGREED[self.unagreed] if self.unagreed else self.refused
