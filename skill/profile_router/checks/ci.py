"""Which runners the workspace's CI starts. In each line of its files the first word that names a test runner counts.

Only the runner is taken from there, and where unittest looks for tests. A line's other words are written for a machine
with a network and keys.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from profile_router.checks.signs import MOST_SIGN_BYTES, Sign
from profile_router.core.found_check import CheckRunner
from profile_router.expressions import expression
from profile_router.outside.plain_file import read_plain

_FILES = (".gitlab-ci.yml", ".circleci/config.yml", "azure-pipelines.yml", ".travis.yml", "Jenkinsfile")
_WORKFLOWS = ".github/workflows"
_MOST_WORKFLOWS = 20
_CUT = expression(r"&&|\|\||;|\|")
_LEAD = expression(r"\A\s*(?:-\s+)?(?:run|script|command|cmd)?\s*:?\s*(?:\||>)?-?\s*[\"']?")
_PYTHON = expression(r"python(?:3(?:\.\d+)?)?$")
_STARTS: Sequence[tuple[CheckRunner, tuple[str, ...]]] = (
    ("pytest", ("pytest",)),
    ("unittest", ("unittest",)),
    ("tox", ("tox",)),
    ("nox", ("nox",)),
    ("vitest", ("vitest",)),
    ("jest", ("jest",)),
    ("mocha", ("mocha",)),
    ("npm", ("npm", "test")),
    ("npm", ("npm", "run", "test")),
    ("npm", ("yarn", "test")),
    ("npm", ("pnpm", "test")),
    ("cargo", ("cargo", "test")),
    ("go", ("go", "test")),
    ("make", ("make", "test")),
    ("make", ("make", "check")),
    ("gradle", ("gradlew", "test")),
    ("gradle", ("gradle", "test")),
    ("maven", ("mvn", "test")),
    ("maven", ("mvn", "verify")),
    ("rake", ("rake",)),
    ("rspec", ("rspec",)),
    ("phpunit", ("phpunit",)),
)
_WRAPPERS = (("uv", "run"), ("poetry", "run"), ("pipenv", "run"), ("hatch", "run"), ("bundle", "exec"), ("npx",),
             ("coverage", "run", "-m"), ("xvfb-run",), ("time",))  # fmt: skip


def ci_signs(root: Path) -> Iterator[Sign]:
    """Yield the runners that the CI files of the workspace at *root* start, in their order."""
    for name in _names(root):
        try:
            raw = read_plain(root / name, MOST_SIGN_BYTES, links=False)
        except OSError:
            continue
        for line in (raw or b"").decode("utf-8", "replace").splitlines():
            for part in _CUT.split(_LEAD.sub("", line, count=1)):
                if sign := _sign(part, name):
                    yield sign


def _names(root: Path) -> Iterator[str]:
    folder = root / _WORKFLOWS
    if folder.is_dir() and not folder.is_symlink():
        found = sorted(path.name for path in folder.iterdir() if path.suffix in (".yml", ".yaml"))
        yield from (f"{_WORKFLOWS}/{name}" for name in found[:_MOST_WORKFLOWS])
    yield from _FILES


def _sign(text: str, name: str) -> Sign | None:
    if len(text) > 400:
        return None
    try:
        words = shlex.split(text.strip().rstrip("\"'"), comments=True)
    except ValueError:
        return None
    words = _bare(words)
    for runner, start in _STARTS:
        if tuple(words[: len(start)]) == start:
            target = words[1:2] if runner == "make" else ()
            detail = _unittest_words(words) if runner == "unittest" else tuple(target)
            return Sign(runner=runner, source=f"{name} runs {' '.join(start)}", detail=detail)
    return None


def _bare(words: list[str]) -> list[str]:
    """Return *words* without variables, wrappers and the path of the program."""
    while words and re.match(r"\w+=", words[0]):
        words = words[1:]
    for wrapper in _WRAPPERS:
        if tuple(words[: len(wrapper)]) == wrapper:
            return _bare(words[len(wrapper) :])
    if len(words) > 2 and _PYTHON.search(words[0]) and words[1] == "-m":
        return words[2:]
    return [words[0].rpartition("/")[2], *words[1:]] if words else words


def _unittest_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return where unittest is told to look: its options -s, -t and -p, where their values are plain names."""
    long = {"--start-directory": "-s", "--top-level-directory": "-t", "--pattern": "-p"}
    found: list[str] = []
    for option, value in pairwise(words):
        short = long.get(option, option)
        if short in ("-s", "-t", "-p") and re.fullmatch(r"[\w.*?/-]+", value) and not value.startswith(("-", "/")):
            found += [short, value]
    return ("discover", *found) if "discover" in words or found else ()
