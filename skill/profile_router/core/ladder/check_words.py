"""How a check ended, and what it said before any work, in words. Pure."""

from __future__ import annotations

from profile_router.core.ladder.receipt import CheckBefore, CheckResult, Verified
from profile_router.core.ladder.report import CheckReport
from profile_router.core.privacy.taint import named
from profile_router.core.text import counted, shown, some_of

_IDS = 20  # tests that the next model is told of
_LONGEST_ID = 120
NO_CHECK = "no check command was named"
NOTHING_TO_CHECK = "no file changed, so the check that was found was not run"
UNCOVERED = "no test covers the change"
EARLIER = "the check ran before the last attempt, which did not finish"
NOT_BEGUN = "the check is of the last attempt that was made: the next one did not begin"
BEFORE_MERGE = "the workspace had changed meanwhile: the check ran before the merge and not after it"
UNTOLD = "not told: it read a private file"  # for what a check printed, wherever a parent elsewhere may see it
UNPROVED = "no test was red before and none is new: nothing shows that the fault is fixed"
HELPED = "changed, which tests use and the task does not name"
STEERED = "changed in a way that decides what the check runs, or tells that it does: its pass is not proof"
NOT_READ = "was not read: it may decide what the check runs"
UNCOMPARED = "changed, and nobody compared which tests it holds: it is too large, or there are too many"
NO_PROOF = "no file changed, and the check was not red before: that it passes proves nothing"


def ended(passed: bool, exit_code: int | None, before: bool | None) -> str:
    """Return how a check ended. *before* tells whether it passed before any work, None where nobody knows."""
    if passed:
        passed_how = "passed"
        if exit_code:  # the tests tell another end than the command
            passed_how = (
                f"passed, though exit {exit_code}" if before is None else f"no worse than before: exit {exit_code}"
            )
        return passed_how + {None: "", True: ", as before", False: ", red before"}[before]
    return f"FAILED ({exit_text(exit_code, before)})"


def exit_text(exit_code: int | None, before: bool | None) -> str:
    """Return the exit code of a check that failed, and whether it did before."""
    return f"exit {exit_code}" + {None: "", True: ", green before", False: ", red before"}[before]


def before_line(command: str, before: CheckBefore) -> str:
    """Return what the check *command* said *before* any work, in one line."""
    check = before.check
    if check is None or before.why:
        return f"before the work: {command} is not known: {before.why}"
    known = " · known from a run on the same files" if before.known else ""
    return f"before the work: {ended_check_line(check, None)}{known}"


def ended_check_line(check: CheckResult, before: bool | None) -> str:
    """Return how *check* ended, what became of the tests, and its last line."""
    how = ended(check.passed, check.exit_code, before)
    said = _untold_for(check) if check.taints else last_line(check)
    return joined_check_line(f"{check.said}: {how}", difference_words(check), said, check.passed and check.exit_code)


def _untold_for(check: CheckResult) -> str:
    """Return which withheld files *check* read, for a person. A name that the work gave to one is not repeated."""
    files = [taint for taint in check.taints if not taint.moved]
    return f"not told: it read {named(files)}" if files else UNTOLD


def joined_check_line(how: str, difference: str, last_line: str, overruled: object) -> str:
    """Return in one line *how* a check ended, the *difference* of the tests, and its last line.

    *overruled*: the tests tell another end than the command does, whose last line would deny it.
    """
    return " · ".join(filter(None, dict.fromkeys((how, difference, "" if overruled else last_line))))


def difference_words(check: CheckResult) -> str:
    """Return why *check* came to what it did, or what became of the tests; empty where the exit code says all.

    It may be all that a check could say that read a withheld file: of that one nothing is told.
    """
    if check.taints:
        return ""
    by_tests = check.difference is not None and check.why in {"", check.difference.words}
    return " · ".join(filter(None, (changed_words(check) if by_tests else check.why, check.all_tests)))


def changed_words(check: CheckResult) -> str:
    """Return what became of the tests of *check*; empty where nobody knows.

    That none of them covers the change is said here only where it is none of the `weak_points`.
    """
    if check.difference is None:
        return ""
    alone = check.difference.uncovered and UNCOVERED not in weak_points(check)
    return check.difference.words + (f"; {UNCOVERED}" if alone else "")


