"""A task means the tests where it asks to change them, not where they measure its work."""

from __future__ import annotations

import pytest
from tests.fakes import a_task

from profile_router.core.trust.tests_meant import may_change_tests, may_have_fewer, means_tests, names_file

MEANT = (
    "Add a test for add()",
    "Write unit tests for the parser",
    "Update the tests after the rename",
    "Improve test coverage of calc.py",
    "Add one test for m1 to tests/",
    "Refactor the tests",
    "Rename foo to bar everywhere, including tests",
    "Fix the docs and add tests",
    "Add a regression test for the crash",
)
MEASURE = (
    "Fix add in calc.py",
    "Make the tests pass",
    "Fix add so that the tests pass",
    "The test test_add fails; fix calc.py",
    "Fix the failing test",
    "Get the test suite green",
    "Fix the bug; run the tests afterwards",
    "Fix it without changing the tests",
    "Do not change the tests, fix calc.py",
    "Update calc.py to make the tests pass",
    "Add a flag --fast and test it",
    "Change add until all tests are green",
    "Add validation; tests must pass",
)


@pytest.mark.parametrize("goal", MEANT)
def test_a_task_that_asks_to_change_tests_means_them(goal: str) -> None:
    assert means_tests(a_task(goal))


@pytest.mark.parametrize("goal", MEASURE)
def test_tests_that_measure_the_work_are_not_meant(goal: str) -> None:
    assert not means_tests(a_task(goal))
    assert not may_change_tests(a_task(goal))
    assert not may_have_fewer(a_task(goal))


@pytest.mark.parametrize("goal", ["Rename add to plus in calc.py", "Refactor Calc", "Change the signature of add"])
def test_tests_may_change_with_what_they_call_but_not_become_fewer(goal: str) -> None:
    assert may_change_tests(a_task(goal))
    assert not may_have_fewer(a_task(goal))


@pytest.mark.parametrize("goal", ["Remove the old parser", "Delete calc.py", "Drop Python 3.8", "Revert the new cache"])
def test_of_what_is_removed_the_tests_may_go_too(goal: str) -> None:
    assert may_have_fewer(a_task(goal))


@pytest.mark.parametrize(
    ("goal", "fewer"),
    [
        ("Add a test for add()", False),
        ("Write unit tests for the parser", False),
        ("Fix parse and add one test for it", False),
        ("Update the tests after the change", True),
        ("Improve the parser and rewrite its tests", True),
        ("Parametrize the tests of the parser", True),
        ("Merge the two test files", True),
    ],
)
def test_whoever_asks_to_add_tests_asks_to_take_none_away(goal: str, fewer: bool) -> None:
    assert means_tests(a_task(goal))
    assert may_have_fewer(a_task(goal)) == fewer


@pytest.mark.parametrize(
    ("goal", "files", "path", "names"),
    [
        ("Rewrite tests/test_a.py", (), "tests/test_a.py", True),
        ("Rewrite test_a.py", (), "tests/test_a.py", True),
        ("Clean up tests/", (), "tests/unit/test_a.py", True),
        ("Fix it", ("tests/test_a.py",), "tests/test_a.py", True),
        ("Fix calc.py", ("calc.py",), "tests/test_calc.py", False),
    ],
)
def test_a_file_is_named_by_its_path_its_name_or_a_folder_above(
    goal: str, files: tuple[str, ...], path: str, names: bool
) -> None:
    assert names_file(a_task(goal, files=files), path) is names
