"""A narrowed check that passed is followed by all tests: what the work broke elsewhere is held against it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes import a_task
from tests.git.git_repository import repository, write_files
from tests.verify.test_set_back import a_verifier

from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.receipt import CheckResult, Verified
from profile_router.verify.checking.whole_check import GUESSED

# Prints what pytest prints for the given test files: one is red whose line is nowhere in app.py.
SCRIPT = """
shift; bad=0; ran=0
echo '=== short test summary info ==='
for test in $@; do
  ran=$((ran + 1))
  grep -qx "$(cat $test)" app.py || { bad=$((bad + 1)); echo "FAILED $test::test_it - no"; }
done
echo "$bad failed, $((ran - bad)) passed in 0.1s"
test $bad = 0
"""
FILES: dict[str, str | bytes] = {
    "app.py": "a\nb\n",
    "check.sh": SCRIPT,
    "tests/test_a.py": "A\n",
    "tests/test_b.py": "b\n",
    "tests/test_old.py": "old\n",
}
ALL = ("tests/test_a.py", "tests/test_b.py", "tests/test_old.py")
CHECK = FoundCheck(
    runner="command",
    words=("sh", "check.sh", "-", ALL[0]),
    whole=("sh", "check.sh", "-", *ALL),
    tests=ALL[:1],
    source="a test says so",
)


def worked(tmp_path: Path, app: str, check: FoundCheck = CHECK, *, seconds: float = 60.0) -> Verified:
    root = repository(tmp_path / "repo", FILES)
    verifier = replace(a_verifier(root, tmp_path / "state"), all_tests_seconds=seconds)
    mark = verifier.snapshot()
    before = asyncio.run(verifier.check_before(mark, check, seconds=20.0, may_lack=lambda _: False))
    write_files(root, {"app.py": app})
    return asyncio.run(verifier.verify(mark, "", check, seconds=20.0, task=a_task("Fix app.py"), before=before))


def result(verified: Verified) -> CheckResult:
    assert verified.check is not None
    return verified.check


@pytest.mark.jail
def test_what_was_red_before_is_not_held_against_the_work(tmp_path: Path) -> None:
    found = result(worked(tmp_path, "A\nb\n"))
    assert (found.passed, found.all_tests) == (True, "all tests: 1 more red, as before")


@pytest.mark.jail
def test_what_broke_elsewhere_fails_the_work_and_is_named(tmp_path: Path) -> None:
    found = result(worked(tmp_path, "A\n"))
    assert not found.passed
    assert found.why == "fixed 1, broke elsewhere 1: tests/test_b.py::test_it"
    assert not (tmp_path / "state" / "run" / "all-tests").exists()


@pytest.mark.jail
def test_where_all_pass_they_are_counted(tmp_path: Path) -> None:
    found = result(worked(tmp_path, "A\nb\nold\n"))
    assert (found.passed, found.all_tests) == (True, "all 3 tests pass")


@pytest.mark.jail
@pytest.mark.parametrize(
    ("change", "seconds"),
    [({}, 0.0), ({"whole": ("sh", "-c", "exit 1")}, 60.0)],
    ids=["no time for it", "it tells nothing"],
)
def test_a_guess_that_all_tests_did_not_back_stays_open(
    tmp_path: Path, change: dict[str, tuple[str, ...]], seconds: float
) -> None:
    guessed = replace(CHECK, guessed=True, **change)  # type: ignore[arg-type]
    verified = worked(tmp_path, "A\n", guessed, seconds=seconds)
    assert result(verified).passed
    assert GUESSED in verified.unverified


@pytest.mark.jail
def test_a_check_that_has_all_tests_is_not_run_twice(tmp_path: Path) -> None:
    found = result(worked(tmp_path, "A\nb\nold\n", replace(CHECK, words=CHECK.whole, tests=ALL)))
    assert (found.passed, found.all_tests) == (True, "")


@pytest.mark.jail
def test_a_narrowed_check_that_told_its_green_tests_and_tells_none_any_more_stays_open(tmp_path: Path) -> None:
    quiet = "grep -q quiet app.py || sh check.sh -"
    whole = ("sh", "-c", f"{quiet} {' '.join(ALL)}")
    silent = replace(CHECK, words=("sh", "-c", f"{quiet} {ALL[1]}"), whole=whole, tests=ALL[1:2])
    verified = worked(tmp_path, "a\nb\nquiet\n", silent)
    assert result(verified).passed
    assert "it reported no test, 1 before" in " ".join(verified.unverified)
