"""Which files are tests, by their names: the conventions of the runners that a check is found for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from profile_router.core.language.code_endings import C_ENDINGS, SCRIPT_ENDINGS, is_source
from profile_router.expressions import expression

_NAMED = expression(
    r"""(?x)
    test_[^/]*\.(?:py|rb|c|cc|cpp|sh)
    | [^/]+_test\.(?:c|cc|cpp|sh) | [^/]+\.bats
    | test\.py | tests\.py | [^/]+_test\.(?:py|go|rb|dart|exs) | [^/]+_spec\.rb
    | [^/]+[.-](?:test|spec|cy)\.[cm]?[jt]sx? | test\.[cm]?js
    | (?:Test|IT)[A-Z][^/]*\.(?:java|kt) | [^/]+(?:Test|Tests|TestCase|IT|Spec)\.(?:java|kt|scala|groovy|cs|php)
    """
)
_FOLDERS = frozenset({"__tests__"})
_SUPPORT = frozenset({"conftest.py", "test_helper.rb", "spec_helper.rb", "rails_helper.rb"})
_DATA_FOLDERS = frozenset({"__snapshots__", "__fixtures__", "testdata", "fixtures", "snapshots", "data", "golden"})
_SUPPORT_FOLDERS = frozenset({"__snapshots__", "__fixtures__", "testdata", "tests"})
# Deeper, `test` and `spec` are as often product code: `django/test/client.py`, `api/spec/openapi.yaml`.
_AT_TOP = expression(
    r"(?:test|spec)/|(?:[^/]+/)*src/test/|(?:packages|crates|apps|libs|modules|services|plugins)/[^/]+/test/"
)
_PERL = expression(r"(?:^|/)x?t/(?:[^/]+/)*[^/]+\.(?:t|pl|pm)")
_WORDS = expression(r"(?:^|[_.-])(?:tests?|spec|it)(?=$|[_.-])", re.IGNORECASE)
_CAMEL = expression(r"^Test(?=[A-Z])|(?:Tests?|TestCase|IT|Spec)$")


def is_test(path: str) -> bool:
    """Tell whether *path* (POSIX) names a file that a test runner collects."""
    *folders, name = path.split("/")
    if _NAMED.fullmatch(name):
        return True
    if folders and folders[-1] == "tests" and name.endswith(".rs"):
        return True
    return not _FOLDERS.isdisjoint(folders) and name.endswith(SCRIPT_ENDINGS)


def changes_tests(path: str) -> bool:
    """Tell whether *path* is a test, or what tests are made of: their set-up, scripts, snapshots and data."""
    *folders, name = path.split("/")
    if is_test(path) or name in _SUPPORT or not _SUPPORT_FOLDERS.isdisjoint(folders):
        return True
    return bool(_AT_TOP.match(path) or _PERL.search(path))


def helps_tests(path: str, tests: Iterable[str]) -> bool:
    """Tell whether *path* is code that *tests* use, and not a test itself. A runner collects the files *tests*.

    Where none of them is in its language below the same folder, it may be what is run. Then it does not help. Set-up,
    snapshots and data never are.
    """
    *folders, name = path.split("/")
    top, ending = folders[0] if folders else "", name.rpartition(".")[2]
    data = _DATA_FOLDERS.isdisjoint(folders)
    if not data or is_test(path) or name in _SUPPORT or not changes_tests(path):
        return False
    if not is_source(path) or name.endswith(C_ENDINGS):  # of tests in C, one file says which of them run
        return False
    return any(test != path and test.startswith(f"{top}/") and test.endswith(f".{ending}") for test in tests)


def sets_up_tests(path: str) -> bool:
    """Tell whether *path* is a file that tests are set up by, such as conftest.py."""
    return path.rpartition("/")[2] in _SUPPORT


def test_subject(path: str) -> str:
    """Return the stem that the test *path* is named after: `money` of `tests/test_money.py`; empty without one."""
    stem = path.rpartition("/")[2].partition(".")[0]
    bare = _CAMEL.sub("", stem)
    if bare == stem:
        bare = _WORDS.sub("", stem).strip("_.-")
    return bare if bare != stem or ".test." in path or ".spec." in path else ""
