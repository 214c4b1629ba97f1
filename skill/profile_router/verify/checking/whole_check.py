"""After a narrowed check that passed, all tests of the project: what the work broke elsewhere.

Nobody knows which of them were red before. So where some are red, the files of both moments are laid out apart, in
folders of ours. What counts against the work is red in the work tree and in its copy, and was not before.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.check_words import all_tests_words
from profile_router.core.ladder.difference import Difference, broken_elsewhere
from profile_router.core.ladder.receipt import CheckResult
from profile_router.core.ladder.report import CheckReport
from profile_router.core.language.test_files import is_test
from profile_router.errors import WorkspaceError
from profile_router.git.marks import GitSnapshots, Mark
from profile_router.git.trees import Trees
from profile_router.values import frozen
from profile_router.verify.checking.check_runs import CheckRuns
from profile_router.workspace.folder import tracked_files

GUESSED = "the check was narrowed to the tests of files that were guessed, and all tests came to no end"
_FOLDER, _INDEX = "all-tests", "all-tests-index"


@frozen
class WholeCheck:
    """Runs all tests of the workspace of *runs* for at most *seconds*. *marks* holds the files *between* which the work
    was done, None where nobody knows them; *scratch* is our folder."""

    runs: CheckRuns
    marks: GitSnapshots | None
    scratch: Path
    between: tuple[str, str]
    seconds: float

    async def after_narrowed(self, check: FoundCheck, result: CheckResult) -> CheckResult:
        """Return *result* of the narrowed *check*, which passed, with what all tests say; it fails where one broke."""
        unsure = replace(result, partial=result.partial or (GUESSED if check.guessed else ""))
        if self.seconds <= 0 or result.taints or self.marks is None:
            return unsure
        if self._has_all(check):
            return result
        whole = replace(check, words=check.whole, tests=())
        until = time.monotonic() + self.seconds
        now = await self.runs.run(whole, self.seconds)
        report = _told(now)
        if now.taints or report is None:
            why = "" if now.taints else now.inconclusive or now.last_line
            return replace(unsure, all_tests=all_tests_words(None, why=why))
        known = {*result.report.failed} if result.report else set()
        red = tuple(name for name in report.failed if name not in known)
        if not red:
            return replace(result, all_tests=all_tests_words(report))
        was, again = [await self._at(self.marks.trees, mark, whole, until) for mark in self.between]
        broke = broken_elsewhere(red, again, was)
        if not broke:
            return replace(result, all_tests=all_tests_words(report, red=len(red), known=was is not None))
        difference = replace(result.difference or Difference(), broke=broke, elsewhere=True)
        return replace(result, held=False, why=difference.words, difference=difference)

    def _has_all(self, check: FoundCheck) -> bool:
        start = f"{check.folder}/" if check.folder else ""
        workspace = self.runs.workspace
        try:
            tracked = tracked_files(workspace) if workspace else ()
        except WorkspaceError:
            return False
        return {path for path in tracked if path.startswith(start) and is_test(path)} <= {*check.tests}

    async def _at(self, trees: Trees, mark: str, whole: FoundCheck, until: float) -> CheckReport | None:
        """Return what *whole* says of the files of *mark*, laid out in a folder of its own; None where it cannot."""
        left = until - time.monotonic()
        if left <= 0:
            return None
        with self._folder(trees) as folder:
            try:
                await asyncio.to_thread(trees.lay_out, Mark.read(mark).files, folder, _INDEX)
            except WorkspaceError:
                return None
            start = trees.start(self.runs.root)
            original = self.runs.original or self.runs.root
            jailed = replace(self.runs, original=original).jailed(folder / start if start else folder)
            return _told(await jailed.run(whole, seconds=left))

    @contextmanager
    def _folder(self, trees: Trees) -> Iterator[Path]:
        folder = self.scratch / _FOLDER / "files"
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        trees.empty_index(_INDEX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder.parent, ignore_errors=True)


def _told(result: CheckResult) -> CheckReport | None:
    """Return the report of *result*, where it came to its end and the report is whole."""
    report = result.report
    return report if report is not None and report.whole and not result.inconclusive else None