def last_line(check: CheckResult) -> str:
    """Return the last line that *check* printed, unless it read a withheld file."""
    return UNTOLD if check.taints else check.last_line


def passed_before(verified: Verified) -> bool | None:
    """Return whether the check of *verified* passed before any work, None where nobody knows."""
    return verified.before.passed if verified.before else None


def missed_words(verified: Verified) -> str:
    """Return that the files to edit were not edited, and which were; empty where none was missed."""
    if not verified.missed:
        return ""
    others = some_of([shown(file.path, _LONGEST_ID) for file in verified.files_changed])
    return f"{untouched_words(verified)}; changed instead: {others}"


def untouched_words(verified: Verified) -> str:
    """Return that the files to edit were not edited, whatever was edited instead; empty where none was missed."""
    if not verified.missed:
        return ""
    were = "was" if len(verified.missed) == 1 else "were"
    named = some_of([shown(path, _LONGEST_ID) for path in verified.missed])
    return f"{named} {were} to be edited, and {were} not"


def tells_untouched(error: str, verified: Verified) -> bool:
    """Tell whether *error* said of the files that *verified* misses that they were not edited."""
    words = untouched_words(verified)
    return bool(words) and error.startswith(words)


def weak_points(check: CheckResult | None) -> list[str]:
    """Return what keeps a *check* that passed from confirming the work."""
    if check is None or not check.passed:
        return []
    partial = [check.partial] if check.partial else []
    if check.difference is None:
        return partial
    flaky = check.difference.flaky
    names = counted(len(flaky), "test") if check.taints else some_of(flaky)
    found = [f"flaky: {names}"] if flaky else []
    # A check that somebody named stands for itself; the workspace's own says only what its tests touch.
    unsaid = check.exit_code or (check.source and not check.difference.fixed)
    return partial + found + ([UNCOVERED] if check.difference.uncovered and unsaid else [])


def all_tests_words(report: CheckReport | None, *, why: str = "", red: int = 0, known: bool = True) -> str:
    """Return what all tests say after a narrowed check that passed, by their *report*.

    None: they said nothing, for the reason *why*. *red* more tests are red; *known*: they were red before.
    """
    if report is None:
        return f"all tests: {shown(why, _LONGEST_ID)}" if why else "all tests: not told"
    if red:
        return f"all tests: {red} more red{', as before' if known else ', nobody knows since when'}"
    return f"all {report.ran:,} tests pass" if report.ran and not report.failed else "all tests: no more are red"


def proves_nothing(check: CheckResult | None, before: CheckBefore | None, changed: bool) -> bool:
    """Tell whether *check* passed as it would have without the work: nothing *changed*, and it was not red *before*."""
    red = before is not None and before.passed is False
    return check is not None and check.passed and not changed and not red


def turned_green(check: CheckResult | None, before: CheckBefore | None) -> bool:
    """Tell whether what was red *before* is green now by *check*: a test, or else the command."""
    if check is None or not check.passed:
        return False
    if check.difference is not None:
        return bool(check.difference.fixed)
    return before is not None and before.passed is False


def shows_no_fix(check: CheckResult | None, before: CheckBefore | None, *, tests_changed: bool) -> bool:
    """Tell whether a *check* that was found says of a fixed fault only that nothing broke.

    It passes, no test that was red *before* is green now, and none is new. *tests_changed*: a test file changed. False
    where nobody knows how the check ended before.
    """
    if check is None or not check.source or not check.passed or tests_changed or before is None:
        return False
    changed = check.difference
    if changed is None:
        return before.passed is True
    return not changed.fixed and (changed.ran or 0) <= (changed.ran_before or 0)


def red_tests(check: CheckResult) -> tuple[str, ...]:
    """Return the tests that are held against the work, each in a line that says why, at most twenty."""
    if check.difference is None:
        return ()
    broke = [f"broke {shown(name, _LONGEST_ID)}" for name in check.difference.broke]
    return tuple((broke + [f"still red {shown(name, _LONGEST_ID)}" for name in check.difference.still])[:_IDS])
