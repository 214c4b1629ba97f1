"""Tests that an attempt took away are told by names and counts, never by lines; what moves or is renamed stays."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.fakes import a_policy

from profile_router.core.attempt.failed_work import verification_failure
from profile_router.core.ladder.receipt import CheckResult, Verified
from profile_router.core.telling.work import verified_json, verified_lines
from profile_router.core.trust.taken_tests import HeldTest, TakenTests, taken_tests

A, B = "tests/test_a.py", "tests/test_b.py"


def a_test(
    name: str, cases: int = 1, *, many: bool = False, checks: int = 1, tests_code: bool = True, off: bool = False
) -> HeldTest:
    return HeldTest(name=name, cases=cases, many=many, checks=checks, tests_code=tests_code, off=off)


def taken(before: Sequence[HeldTest], after: Sequence[HeldTest], moved: Sequence[HeldTest] = ()) -> TakenTests:
    return taken_tests({A: before, B: ()}, {A: after, B: moved})


@pytest.mark.parametrize(
    ("before", "after", "removed", "off", "hollow"),
    [
        ([a_test("a"), a_test("b")], [], 2, (), ()),
        ([a_test("a"), a_test("b")], [a_test("a")], 1, (), ()),
        ([a_test("a", 12)], [a_test("a", 5)], 7, (), ()),
        ([a_test("a")], [a_test("a", off=True), a_test("b")], 0, ("a",), ()),
        ([a_test("a")], [a_test("a", checks=0), a_test("b"), a_test("c")], 0, (), ("a",)),
        ([a_test("a", checks=0)], [a_test("a", checks=0, tests_code=False)], 0, (), ("a",)),
        ([a_test("a"), a_test("b")], [a_test("c", tests_code=False, checks=0)], 2, (), ()),
    ],
)
def test_what_is_gone_off_or_hollow_is_taken(
    before: Sequence[HeldTest], after: Sequence[HeldTest], removed: int, off: tuple[str, ...], hollow: tuple[str, ...]
) -> None:
    found = taken(before, after)
    assert (found.removed, found.off, found.hollow, found.files) == (removed, off, hollow, (A,))


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ([a_test("a")], [a_test("a"), a_test("b")], []),
        ([a_test("a")], [a_test("b")], []),
        ([a_test("a"), a_test("b")], [a_test("b")], [a_test("a")]),
        ([a_test(f"a{at}") for at in range(12)], [a_test("x", 4), a_test("y", 4), a_test("z", 4)], []),
        ([a_test(f"a{at}") for at in range(12)], [a_test("x", many=True)], []),
        ([a_test("a", off=True)], [], []),
        ([a_test("a", checks=0, tests_code=False)], [], []),
        ([a_test("a", checks=5)], [a_test("a", checks=1)], []),
        ([], [a_test("a")], []),
    ],
)
def test_what_is_added_renamed_moved_or_parametrized_is_not(
    before: Sequence[HeldTest], after: Sequence[HeldTest], moved: Sequence[HeldTest]
) -> None:
    assert not taken(before, after, moved)


def test_it_is_told_in_a_sentence_and_fails_the_work() -> None:
    found = taken([a_test("a"), a_test("b"), a_test("c")], [a_test("b", off=True), a_test("c", checks=0)])
    said = "it removed 1 test and switched off b and left c without a check in tests/test_a.py"
    assert found.words() == said
    assert found.words([A]) == f"{said}; what was there is put back"
    assert found.words([B]) == said
    failure = verification_failure(Verified(taken_tests=said), a_policy())
    assert failure is not None
    assert (failure.cause, failure.message) == ("verification-failed", said)
    assert verification_failure(Verified(), a_policy()) is None


def test_progress_and_the_result_say_it_beside_a_check_that_failed() -> None:
    said = "it removed 4 tests in tests/test_a.py; what was there is put back"
    check = CheckResult(command="pytest", exit_code=1, seconds=0.1, last_line="")
    found = Verified(check=check, taken_tests=said, put_back=(A,))
    assert ("check", False, said) in [(one.about, one.passed, one.line) for one in verified_lines(found)]
    assert verified_json(found)["taken_tests"] == said
    failure = verification_failure(found, a_policy())
    assert failure is not None
    assert failure.message == f"pytest: exit 1 · {said}"
