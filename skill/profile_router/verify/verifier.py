"""Compare what a subagent says with the world: what git sees, which files exist, what the check command says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from profile_router.checks.missed_files import missed_files
from profile_router.core.attempt.handoff import FileDiff, SetBack
from profile_router.core.attempt.tests_meant import may_have_fewer
from profile_router.core.attempt.unable_check import MayLack
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.receipt import ChangedFile, CheckBefore, CheckResult, Verified
from profile_router.core.ladder.weak_check import WeakCheck
from profile_router.core.policy import Terminal
from profile_router.core.task import Task
from profile_router.errors import WorkspaceError
from profile_router.git.left_files import beginning, note_beginning
from profile_router.git.writes import Found
from profile_router.threads.records import AfterAttempts, Records
from profile_router.verify.absent_claims import absent_claims
from profile_router.verify.changes.diffs import WorkDiffs
from profile_router.verify.changes.private_copies import first_copied, private_pieces
from profile_router.verify.changes.put_back import to_put_back
from profile_router.verify.changes.set_back import look_at, not_set_back, remember, remembered
from profile_router.verify.changes.work_back import WorkBack
from profile_router.verify.changes.work_changes import WorkChanges
from profile_router.verify.checking.check_runs import CheckRuns
from profile_router.verify.checking.first_check import FirstCheck, wrote_since
from profile_router.verify.checking.judged_check import JudgedCheck, touched
from profile_router.verify.checking.kept_checks import KeptChecks
from profile_router.verify.checking.linting import lint_changed
from profile_router.verify.checking.whole_check import WholeCheck
from profile_router.verify.open_points import open_points, unproved_points
from profile_router.verify.parsing import MOST_PARSED_FILES, ChangedContent, parsed_in_time
from profile_router.verify.same_code import only_words_of
from profile_router.withheld.whole_scan import Secrets
from profile_router.workspace.folder import Workspace

_BEFORE = "before"  # the record of the check before any work


@dataclass(slots=True, kw_only=True)
class WorkspaceVerifier:
    """Verifies runs in *workspace*. Checks run in *folder*, where the user stands; None: at its root. `journal` holds
    what files were before the subagent's tools wrote them (None: absent). It stands in for git without a repository.
    `scratch` is a folder for git's marks. A file whose path matches one of `private` is named in a diff and no more;
    `secrets` are what is looked for in texts and files. What is taken back is kept below `state`, under `name`. `jail`
    are the limits of a check that was found, and of `linter`. `original` is the workspace that this one is a copy of,
    if it is a copy. `records` keep what was seen, so that a resumed run does not see what its own check left. `kept` is
    what checks said before any work, for other runs too. After a narrowed check that passes, all tests run for
    `all_tests_seconds`."""

    workspace: Workspace | None
    scratch: Path
    environ: Mapping[str, str]
    journal: Mapping[str, bytes | None]
    private: Sequence[str] = ()
    folder: Path | None = None
    state: Path | None = None
    name: str = "run"
    records: Records | None = None
    secrets: Secrets = field(default_factory=Secrets)
    kept: KeptChecks | None = None
    jail: Terminal = field(default_factory=Terminal)
    linter: FoundCheck | None = None
    original: Path | None = None
    all_tests_seconds: float = 0.0
    _ended: dict[str, Found | None] | None = field(default=None, init=False)
    _work: WorkChanges | None = field(default=None, init=False)
    _looked: str | None = field(default=None, init=False)

    def snapshot(self) -> str:
        """Return a mark of the workspace; empty outside of git."""
        if self.workspace is None:
            return ""
        self._ended = look_at(self.workspace.root, tuple(self.journal))
        if not self.workspace.git:
            return ""
        note_beginning(self.scratch)
        return self._changes(self.workspace.root).marks.take()

    async def check_before(
        self, snapshot: str, check: str | FoundCheck, *, seconds: float, may_lack: MayLack
    ) -> CheckBefore:
        """Return what *check* says before any work on the files of *snapshot*: once, whatever happens in between.

        In a copy of ours, what the check wrote is taken back. Raises UsageError where it cannot run, unless it
        *may_lack* what it runs.
        """
        found: CheckBefore | None = self.records.find(_BEFORE) if self.records else None
        if found is None:
            first = FirstCheck(
                runs=self._runs(),
                marks=self._changes(self.workspace.root).marks if self.workspace and snapshot else None,
                state=self.state,
                name=self.name,
                kept=self.kept,
            )
            found = await first.ask(snapshot, check, seconds=seconds, may_lack=may_lack)
            if self.records:
                self.records.keep(_BEFORE, found)
        return found

    async def verify(
        self,
        snapshot: str,
        said: str,
        check: str | FoundCheck | None,
        *,
        seconds: float,
        task: Task | None = None,
        before: CheckBefore | None = None,
        wrote: Sequence[str] | None = None,
    ) -> Verified:
        """Return what changed since *snapshot*, what *check* said, and what of the claims in *said* is not so.

        *before* is what the check said before the work on *task*. Test files that the task does not name are put back
        first, if the attempts *wrote* them (None: nobody knows).
        """
        back, seen = SetBack(done=True), None
        if check is not None and task is not None:
            back, seen = self._put_back(snapshot, task, wrote)
        changed = self._changed(snapshot, seen)
        if wrote is None and snapshot and self.workspace is not None:  # by commands, or by Hermes' own tools
            work = self._changes(self.workspace.root)
            changed = (*changed, *work.inside_others(snapshot, beginning(self.scratch, exact=True), changed))
        if isinstance(check, FoundCheck) and check.only_if_changed and not changed:
            check = None
        judge = self._judge(task, before, changed)
        result = None if check is None else await self._checked(check, seconds, judge, snapshot)
        told = result is not None and not result.inconclusive
        absent = absent_claims(self.workspace, said, changed)
        contents = await self._contents(snapshot)
        root = None if self.workspace is None else self.workspace.root
        unproved = tuple(unproved_points(task, changed, result, before=before, contents=contents, root=root))
        points = partial(open_points, before=before, absent=absent, put_back=back, unproved=unproved)
        missed = partial(missed_files, adds=any(one.before is None for one in contents))
        return Verified(
            files_changed=changed,
            check=result,
            unverified=tuple(points(self.workspace, task, changed, result)),
            unproved=unproved,
            absent=absent,
            whole=self.workspace is not None and self.workspace.git,
            put_back=back.left if back.done else (),
            put_back_note=back.note if back.done else "",
            weak=(*await parsed_in_time(contents), *(() if told else await self._linted(changed, seconds))),
            only_words=await only_words_of(contents, changed),
            missed=missed(self.workspace, task, [one.path for one in changed]),
        )

    def _judge(self, task: Task | None, before: CheckBefore | None, changed: Sequence[ChangedFile]) -> JudgedCheck:
        return JudgedCheck(
            runs=self._runs(),
            before=before,
            touching=lambda: touched(self.workspace, task, changed),
            fewer_are_meant=task is None or may_have_fewer(task),
            same_tests=lambda: task is None or self._same_tests(task),
        )

    def _same_tests(self, task: Task) -> bool:
        """Tell whether no test file that *task* does not name was changed since the check began, by what it ran.

        Outside of git nobody knows.
        """
        if self.workspace is None or self._looked is None:
            return True
        marks = self._changes(self.workspace.root).marks
        return not to_put_back(marks.trees, self.workspace.root, self._looked, marks.take(), task)

    def _put_back(self, snapshot: str, task: Task, wrote: Sequence[str] | None) -> tuple[SetBack, str | None]:
        """Make test files that *task* does not name what they were before; `left` of the answer are their paths.

        Return a mark of the work tree too, where one was taken and holds still.
        """
        done: SetBack | None = self._seen.find("put back")
        if done is not None or self.workspace is None or self.state is None:
            return done or SetBack(done=True), None
        root = self.workspace.root
        done, seen = self._back(self.workspace, self.state).tests(
            snapshot, lambda: self._seen.find("looked") or self._changes(root).marks.take(), task, wrote
        )
        if done.left:
            self._seen.keep("put back", done)
        return done, seen

    async def diff(self, snapshot: str, wrote: Sequence[str] | None) -> tuple[FileDiff, ...]:
        """Return what became of each file since *snapshot*: of those in *wrote* alone, if it is known."""
        if self.workspace is None:
            return ()
        pieces = private_pieces(self.workspace, self.private)
        diffs = WorkDiffs(self.workspace.root, self.private, pieces, confidential=self.secrets.confidential)
        if not self.workspace.git:
            return diffs.of_journal(self.journal, wrote)
        changes = self._changes(self.workspace.root)
        after = changes.marks.take()
        beside = changes.beside(snapshot, after)
        return (*diffs.of_git(changes.marks, snapshot, after, wrote), *diffs.of_journal(beside, wrote))

    def copied(self, texts: Sequence[str]) -> str:
        """Return the private file that one of *texts* repeats something of; empty where none does."""
        return "" if self.workspace is None else first_copied(self.workspace, self.private, texts)

    async def set_back(self, snapshot: str, ended: str, wrote: Sequence[str] | None, *, number: int) -> SetBack:
        """Take back what changed between the marks *snapshot* and *ended*, once for each *number*.

        Outside of git that is what `journal` knows, against the files as they were at the last `snapshot()`.
        """
        done = remembered(self.scratch, number)
        if done is None:
            try:
                if self.workspace is None or self.state is None:
                    done = SetBack(done=True)
                else:
                    done = self._back(self.workspace, self.state).all(snapshot, ended, wrote, self._ended)
            except WorkspaceError as error:
                done = not_set_back(str(error))
            remember(self.scratch, number, done)
        return done

    def _changed(self, snapshot: str, seen: str | None = None) -> tuple[ChangedFile, ...]:
        """Return what changed since *snapshot*. *seen* is a mark of the work tree as it is, if there is one."""
        if self.workspace is None:
            return ()
        changes = self._changes(self.workspace.root)
        if not snapshot:
            return changes.written()
        after = self._seen.find("looked") or seen or changes.marks.take()
        self._seen.keep("looked", after)  # before the check, which may leave files behind
        self._looked = after
        return changes.between(snapshot, after)

    async def _contents(self, snapshot: str) -> Sequence[ChangedContent]:
        """Return the files that changed since *snapshot* and are still there, as they were before the check ran."""
        if self.workspace is None:
            return ()
        read = partial(self._changes(self.workspace.root).contents, snapshot, self._looked, most=MOST_PARSED_FILES)
        return await asyncio.to_thread(lambda: [ChangedContent(*one) for one in read()])

    async def _linted(self, changed: Sequence[ChangedFile], seconds: float) -> tuple[WeakCheck, ...]:
        if self.workspace is None or self.linter is None:
            return ()
        return await lint_changed(self.linter, changed, self._runs().jailed(self.workspace.root), seconds=seconds)

    async def _checked(self, check: str | FoundCheck, seconds: float, judge: JudgedCheck, snapshot: str) -> CheckResult:
        found: CheckResult | None = self._seen.find("checked")
        if found is not None:
            return found
        result = await judge.ask(check, seconds)
        if isinstance(check, FoundCheck) and check.tests and result.passed:
            result = await self._all_tests(snapshot, seconds - result.seconds).after_narrowed(check, result)
        if result.taints:
            result = replace(result, wrote=self._wrote(result))
        self._seen.keep("checked", result)
        return result

    def _all_tests(self, snapshot: str, seconds: float) -> WholeCheck:
        known = self.workspace is not None and bool(snapshot) and self._looked is not None
        return WholeCheck(
            runs=self._runs(),
            marks=self._changes(self.workspace.root).marks if self.workspace and known else None,
            scratch=self.scratch,
            between=(snapshot, self._looked or ""),
            seconds=min(self.all_tests_seconds, seconds),
        )

    def _runs(self) -> CheckRuns:
        return CheckRuns(
            workspace=self.workspace,
            folder=self.folder,
            environ=self.environ,
            private=self.private,
            secrets=self.secrets,
            jail=self.jail,
            original=self.original,
        )

    def _wrote(self, check: CheckResult) -> bool:
        """Tell whether *check* left other files than it found, or may have: outside of git nobody knows."""
        if self.workspace is None:
            return False
        if self._looked is None or any(taint.moved for taint in check.taints):
            return True
        return wrote_since(self._changes(self.workspace.root).marks, self._looked)

    @property
    def _seen(self) -> AfterAttempts:
        return AfterAttempts(self.records)

    def _changes(self, root: Path) -> WorkChanges:
        if self._work is None:
            self._work = WorkChanges(root, self.scratch, self.journal)
        return self._work

    def _back(self, workspace: Workspace, state: Path) -> WorkBack:
        return WorkBack(self._changes(workspace.root), workspace.git, state, self.name)
