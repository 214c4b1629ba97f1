"""Weak checks say a little where no check said anything, and prove nothing unless the policy trusts them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes import a_policy, a_task, evidence

from profile_router.core.attempt.failed_work import verification_failure
from profile_router.core.attempt.weak_checks import with_weak_checks
from profile_router.core.ladder.check_words import NO_CHECK
from profile_router.core.ladder.receipt import ChangedFile, CheckResult, Verified
from profile_router.core.ladder.weak_check import WeakCheck
from profile_router.core.policy import WeakKind
from profile_router.core.telling.verdict import verdict_of
from profile_router.core.telling.work import verified_json, verified_lines

PARSES = WeakCheck(kind="parses", passed=True, said="1 changed file parses")
BROKEN = WeakCheck(kind="parses", passed=False, said="does not parse: a.py, line 2: no")


def verified(*changed: str, weak: tuple[WeakCheck, ...] = (PARSES,), check: CheckResult | None = None) -> Verified:
    files = tuple(ChangedFile(path=path, lines_added=1, lines_removed=0) for path in changed)
    return Verified(files_changed=files, weak=weak, check=check, unverified=(NO_CHECK,) if check is None else ())


def told(found: Verified, *trust: WeakKind, goal: str = "fix the loop in a.py", finished: bool = True) -> Verified:
    return with_weak_checks(found, a_task(goal), evidence(), trust, finished=finished)


def a_check(code: int, inconclusive: str = "") -> CheckResult:
    return CheckResult(command="x", exit_code=code, seconds=1.0, last_line="", inconclusive=inconclusive)


@pytest.mark.parametrize(
    ("changed", "goal", "said"),
    [
        (("a.py",), "fix the loop in a.py", ["a.py was edited, as asked", "no file changed that was not named"]),
        (("a.py", "tests/test_a.py"), "fix the loop in a.py", ["a.py was edited, as asked", "no file changed that was not named"]),
        (("src/a.py", "b.py"), "fix the loop in a.py", ["src/a.py was edited, as asked", "not named, and changed: b.py"]),
        (("a.py", "note.log"), "fix a.py and say so in note.log", ["a.py was edited, as asked", "no file changed that was not named"]),
        (("a.py", "logs/note.log"), "fix a.py, then `note.log`", ["a.py was edited, as asked", "no file changed that was not named"]),
        (("a.py", "other.log"), "fix a.py and say so in note.log", ["a.py was edited, as asked", "not named, and changed: other.log"]),
        (("b.py",), "fix the loop in a.py", ["a.py was not edited", "not named, and changed: b.py"]),
        (("b.py",), "fix the loop", []),
        ((), "explain a.py", []),
    ],
)  # fmt: skip
def test_the_files_that_changed_are_compared_with_those_that_were_named(
    changed: tuple[str, ...], goal: str, said: list[str]
) -> None:
    assert [one.said for one in told(verified(*changed), goal=goal).weak] == ["1 changed file parses", *said]


@pytest.mark.parametrize(
    ("trust", "weak", "verdict"),
    [
        ((), (PARSES,), "unverified"),
        (("parses",), (PARSES,), "verified"),
        (("linted",), (PARSES,), "unverified"),
        (("edited",), (PARSES,), "verified"),
        (("edited", "parses"), (BROKEN,), "unverified"),
    ],
)
def test_unverified_stays_so_unless_the_policy_trusts_a_weak_check_and_all_passed(
    trust: tuple[WeakKind, ...], weak: tuple[WeakCheck, ...], verdict: str
) -> None:
    found = told(verified("a.py", weak=weak), *trust)
    assert verdict_of({"status": "ok", "verified": verified_json(found)}) == verdict
    assert ("unverified: " + NO_CHECK in [one.line for one in verified_lines(found)]) == (verdict == "unverified")


def test_each_says_that_it_is_weak() -> None:
    lines = verified_lines(told(verified("a.py", "b.py")))
    assert lines[1].line == "weak: not named, and changed: b.py, 1 changed file parses, a.py was edited, as asked"


@pytest.mark.parametrize(("code", "inconclusive", "count"), [(0, "", 0), (1, "", 0), (1, "no test ran", 3)])
def test_a_check_that_says_something_leaves_nothing_to_the_weak_ones(code: int, inconclusive: str, count: int) -> None:
    assert len(told(verified("a.py", check=a_check(code, inconclusive))).weak) == count
    assert told(verified("a.py"), finished=False).weak == ()


@pytest.mark.parametrize("check", [None, a_check(0)])
def test_a_file_that_parses_no_more_fails_the_attempt_whatever_the_check_says(check: CheckResult | None) -> None:
    found = told(verified("a.py", weak=(BROKEN,), check=check), "parses")
    failure = verification_failure(found, a_policy())
    assert failure is not None
    assert (failure.cause, failure.message) == ("verification-failed", BROKEN.said)
    assert verification_failure(replace(found, weak=(PARSES,)), a_policy()) is None
