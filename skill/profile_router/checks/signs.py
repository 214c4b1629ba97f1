"""Which runners a folder's own files configure: read as text, bounded, and never run.

A sign is a runner with the sentence that says where it was seen. The files are a stranger's: links are not followed,
and what cannot be read is not a sign.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import chain
from pathlib import Path
from typing import Any

from profile_router.core.found_check import CheckRunner
from profile_router.core.language.set_up_files import MAKEFILES, SET_UP_FILES
from profile_router.core.language.test_files import is_test
from profile_router.expressions import expression
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.outside.plain_file import read_plain
from profile_router.values import frozen, mutable

MOST_SIGN_BYTES = 256 * 1024  # of one file
_MOST_TESTS = 60  # Python tests that are looked into, to tell pytest's from unittest's

# What makes a folder a project of its own, within a larger workspace.
PROJECT_FILES = (
    "pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "noxfile.py", "package.json", "Cargo.toml",
    "go.mod", "build.gradle", "build.gradle.kts", "pom.xml", "Rakefile", "Gemfile", "Makefile",
    *SET_UP_FILES["pytest"], *SET_UP_FILES["rspec"], *SET_UP_FILES["phpunit"],
)  # fmt: skip
_GRADLE = ("build.gradle", "build.gradle.kts")
_REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "dev-requirements.txt", "requirements/dev.txt",
                 "requirements/test.txt", "requirements-test.txt", "test-requirements.txt")  # fmt: skip
_PYTEST_IN = (
    ("pyproject.toml", expression(r"^\[tool\.pytest\b", re.MULTILINE), "configures pytest"),
    ("setup.cfg", expression(r"^\[tool:pytest\]", re.MULTILINE), "configures pytest"),
    ("tox.ini", expression(r"^\[pytest\]", re.MULTILINE), "configures pytest"),
    ("pyproject.toml", expression(r"""["']pytest(?:[<>=~!\[ ;"'])|^pytest\s*=""", re.MULTILINE), "asks for pytest"),
    *((name, expression(r"^pytest\b", re.MULTILINE), "asks for pytest") for name in _REQUIREMENTS),
)
_IMPORTED = (
    r"^[ \t]*(?:from[ \t]+|import[ \t]+(?:[\w.]++(?:[ \t]+as[ \t]+\w+)?[ \t]*,[ \t]*)*)"  # also: import sys, pytest
)
_PYTEST_IMPORT = expression(rf"{_IMPORTED}pytest\b", re.MULTILINE)
_PYTEST_TEST = expression(r"^(?:async )?def test_", re.MULTILINE)
# A class that no other class made: those of Django and others need what only their own runner sets up.
_PYTEST_CLASS = expression(r"^class Test\w*(?:\([ \t]*(?:object)?[ \t]*\))?[ \t]*:", re.MULTILINE)
_METHOD = expression(r"^[ \t]+(?:async )?def test_", re.MULTILINE)
_UNITTEST_TEXT = expression(rf"{_IMPORTED}unittest\b", re.MULTILINE)
_TARGET = expression(r"^(test|check):(?!=)", re.MULTILINE)
_RAKE = expression(
    r"TestTask\.new(?:\(:(\w+)|\s*(?=do|\{|$))|RSpec::Core::RakeTask\.new(?:\(:(\w+))?|task\s+:?(test|spec)\b"
)
_NO_TESTS = "no test specified"
_NODE_RUNNERS: Sequence[CheckRunner] = ("vitest", "jest", "mocha")
_NODE_NEEDS = ("devDependencies", "dependencies")
LOCKED_RSPEC = expression(r"^ +rspec(?:-core)? \(", re.MULTILINE)
_RSPEC_IN = (
    ("Gemfile", expression(r"""^[ \t]*gem[ (]+["']rspec(?:-\w+)?["']""", re.MULTILINE), "asks for rspec"),
    ("Gemfile.lock", LOCKED_RSPEC, "names rspec"),
)
# How `scripts.test` of a package.json begins where it is one of these runners. The words after that are run as they
# are.
_SCRIPTS: Sequence[tuple[CheckRunner, re.Pattern[str]]] = (
    ("vitest", expression(r"(?:npx )?vitest(?: run| --run)?(?: --[\w-]+(?:=[\w./-]+)?)*\s*")),
    ("jest", expression(r"(?:npx )?jest(?: --[\w-]+(?:=[\w./-]+)?)*\s*")),
    ("mocha", expression(r"(?:npx )?mocha(?: --exit)?\s*")),  # what else it may be told changes which tests it loads
)


