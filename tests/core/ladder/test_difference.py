"""A check is judged by what is different since before: by its tests if known, else by its code."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.core.ladder.difference import Judgement, compared, judged_check
from profile_router.core.ladder.places_of_tests import FilesOfTests
from profile_router.core.ladder.report import CheckReport
from profile_router.reports.reading import read_report

A, B, C = "tests/test_a.py::test_x", "tests/test_b.py::test_y", "tests/test_c.py::test_z"
NAMES = st.lists(st.sampled_from([A, B, C]), unique=True, max_size=3).map(tuple)


def report(*failed: str, ran: int | None = 9, whole: bool = True) -> CheckReport:
    return CheckReport(runner="pytest", failed=failed, ran=ran, whole=whole)


def judge(
    before: CheckReport | None,
    after: CheckReport | None,
    *,
    code: int | None = 1,
    code_before: int | None = 1,
    touching: Collection[str] | None = ("tests/test_a.py",),
    far: Collection[str] = ("tests/test_a.py", "tests/test_b.py", "tests/test_c.py"),
    again: CheckReport | None = None,
    again_code: int | None = None,
    command: str = "pytest -q",
    fewer: bool = False,
) -> Judgement:
    found = compared(before, after, touching=touching, far=far, again=again)
    return judged_check(command, (code_before, code), after, before, found, fewer_are_meant=fewer, again=again_code)


@pytest.mark.parametrize(
    ("before", "after", "held", "words"),
    [
        ((A, B), (B,), True, "fixed 1, broke 0, 1 red as before"),
        ((A, B), (A, B), False, f"fixed 0, broke 0, still red 1: {A}, 1 red as before"),
        ((), (A, B), False, f"fixed 0, broke 2: {A}, {B}"),
        ((A,), (C,), False, f"fixed 1, broke 1: {C}"),
        ((B,), (B,), True, "fixed 0, broke 0, 1 red as before"),
        ((B, C), (C,), True, "fixed 1, broke 0, 1 red as before"),
    ],
)
def test_what_was_red_before_counts_only_where_it_touches_the_tasks_files(
    before: tuple[str, ...], after: tuple[str, ...], held: bool, words: str
) -> None:
    found = judge(report(*before), report(*after))
    assert (found.held, found.why) == (held, words)


def test_a_green_check_passes_and_says_what_it_fixed() -> None:
    found = judge(report(A), report(), code=0)
    assert found.held is None
    assert found.difference is not None
    assert found.difference.words == "fixed 1, broke 0"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, report(A)),
        (report(A, whole=False), report(B)),
        (report(A), report(B, whole=False)),
        (None, None),
    ],
)
def test_where_not_all_tests_are_known_the_exit_code_decides(
    before: CheckReport | None, after: CheckReport | None
) -> None:
    assert judge(before, after) == Judgement()


@pytest.mark.parametrize("code", [0, 1, -9])
@pytest.mark.parametrize(
    ("printed", "was"),
    [
        ("FAILED test_a.py::test_x - no\n1 failed, 1 passed in 0.1s\n", 2),
        ("Ran 4 tests in 0.001s\n\nOK\n", 4),
        ("--- FAIL: TestA (0.00s)\n--- FAIL: TestB (0.00s)\nFAIL\nFAIL\tx\t0.1s\n", 2),
        ("Tests:       2 failed, 2 total\n", 2),
        ("PHPUnit 10.5.0\n\n1) CalcTest::testA\nx\n\nFAILURES!\nTests: 3, Assertions: 3, Failures: 1.\n", 3),
    ],
)
def test_a_check_that_reported_tests_before_and_reports_none_fails(printed: str, was: int, code: int) -> None:
    before = read_report(printed)
    assert before is not None
    said = judge(before, None, code=code, command=f"run {before.runner}")
    assert said == Judgement(held=False, why=f"it reported no test, {was} before")
    assert judge(before, None, code=None) == Judgement()


@pytest.mark.parametrize("command", ["./check.sh", "make test", "npm test", "pytest > log || cat log"])
def test_a_script_that_prints_red_tests_alone_is_judged_by_its_exit_code(command: str) -> None:
    assert judge(report(A), None, code=0, command=command) == Judgement()


@pytest.mark.parametrize("printed", ["all is well\n", "no tests ran in 0.00s\n", "3 tests completed, 1 failed\n"])
def test_a_runner_that_tells_no_green_test_is_judged_by_its_exit_code(printed: str) -> None:
    assert judge(read_report(printed), None, code=0) == Judgement()


@pytest.mark.parametrize("code", [0, 1, 5])
def test_a_run_of_zero_tests_does_not_pass(code: int) -> None:
    assert judge(report(ran=12), report(ran=0), code=code).why == "no test was run, 12 before"
    assert judge(None, report(ran=0), code=code).held is False
    assert judge(report(ran=0), report(ran=0), code=code, fewer=True).why == "no test was run"


def test_fewer_tests_than_before_do_not_pass_unless_the_task_means_that() -> None:
    found = judge(report(ran=12), report(ran=11), code=0)
    assert (found.held, found.why) == (False, "11 tests were run, 12 before")
    assert judge(report(ran=12), report(ran=11), code=0, fewer=True).held is None
    assert judge(report(ran=None), report(ran=None), code=0).held is None


def test_a_broken_test_fails_the_work_even_where_the_command_ends_well() -> None:
    assert judge(report(), report(A), code=0).held is False


@pytest.mark.parametrize(
    ("command", "held"),
    [
        ("pytest -q", True),
        ("cd pkg && pytest -q", True),
        ("pytest -q; ruff check .", None),
        ("pytest && mypy .", None),
        ("pytest | tee log", None),
        ("pytest $(git ls-files)", None),
    ],
)
def test_of_several_commands_an_exit_code_may_be_anothers(command: str, held: bool | None) -> None:
    assert judge(report(B), report(B), command=command).held is held


def test_another_exit_code_than_before_is_not_explained_by_the_same_red_tests() -> None:
    assert judge(report(B), report(B), code=3).held is None


def test_an_exit_code_without_a_red_test_is_not_explained() -> None:
    assert judge(report(B), report(), code=1).held is None


def test_a_test_that_differs_on_a_second_run_is_flaky_and_not_held_against_the_work() -> None:
    found = judge(report(B), report(A, B), again=report(B))
    assert found.held is True
    assert found.difference is not None
    assert (found.difference.flaky, found.difference.broke) == ((A,), ())
    assert "flaky 1" in found.why
    assert judge(report(B), report(A, B), again=report(A, B)).held is False
    assert judge(report(B), report(A, B), again=report(B, ran=3)).held is False


def test_a_flaky_test_of_a_check_that_was_green_is_not_held_against_the_work_either() -> None:
    def flaky(again_code: int) -> bool | None:
        return judge(report(), report(A), code_before=0, again=report(), again_code=again_code).held

    assert flaky(0) is True
    assert flaky(2) is None  # the second run failed by something else


def test_where_nobody_knows_which_tests_touch_the_files_each_red_one_may() -> None:
    assert judge(report(B), report(B), touching=None).held is False


@pytest.mark.parametrize(
    "name", ["adds", "1 - adds", "a suite > adds", "CalcTest#test_adds", "unittests src/lib.rs x::y"]
)
@pytest.mark.parametrize("touching", [("test/calc.test.js",), ()])
def test_a_red_test_whose_id_tells_no_file_is_not_excused_as_anothers(name: str, touching: tuple[str, ...]) -> None:
    found = judge(report(name), report(name), touching=touching, far=("test/other.test.js", "src/z.rs"))
    assert (found.held, found.why.startswith("fixed 0, broke 0, still red 1")) == (False, True)


def test_that_no_test_touches_the_change_is_said() -> None:
    found = judge(report(B), report(B), touching=())
    assert found.held is True
    assert found.difference is not None
    assert (found.why, found.difference.uncovered) == ("fixed 0, broke 0, 1 red as before", True)


@given(
    before=NAMES, after=NAMES, again=st.none() | NAMES, touching=st.lists(st.sampled_from(["tests/test_a.py", "x.py"]))
)
def test_each_test_is_told_once_and_nothing_broken_or_still_red_ever_passes(
    before: tuple[str, ...], after: tuple[str, ...], again: tuple[str, ...] | None, touching: list[str]
) -> None:
    second = None if again is None else report(*again)
    far = ("tests/test_b.py", "tests/test_c.py")
    found = compared(report(*before), report(*after), touching=touching, far=far, again=second)
    assert found is not None
    told = (*found.fixed, *found.broke, *found.still, *found.others, *found.flaky)
    assert sorted(told) == sorted({*before, *after, *(again or ())})  # one that is red in the second run alone is flaky
    judgement = judge(report(*before), report(*after), touching=touching, far=far, again=second)
    assert judgement.held is not True or not (found.broke or found.still)
    if second is None and set(after) - set(before):
        assert judgement.held is False


@pytest.mark.parametrize(
    ("test", "file", "is_it"),
    [
        ("tests/test_a.py::T::test_x[1]", "tests/test_a.py", True),
        ("test_a.py::test_x", "pkg/tests/test_a.py", True),
        ("pkg/tests/test_a.py::test_x", "tests/test_a.py", True),
        ("other/test_a.py::test_x", "tests/test_a.py", False),
        ("tests/test_a.py::test_b", "tests/test_b.py", False),
        ("tests.test_a.T.test_x", "tests/test_a.py", True),
        ("test_a.T.test_x", "tests/test_a.py", True),
        ("test_ab.T.test_x", "tests/test_a.py", False),
        ("example.com/m/calc.TestAdd", "calc/calc_test.go", True),
        ("example.com/m/text.TestAdd", "calc/calc_test.go", False),
        ("example.com/m.TestAdd", "calc_test.go", True),
        ("src/calc.test.ts > calc > adds", "src/calc.test.ts", True),
        ("src/text.test.ts > calc > adds", "src/calc.test.ts", False),
        ("unittests src/lib.rs calc::tests::adds", "src/calc.rs", True),
        ("unittests src/lib.rs calc::tests::adds", "src/text.rs", False),
        ("unittests src/lib.rs calc::tests::adds", "src/lib.rs", False),
        ("unittests src/lib.rs tests::adds", "crates/calc/src/lib.rs", True),
        ("unittests src/main.rs a::b::test::adds", "src/a/b.rs", True),
        ("unittests src/main.rs a::b::adds", "src/a/b/mod.rs", True),
        ("tests::adds", "src/lib.rs", True),
        ("calc::tests::adds", "src/text.rs", False),
        ("doc calc src/range.rs - range::shared", "src/range.rs", True),
        ("doc calc src/range.rs - range::shared", "src/lib.rs", False),
        ("tests/api.rs api", "src/api.rs", False),
        ("test/a.test.js > adds", "test/a.test.js", True),
        ("/ws/test/a.test.js > adds", "test/a.test.js", True),
        ("test/b.test.js > adds", "test/a.test.js", False),
        ("calc > adds", "test/calc.test.js", True),
        ("adds", "test/calc.test.js", False),
        ("CalcTest#test_adds", "test/calc_test.rb", True),
        ("CalcTest#test_adds", "test/text_test.rb", False),
        ("tests/api.rs api", "tests/api.rs", True),
        ("CalcTest.adds", "src/test/java/x/CalcTest.java", True),
        ("./spec/calc_spec.rb Calc adds", "spec/calc_spec.rb", True),
    ],
)
def test_an_id_tells_its_file_as_far_as_ids_do(test: str, file: str, is_it: bool) -> None:
    assert FilesOfTests([file]).have(test) is is_it
