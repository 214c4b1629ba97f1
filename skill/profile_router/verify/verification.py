"""One look at an attempt's work: put tests back, see what changed, run the check, and say what stays unverified."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from functools import cache, partial
from pathlib import Path
from time import monotonic

from profile_router.checks.missed_files import missed_files, untouched_files
from profile_router.core.attempt.handoff import SetBack
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.receipt import ChangedFile, CheckBefore, CheckResult, Verified
from profile_router.core.ladder.weak_check import WeakCheck
from profile_router.core.task import Task
from profile_router.core.trust.new_tests import new_tests
from profile_router.core.trust.steered import steering_rank
from profile_router.core.trust.tests_meant import may_have_fewer
from profile_router.errors import WorkspaceError
from profile_router.git.ignored_files import ignored_changes
from profile_router.git.left_files import beginning
from profile_router.git.marks import Mark, path_as_text
from profile_router.threads.records import AfterAttempts
from profile_router.values import mutable
from profile_router.verify.absent_claims import absent_claims
from profile_router.verify.changes.others_here import OthersHere
from profile_router.verify.changes.put_back import to_put_back
from profile_router.verify.changes.work_back import WorkBack
from profile_router.verify.changes.work_changes import WorkChanges
from profile_router.verify.checking.check_runs import CheckRuns
from profile_router.verify.checking.judged_check import JudgedCheck, touched
from profile_router.verify.checking.linting import lint_changed
from profile_router.verify.checking.whole_check import WholeCheck
from profile_router.verify.open_points import open_points, unproved_points, unread_files
from profile_router.verify.parsing import MOST_PARSED_FILES, ChangedContent, parsed_in_time
from profile_router.verify.same_code import only_words_of
from profile_router.workspace.folder import Workspace

_MOST_LEFT = 1_000  # files that a check wrote: they stand in a checkpoint


@mutable
class Verification:
    """Verifies the work on *task* since *snapshot*; *before* is what the check said before it. *wrote* are the files
    that the attempts wrote, None where nobody knows.

    *changes* are those of *workspace*; both are None where the task has none. *back* takes back, None without a state
    folder. *seen* keeps what a resumed run must not look for again. *scratch* is our folder. After a narrowed check
    that passes, all tests run for *all_tests_seconds*. *others* tells what other runs wrote here meanwhile."""

    workspace: Workspace | None
    changes: WorkChanges | None
    back: WorkBack | None
    runs: CheckRuns
    seen: AfterAttempts
    scratch: Path
    linter: FoundCheck | None
    all_tests_seconds: float
    snapshot: str
    task: Task | None
    before: CheckBefore | None
    wrote: Sequence[str] | None
    others: Callable[[], OthersHere] = OthersHere
    _looked: str | None = field(default=None, init=False)  # the mark of the work tree before the check
    _here: OthersHere = field(default_factory=OthersHere, init=False)

    async def ask(self, said: str, check: str | FoundCheck | None, seconds: float) -> Verified:
        """Return what changed, what *check* said within *seconds*, and what of the claims in *said* is not so."""
        until = monotonic() + seconds
        back, mark = SetBack(done=True), None
        if check is not None and self.task is not None:
            back, mark = self._put_back(self.task)
        changed = self._changed(mark)
        if self.wrote is None and self.snapshot and self.changes is not None:  # by commands, or by Hermes' own tools
            since = beginning(self.scratch, exact=True)
            changed = (*changed, *self.changes.inside_others(self.snapshot, since, changed))
        changed, theirs = self._without_theirs(changed)
        if isinstance(check, FoundCheck) and check.only_if_changed and not changed:
            check = None
        contents = [one for one in await self._contents() if path_as_text(one.path) not in theirs]
        result = None if check is None else await self._checked(check, seconds, changed, contents)
        told = result is not None and not result.inconclusive
        absent = absent_claims(self.workspace, said, changed)
        root = None if self.workspace is None else self.workspace.root
        shown = partial(unproved_points, before=self.before, contents=contents, root=root)
        unread = unread_files(root, changed, contents)
        unproved = tuple(shown(self.task, changed, result, path=self.runs.environ.get("PATH", ""), unread=unread))
        mine = [one.path for one in changed]
        left = _still(untouched_files(self.workspace, self.task, mine), theirs) if result is not None else ()
        points = partial(open_points, before=self.before, absent=absent, put_back=back, unproved=unproved, left=left)
        missed = partial(missed_files, adds=any(one.before is None for one in contents))
        return Verified(
            files_changed=changed,
            check=result,
            unverified=(
                *points(self.workspace, self.task, changed, result),
                *self._here.points(theirs, mine, self.wrote, checked=result is not None),
            ),
            unproved=unproved,
            absent=absent,
            whole=self.workspace is not None and self.workspace.git,
            put_back=back.left if back.done else (),
            put_back_note=back.note if back.done else "",
            put_back_saved=back.done and back.saved,
            taken_tests=back.taken,
            ignored=self._ignored(changed),
            weak=(
                *await parsed_in_time(contents, until - monotonic()),
                *(() if told else await self._linted(changed, until - monotonic())),
            ),
            only_words=await only_words_of(contents, changed),
            missed=_still(missed(self.workspace, self.task, mine), theirs),
            theirs=tuple(sorted(theirs)),
        )

    def _ignored(self, changed: Sequence[ChangedFile]) -> tuple[str, ...]:
        """Return the files that git ignores and that commands changed or removed: no mark has them."""
        if self.changes is None or self.wrote is not None:
            return ()
        known = {one.path for one in changed}
        found = (path_as_text(path) for path in ignored_changes(self.changes.root, self.scratch))
        return tuple(path for path in found if path not in known)

    def _put_back(self, task: Task) -> tuple[SetBack, str | None]:
        """Make test files that *task* does not name what they were before; `left` of the answer are their paths.

        Return a mark of the work tree too, where one was taken and holds still.
        """
        done: SetBack | None = self.seen.find("put back")
        if done is not None or self.changes is None or self.back is None:
            return done or SetBack(done=True), None
        changes, wrote = self.changes, self.wrote
        look = cache(lambda: self.seen.find("looked") or changes.marks.take())
        if self.snapshot and wrote is None and (others := self.others()).files:
            wrote = changes.written_by_run(self.snapshot, look(), wrote, others)
        done, mark = self.back.tests(self.snapshot, look, task, wrote)
        if done.left or done.taken:
            self.seen.keep("put back", done)
        return done, mark

    def _changed(self, mark: str | None) -> tuple[ChangedFile, ...]:
        """Return what changed since the snapshot. *mark* is one of the work tree as it is, if there is one."""
        if self.changes is None:
            return ()
        if not self.snapshot:
            return self.changes.written()
        after = self.seen.find("looked") or mark or self.changes.marks.take()
        self.seen.keep("looked", after)  # before the check, which may leave files behind
        self._looked = after
        return self.changes.between(self.snapshot, after)

    def _without_theirs(self, changed: Sequence[ChangedFile]) -> tuple[tuple[ChangedFile, ...], frozenset[str]]:
        """Return *changed* without what other runs wrote meanwhile, and the paths of that."""
        if self.changes is None or not self.snapshot:
            return tuple(changed), frozenset()
        self._here = self.others()  # after the mark: whatever it holds was noted by then
        theirs = self._here.theirs((one.path for one in changed), self.wrote, self.changes.journal)
        return tuple(one for one in changed if one.path not in theirs), theirs

    async def _contents(self) -> Sequence[ChangedContent]:
        """Return the files that changed and are still there, as they were before the check: not all of very many."""
        if self.changes is None:
            return ()
        read = partial(self.changes.contents, self.snapshot, self._looked, most=MOST_PARSED_FILES, rank=steering_rank)
        return await asyncio.to_thread(lambda: [ChangedContent(*one) for one in read()])

    async def _linted(self, changed: Sequence[ChangedFile], seconds: float) -> tuple[WeakCheck, ...]:
        if self.workspace is None or self.linter is None or seconds <= 0:
            return ()
        return await lint_changed(self.linter, changed, self.runs.jailed(self.workspace.root), seconds=seconds)

    async def _checked(
        self,
        check: str | FoundCheck,
        seconds: float,
        changed: Sequence[ChangedFile],
        contents: Sequence[ChangedContent],
    ) -> CheckResult:
        found: CheckResult | None = self.seen.find("checked")
        if found is not None:
            return found
        new = new_tests((one.path, one.before, one.after) for one in contents)
        result = await self._judge(changed, new).ask(check, seconds)
        if isinstance(check, FoundCheck) and check.tests and result.passed:
            result = await self._all_tests(seconds - result.seconds).after_narrowed(check, result)
        left = None if result.outlived else self._left()  # what runs on may be writing still
        result = replace(result, left=left, wrote=bool(result.taints) and self._wrote(result, left))
        self.seen.keep("checked", result)
        return result

    def _judge(self, changed: Sequence[ChangedFile], new: Sequence[str] = ()) -> JudgedCheck:
        task = self.task
        return JudgedCheck(
            runs=self.runs,
            before=self.before,
            touching=lambda: touched(self.workspace, task, changed),
            fewer_are_meant=task is None or may_have_fewer(task),
            same_tests=lambda: task is None or self._same_tests(task),
            new_tests=new,
        )

    def _same_tests(self, task: Task) -> bool:
        """Tell whether no test file that *task* does not name was changed since the check began, by what it ran.

        Outside of git nobody knows.
        """
        if self.changes is None or self._looked is None:
            return True
        marks = self.changes.marks
        return not to_put_back(marks.trees, self.changes.root, self._looked, marks.take(), task)

    def _all_tests(self, seconds: float) -> WholeCheck:
        known = self.changes is not None and bool(self.snapshot) and self._looked is not None
        return WholeCheck(
            runs=self.runs,
            marks=self.changes.marks if self.changes and known else None,
            scratch=self.scratch,
            between=(self.snapshot, self._looked or ""),
            seconds=min(self.all_tests_seconds, seconds),
        )

    def _left(self) -> tuple[str, ...] | None:
        """Return the files that are not as before the check; None where nobody knows, or they are too many.

        Outside of git nobody does. In repositories inside of this one no mark looks.
        """
        if self.changes is None or self._looked is None:
            return None
        marks = self.changes.marks
        try:
            after = marks.take()
            found = marks.paths(self._looked, after)
            theirs = self.others().theirs(found, None, self.changes.journal)
            found = tuple(path for path in found if path not in theirs)
            known = len(found) <= _MOST_LEFT and not any(marks.trees.gitlinks(Mark.read(after).files))
            return found if known and "".join(found).isprintable() else None
        except WorkspaceError:
            return None

    def _wrote(self, check: CheckResult, left: tuple[str, ...] | None) -> bool:
        """Tell whether *check* left other files than it found, or may have: outside of git nobody knows."""
        if self.changes is None:
            return False
        return left is None or bool(left) or any(taint.moved for taint in check.taints)


def _still(untouched: tuple[str, ...], theirs: frozenset[str]) -> tuple[str, ...]:
    """Return the files that this run left *untouched*; none where another run wrote one of them, as *theirs* tell."""
    return () if theirs.intersection(untouched) else untouched
