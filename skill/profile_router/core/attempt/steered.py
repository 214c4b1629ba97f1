"""Which changed files steer a check: they say what it runs, stand for its runner, or tell when tests run. Pure."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping

from profile_router.core.attempt.tests_meant import may_change_tests, names_file
from profile_router.core.language.test_files import changes_tests
from profile_router.core.task import Task

Content = tuple[str, bytes | None, bytes]  # the path, and what it held before (None: it is new) and after

_COMMANDS = re.compile(
    r"(?:GNUm|[Mm])akefile|[Rr]akefile|tox\.ini|noxfile\.py|(?:build|settings)\.gradle(?:\.kts)?|pom\.xml"
)
_SECTIONS = re.compile(rb"^\[tool[.:](?:pytest|tox|unittest|nose)[^\n]*\n(?:(?!\[)[^\n]*\n?)*", re.MULTILINE)
_PACKAGE_KEYS = ("scripts", "jest", "vitest", "mocha", "ava", "tap")
_MODULES = frozenset({*sys.stdlib_module_names, "pytest", "_pytest", "pluggy", "sitecustomize", "usercustomize"})
_CODE = re.compile(r".*\.(?:pyi?|[cm]?[jt]sx?|go|rs|rb|java|kt)", re.DOTALL)
# How code tells that a test runs it, changes the runner, or ends it before it can say anything.
_RUNNER = re.compile(
    rb"\b(?:unittest|_?pytest|PYTEST_\w+|os\._exit|_exit|vitest|VITEST|JEST_WORKER_ID|jest|minitest|Minitest|RSpec)\b"
    rb"|\btesting\.Testing\b|NODE_ENV\W{1,9}test\b"
)


def steering(task: Task, changed: Iterable[Content], command: str, folder: str = "") -> list[str]:
    """Return those of *changed* that steer the check *command* in *folder*, if *task* means neither them nor tests."""
    return [] if may_change_tests(task) else list(_steering(task, changed, command, folder))


def _steering(task: Task, changed: Iterable[Content], command: str, folder: str) -> Iterator[str]:
    words = {word.removeprefix("./") for word in re.split(r"[\s'\"=;&|()]+", command)}
    asked = _RUNNER.search(task.goal.encode("utf-8", "replace")) is not None
    for path, before, after in changed:
        if changes_tests(path):  # a new test does no harm, and another was put back
            continue
        name, inside = path.rpartition("/")[2], path.removeprefix(f"{folder}/") if folder else path
        module = inside.partition("/")[0].removesuffix(".py") if before is None and name.endswith(".py") else ""
        says_what = bool(_COMMANDS.fullmatch(name)) or inside in words or _said(name, before) != _said(name, after)
        tells = not asked and _CODE.fullmatch(name) is not None and _times(after) > _times(before)
        if tells or ((module in _MODULES or says_what) and not names_file(task, path)):
            yield path


def _times(content: bytes | None) -> int:
    return len(_RUNNER.findall(content or b""))


def _said(name: str, content: bytes | None) -> object:
    """Return what a file that says other things, too, tells of tests."""
    if name in {"pyproject.toml", "setup.cfg"}:
        return _SECTIONS.findall(content or b"")
    if name != "package.json":
        return None
    try:
        package = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return content
    return [package.get(key) for key in _PACKAGE_KEYS] if isinstance(package, Mapping) else content
