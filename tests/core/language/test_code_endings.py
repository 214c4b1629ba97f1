"""Which files are code stands in one table. Who needs a part of it takes that part, or says here why it differs."""

from __future__ import annotations

import ast
import re

import pytest
from tests.test_once import SOURCES

from profile_router.core.language.code_endings import CODE_ENDINGS, is_code, is_source
from profile_router.core.language.test_files import helps_tests, is_test

_SHORTEST = 5  # endings of the table in one value: fewer are a case, and no list of what code is
_ENDING = re.compile(r"(?<![a-z])(?:" + "|".join(sorted((one[1:] for one in CODE_ENDINGS), key=len)) + r")(?![a-z])")
_ANY_SCRIPT = "[jt]sx?"  # in an expression
_MAY_LIST = re.compile(r"\[jt\]sx\?|\b(?:js|cjs|kt|java|php)\b")  # few modules are parsed
TABLE = "core/language/code_endings.py"
DIFFER = {
    "core/language/edits.py": "what a goal names with an ending, documents and settings too",
    "core/language/test_files.py": "how the tests of each language are called",
    "core/language/set_up_files.py": "in which languages a runner takes its settings",
    "core/condense/parts.py": "how a fence of code names its language",
    "core/locating/file_terms.py": "what lines define a name in each family of languages",
    "core/locating/path_terms.py": "whose file is a module that is imported by its stem",
    "core/locating/rankable.py": "how programs call what they write",
    "core/trust/steered.py": "how files are called that say what a check runs",
    "core/trust/code_tells.py": "one row for the exit of each language",
    "core/ladder/places_of_tests.py": "the runners that tell a test by its path",
    "checks/linters.py": "in which languages eslint takes its settings",
    "evaluation/located.py": "what was counted when the rows of the measure were made",
    "workspace/outline.py": "one row for each grammar that is installed",
    "workspace/tests_in_lines.py": "whose tests are found line by line, for want of a grammar",
}


def lists_endings(source: str) -> bool:
    """Tell whether a value that *source* binds at its top names many endings of code."""
    values = (node.value for node in ast.parse(source).body if isinstance(node, ast.Assign | ast.AnnAssign))
    return any(value is not None and _named(value) >= _SHORTEST for value in values)


def _named(value: ast.expr) -> int:
    texts = [one.value for one in ast.walk(value) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    scripts = 4 if any(_ANY_SCRIPT in text for text in texts) else 0
    return scripts + len({ending for text in texts for ending in _ENDING.findall(text)})


def test_no_other_module_lists_what_code_is() -> None:
    listed = {
        path.partition("profile_router/")[2]
        for path, source in SOURCES.items()
        if _MAY_LIST.search(source) and lists_endings(source)
    }
    assert listed - set(DIFFER) == {TABLE}
    assert set(DIFFER) <= listed


@pytest.mark.parametrize(
    ("source", "listed"),
    [
        ('_A = ("js", "cjs", "mjs", "ts", "tsx")', True),
        ('_A = expression(r".*\\.(?:py|[cm]?[jt]sx?|go)")', True),
        ('_A: frozenset[str] = frozenset("py rb kt java php".split())', True),
        ('_A = (".py", ".pyi")', False),
        ('_A = "a justifiable script in javascript, perl and python"', False),
    ],
)
def test_a_list_of_endings_is_known_in_any_form(source: str, listed: bool) -> None:
    assert lists_endings(source) is listed


def test_a_script_is_code_that_no_test_imports() -> None:
    assert (is_code("a/run.SH"), is_source("a/run.SH"), is_source("a/Run.Groovy")) == (True, False, True)


@pytest.mark.parametrize(
    ("path", "tests", "helps"),
    [
        ("tests/Made.scala", ["tests/MadeSpec.scala"], True),
        ("tests/Made.groovy", ["tests/MadeSpec.groovy"], True),
        ("tests/main.c", ["tests/test_a.c"], False),
    ],
)
def test_code_beside_tests_helps_them_if_it_cannot_say_which_run(path: str, tests: list[str], helps: bool) -> None:
    assert helps_tests(path, tests) is helps


def test_a_runner_collects_no_component() -> None:
    assert (is_test("src/__tests__/a.tsx"), is_test("src/__tests__/Shown.vue")) == (True, False)
