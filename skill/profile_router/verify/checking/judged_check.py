"""Run a check after the work, and judge it by what differs from before; what broke or was fixed is run again."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from profile_router.checks.narrowing import Touching, touching
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.difference import Difference, compared, judged_check, silent_since
from profile_router.core.ladder.receipt import ChangedFile, CheckBefore, CheckResult
from profile_router.core.privacy.taint import together
from profile_router.core.task import Task
from profile_router.core.text import shown
from profile_router.core.trust.tests_meant import named_files
from profile_router.jail.child import JAIL_FAILED
from profile_router.outside.places import is_place_named
from profile_router.values import frozen
from profile_router.verify.checking.check_runs import CheckRuns
from profile_router.verify.checking.first_check import NO_BYTECODE, lack_of
from profile_router.workspace.folder import Workspace

_SLOWER = 1.5  # how much longer than the first run a second one may take
_OPTIONS, _MOST_LEFT_OUT = "PYTEST_ADDOPTS", 100
_SHORT = 0.1  # of the check's time: a longer check is not run again only to see whether what it fixed stays green


@frozen
class JudgedCheck:
    """Judges checks. *before* is what the check said before the work; *touching* gives the test files that touch the
    task's, None where nobody knows them. *fewer_are_meant*: fewer tests than before may be right.
    *same_tests* tells whether the tests are still those that the first run began with: else a second proves nothing.
    *new_tests* are test files that the work added, relative to the workspace. What turned green must be so without
    them, too. Only pytest can leave files out."""

    runs: CheckRuns
    before: CheckBefore | None
    touching: Callable[[], Touching | None]
    fewer_are_meant: bool
    same_tests: Callable[[], bool] = lambda: True
    new_tests: Sequence[str] = ()

    async def ask(self, check: str | FoundCheck, seconds: float) -> CheckResult:
        """Return how *check* ended after at most *seconds*, and what it comes to."""
        began = time.monotonic()
        result = await self.runs.run(check, seconds, NO_BYTECODE)
        if result.inconclusive:
            return self._unable(result)
        if isinstance(check, str) and result.exit_code == 0 and (lack := lack_of(result)):
            return replace(result, held=False, why=f"it could not run: {shown(lack.word, 60)} is missing")
        first = self.before.check if self.before is not None and not self.before.why else None
        was = first.report if first else None
        known = was is not None and result.report is not None
        tests = await asyncio.to_thread(self.touching) if known else None
        near, far = (None, ()) if tests is None else (tests.near, tests.far)
        difference = compared(was, result.report, touching=near, far=far)
        left = seconds - result.seconds
        second: int | None = None
        if (
            _may_be_flaky(difference, result.seconds / seconds)
            and left > _SLOWER * result.seconds
            and await asyncio.to_thread(self.same_tests)
        ):
            again = await self.runs.run(check, left, NO_BYTECODE)
            second = again.exit_code
            result = _with(result, again)
            difference = compared(was, result.report, touching=near, far=far, again=again.report)
        found = judged_check(
            check if isinstance(check, str) else check.command,
            (first.exit_code if first else None, result.exit_code),
            result.report,
            was,
            difference,
            fewer_are_meant=self.fewer_are_meant,
            again=second,
        )
        silent = silent_since(was, result.report, (first.exit_code if first else None, result.exit_code))
        result = replace(result, held=found.held, why=found.why, difference=found.difference)
        result = replace(result, partial=silent) if result.exit_code == 0 and result.passed else result
        if self.new_tests and result.passed and found.difference is not None and found.difference.fixed:
            return await self._without_new_tests(check, result, found.difference, seconds - (time.monotonic() - began))
        return result

    async def _without_new_tests(
        self, check: str | FoundCheck, result: CheckResult, difference: Difference, seconds: float
    ) -> CheckResult:
        """Return *result* of *check*, which passed: it fails where what is fixed is red without the new tests.

        Nothing is said where the *seconds* that are left are too few, or another runner ran.
        """
        if result.report is None or "pytest" not in result.report.runner or seconds <= _SLOWER * result.seconds:
            return result
        options = [f"--ignore={self.runs.root / path}" for path in self.new_tests[:_MOST_LEFT_OUT]]
        more = dict(NO_BYTECODE)
        if isinstance(check, str):
            given = self.runs.environ.get(_OPTIONS, "")
            more[_OPTIONS] = " ".join(filter(None, (given, shlex.join(options))))
        elif check.runner == "pytest" and not check.tests:
            check = replace(check, words=(*check.words, *options))
        else:
            return result  # narrowed to tests that were there before
        again = await self.runs.run(check, seconds, more)
        result = _with(result, again)
        report = again.report
        red = tuple(name for name in difference.fixed if report is not None and name in report.failed)
        if not red:
            return result
        fixed = tuple(name for name in difference.fixed if name not in red)
        told = replace(difference, fixed=fixed, still=(*difference.still, *red))
        return replace(result, held=False, why=f"without the new tests of the work: {told.words}", difference=told)

    def _unable(self, result: CheckResult) -> CheckResult:
        """Return *result* of a check that was found and could not run: where it could before, the work is why."""
        ran = self.before is not None and self.before.passed is not None
        if not ran or result.exit_code == JAIL_FAILED:
            return result
        return replace(result, inconclusive="", held=False, why=f"it ran before the work: {result.inconclusive}")


def _with(result: CheckResult, again: CheckResult) -> CheckResult:
    """Return *result* with what the run *again* read, and with what that one left running."""
    return replace(result, taints=together(result.taints, again.taints), outlived=result.outlived or again.outlived)


def _may_be_flaky(difference: Difference | None, share: float) -> bool:
    """Tell whether a second run can change the verdict, and is worth its time. The first run took *share* of the
    check's time."""
    if difference is None or difference.still:
        return False
    return bool(difference.broke) or (bool(difference.fixed) and share <= _SHORT)


def touched(workspace: Workspace | None, task: Task | None, changed: Sequence[ChangedFile]) -> Touching | None:
    """Return which test files touch what *task* names and what was *changed*; None where that is nothing."""
    if workspace is None:
        return None
    named = () if task is None else (path for path in named_files(task) if is_place_named(str(workspace.root / path)))
    files = tuple(dict.fromkeys((*named, *(file.path for file in changed))))
    return touching(workspace, files) if files else None
