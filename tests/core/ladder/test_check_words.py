"""How a check ended, in words that tell what it said before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes import a_task

from profile_router.core.ladder.check_words import UNCOVERED, ended, shows_no_fix, weak_points
from profile_router.core.ladder.difference import Difference
from profile_router.core.ladder.receipt import CheckBefore, CheckResult, Verified
from profile_router.core.telling.work import verified_json, verified_lines
from profile_router.core.trust.unable_check import names_what_it_runs


@pytest.mark.parametrize(
    ("passed", "code", "before", "words"),
    [
        (True, 0, None, "passed"),
        (True, 0, True, "passed, as before"),
        (True, 0, False, "passed, red before"),
        (False, 1, None, "FAILED (exit 1)"),
        (False, 2, True, "FAILED (exit 2, green before)"),
        (False, None, False, "FAILED (exit None, red before)"),
    ],
)
def test_the_words_tell_what_was_before(passed: bool, code: int | None, before: bool | None, words: str) -> None:
    assert ended(passed, code, before) == words


@pytest.mark.parametrize(
    ("goal", "check", "may"),
    [
        ("Write check.sh that runs the tests", "./check.sh", True),
        ("Write check.sh that runs the tests", "bash check.sh", True),
        ("Write tools/check.sh", "sh ./tools/check.sh -v", True),
        ("Fix tests/test_a.py", "pytset tests/test_a.py", False),
        ("Fix the build", "./check.sh", False),
        ("Write check.sh", "echo 'no end", False),
        ("Write check.sh", "", False),
    ],
)
def test_a_check_may_lack_only_what_it_runs_and_the_task_names(goal: str, check: str, may: bool) -> None:
    assert names_what_it_runs(a_task(goal, check=check)) is may


def a_check(code: int, source: str, difference: Difference | None = None) -> CheckResult:
    return CheckResult(
        command="pytest", exit_code=code, seconds=0.1, last_line="", source=source, difference=difference
    )


@pytest.mark.parametrize(
    ("code", "source", "difference", "before", "tests", "nothing"),
    [
        (0, "found", Difference(ran=3, ran_before=3), 0, False, True),
        (0, "found", None, 0, False, True),
        (0, "found", Difference(fixed=("a",), ran=3, ran_before=3), 1, False, False),
        (0, "found", Difference(ran=4, ran_before=3), 0, False, False),
        (0, "found", Difference(ran=3, ran_before=3), 0, True, False),
        (0, "found", None, 1, False, False),
        (0, "found", None, None, False, False),
        (1, "found", Difference(ran=3, ran_before=3), 0, False, False),
        (0, "", Difference(ran=3, ran_before=3), 0, False, False),
    ],
    ids=["green twice", "no report", "one is fixed", "one is new", "a test is another", "was red", "not known before",
         "it fails", "a person named it"],
)  # fmt: skip
def test_a_found_check_that_was_green_and_has_no_new_test_shows_no_fix(
    code: int, source: str, difference: Difference | None, before: int | None, tests: bool, nothing: bool
) -> None:
    was = None if before is None else CheckBefore(check=a_check(before, source))
    assert shows_no_fix(a_check(code, source, difference), was, tests_changed=tests) is nothing


@pytest.mark.parametrize(
    ("source", "difference", "said"),
    [
        ("found", Difference(ran=3, ran_before=3, uncovered=True), [UNCOVERED]),
        ("found", Difference(fixed=("a",), ran=3, ran_before=3, uncovered=True), []),
        ("found", Difference(ran=3, ran_before=3), []),
        ("", Difference(ran=3, ran_before=3, uncovered=True), []),
    ],
    ids=["the workspace's own", "it fixed a test", "a test covers it", "somebody named it"],
)
def test_a_found_check_confirms_no_change_that_no_test_covers(
    source: str, difference: Difference, said: list[str]
) -> None:
    assert weak_points(a_check(0, source, difference)) == said


@pytest.mark.parametrize("source", ["found", ""])
@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize("fixed", [(), ("a",)])
@pytest.mark.parametrize("broke", [(), ("b",)])
def test_that_no_test_covers_the_change_is_told_once(
    source: str, code: int, fixed: tuple[str, ...], broke: tuple[str, ...]
) -> None:
    found = Difference(fixed=fixed, broke=broke, ran=3, ran_before=3, uncovered=True)
    check = replace(a_check(code, source, found), held=False if broke else None, why=found.words if broke else "")
    verified = Verified(check=check, unverified=tuple(weak_points(check)))
    lines = [one.line for one in verified_lines(verified)]
    assert sum(line.count(UNCOVERED) for line in lines) == 1
    told = verified_json(verified)
    assert f"{told['check']['difference']['words']} {told['unverified']}".count(UNCOVERED) == 1


def test_why_a_check_came_to_nothing_is_told_in_place_of_its_tests() -> None:
    check = replace(a_check(1, "found", Difference(uncovered=True)), held=False, why="no test was run, 3 before")
    assert verified_lines(Verified(check=check))[1].line.endswith(" · no test was run, 3 before")