@frozen
class Sign:
    """A runner that a file tells of. `detail` is what the runner must be told: a target of make, a script's words, or
    where unittest begins. `by_name`: the runner stands in a list of packages, and nothing else tells of it."""

    runner: CheckRunner
    source: str
    detail: tuple[str, ...] = ()
    by_name: bool = False


@mutable
class Project:
    """One folder of the workspace at `root`. `folder` is relative to the root. `files` are the tracked files below that
    folder, relative to the folder."""

    root: Path
    folder: str
    files: Sequence[str]
    _read: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the text of the file *name* of the folder; empty where it is not there, too large, or not readable."""
        if name not in self._read:
            try:
                raw = read_plain(self.root / self.folder / name, MOST_SIGN_BYTES, links=False)
            except (OSError, ValueError):
                raw = None
            self._read[name] = (raw or b"").decode("utf-8-sig", "replace")
        return self._read[name]

    def has(self, name: str) -> bool:
        """Tell whether the folder has the file or folder *name*, be it ignored by git or not."""
        return (self.root / self.folder / name).exists()

    @property
    def tests(self) -> tuple[str, ...]:
        """Return the folder's test files."""
        return tuple(path for path in self.files if is_test(path))


def signs(project: Project) -> Iterator[Sign]:
    """Yield the runners that the files of *project* configure, for each language the surest first."""
    for look in (_pytest, _unittest, _tox, _nox, _node, _cargo, _go, _gradle, _maven, _rake, _rspec, _phpunit, _make):
        yield from look(project)


def _set_up(project: Project, runner: CheckRunner) -> Sign | None:
    """Return the sign of the first file that sets *runner* up; None without one."""
    named = next((name for name in SET_UP_FILES[runner] if project.has(name)), None)
    return Sign(runner=runner, source=f"{named} configures {runner}") if named else None


def _pytest(project: Project) -> Iterator[Sign]:
    if set_up := _set_up(project, "pytest"):
        yield set_up
        return
    for name, pattern, said in _PYTEST_IN:
        if pattern.search(project.text(name)):
            yield Sign(runner="pytest", source=f"{name} {said}")
            return
    named = next((name for name in ("conftest.py", "tests/conftest.py", "test/conftest.py") if project.has(name)), None)
    named = named or _first(project, _for_pytest, unless=_UNITTEST_TEXT)
    if named:
        yield Sign(runner="pytest", source=f"{named} is written for pytest")


def _unittest(project: Project) -> Iterator[Sign]:
    if named := _first(project, lambda text: bool(_UNITTEST_TEXT.search(text))):
        yield Sign(runner="unittest", source=f"{named} is written for unittest")


def _for_pytest(text: str) -> bool:
    """Tell whether *text* has a test that pytest collects by its defaults, and unittest does not."""
    in_class = _PYTEST_CLASS.search(text) and _METHOD.search(text)
    return bool(in_class or _PYTEST_TEST.search(text) or _PYTEST_IMPORT.search(text))


def _first(project: Project, wanted: Callable[[str], bool], *, unless: re.Pattern[str] | None = None) -> str:
    """Return the first Python test whose text is *wanted*, and has not *unless*; empty without one."""
    for path in [path for path in project.tests if path.endswith(".py")][:_MOST_TESTS]:
        text = project.text(path)
        if unless is not None and unless.search(text) and not _PYTEST_IMPORT.search(text):
            continue
        if wanted(text):
            return path
    return ""


def _tox(project: Project) -> Iterator[Sign]:
    if re.search(r"^\[(?:tox|testenv)\b", project.text("tox.ini"), re.MULTILINE):
        yield Sign(runner="tox", source="tox.ini configures tox")
    elif re.search(r"^\[tool\.tox\b", project.text("pyproject.toml"), re.MULTILINE):
        yield Sign(runner="tox", source="pyproject.toml configures tox")


def _nox(project: Project) -> Iterator[Sign]:
    sessions = re.findall(r"^def (tests?|unit|pytest)\(", project.text("noxfile.py"), re.MULTILINE)
    if sessions:
        yield Sign(runner="nox", source=f"noxfile.py has the session {sessions[0]}", detail=(sessions[0],))


def _node(project: Project) -> Iterator[Sign]:
    package = _json(project.text("package.json"))
    scripts = package.get("scripts")
    script = scripts.get("test") if isinstance(scripts, dict) else None
    if not isinstance(script, str) or not script.strip() or _NO_TESTS in script:
        yield from _node_configured(project, package)
        return
    for runner, pattern in _SCRIPTS:
        if pattern.fullmatch(script.strip()):
            yield Sign(runner=runner, source=f"package.json runs {runner} as its test script")
            return
    yield Sign(runner="npm", source="package.json has a test script", detail=(script.strip(),))


def _node_configured(project: Project, package: Mapping[str, Any]) -> Iterator[Sign]:
    """Yield the runners that are configured, or else asked for, where a package has no test script."""
    for runner in _NODE_RUNNERS:
        if set_up := _set_up(project, runner):
            yield set_up
        elif runner in package:
            yield Sign(runner=runner, source=f"package.json configures {runner}")
    needed = {name for key in _NODE_NEEDS if isinstance(found := package.get(key), dict) for name in found}
    for one in _NODE_RUNNERS:
        if one in needed:
            yield Sign(runner=one, source=f"package.json asks for {one}", by_name=True)


def _json(text: str) -> Mapping[str, Any]:
    try:
        found = read_json(text) if text else {}
    except UnreadableJson:
        return {}
    return found if isinstance(found, dict) else {}


def _cargo(project: Project) -> Iterator[Sign]:
    if project.has("Cargo.toml"):
        yield Sign(runner="cargo", source="Cargo.toml makes it a Rust package")


def _go(project: Project) -> Iterator[Sign]:
    if project.has("go.mod") and project.tests:
        yield Sign(runner="go", source="go.mod makes it a Go module with tests")


def _gradle(project: Project) -> Iterator[Sign]:
    named = next((name for name in _GRADLE if project.has(name)), None)
    if named:
        yield Sign(runner="gradle", source=f"{named} builds with Gradle")


def _maven(project: Project) -> Iterator[Sign]:
    if project.has("pom.xml"):
        yield Sign(runner="maven", source="pom.xml builds with Maven")


def _rake(project: Project) -> Iterator[Sign]:
    if found := _RAKE.search(project.text("Rakefile")):
        task = found[1] or found[2] or found[3] or ("spec" if "RSpec" in found[0] else "test")
        yield Sign(runner="rake", source=f"Rakefile has the task {task}", detail=(task,))


def _rspec(project: Project) -> Iterator[Sign]:
    if set_up := _set_up(project, "rspec"):
        yield set_up
        return
    asked = (f"{name} {said}" for name, pattern, said in _RSPEC_IN if pattern.search(project.text(name)))
    specs = [f"{path} is written for rspec" for path in project.tests if path.endswith("_spec.rb")]
    if source := next(chain(asked, specs), ""):
        yield Sign(runner="rspec", source=source, by_name=not specs)


def _phpunit(project: Project) -> Iterator[Sign]:
    if set_up := _set_up(project, "phpunit"):
        yield set_up


def _make(project: Project) -> Iterator[Sign]:
    for name in MAKEFILES:
        if targets := _TARGET.findall(project.text(name)):
            target = "test" if "test" in targets else targets[0]
            yield Sign(runner="make", source=f"{name} has the target {target}", detail=(target,))
            return
