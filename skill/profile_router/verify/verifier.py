"""Compare what a subagent says with the world: what git sees, which files exist, what the check command says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from profile_router.core.attempt.handoff import FileDiff, SetBack
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.receipt import CheckBefore, Verified
from profile_router.core.policy import Terminal
from profile_router.core.task import Task
from profile_router.core.trust.unable_check import MayLack
from profile_router.errors import WorkspaceError
from profile_router.git.ignored_files import note_ignored
from profile_router.git.left_files import note_beginning
from profile_router.git.writes import Found
from profile_router.threads.records import AfterAttempts, Records
from profile_router.values import mutable
from profile_router.verify.changes.diffs import WorkDiffs
from profile_router.verify.changes.others_here import OthersHere
from profile_router.verify.changes.private_copies import first_copied, private_pieces
from profile_router.verify.changes.set_back import look_at, not_set_back, remember, remembered
from profile_router.verify.changes.work_back import WorkBack
from profile_router.verify.changes.work_changes import WorkChanges
from profile_router.verify.checking.check_runs import CheckRuns
from profile_router.verify.checking.first_check import FirstCheck
from profile_router.verify.checking.kept_checks import KeptChecks
from profile_router.verify.verification import Verification
from profile_router.withheld.whole_scan import Secrets
from profile_router.workspace.folder import Workspace

_BEFORE = "before"  # the record of the check before any work


@mutable
class WorkspaceVerifier:
    """Verifies runs in *workspace*. Checks run in *folder*, where the user stands; None: at its root. `journal` holds
    what files were before the subagent's tools wrote them (None: absent). It stands in for git without a repository.
    `scratch` is a folder for git's marks. A file whose path matches one of `private` is named in a diff and no more;
    `secrets` are what is looked for in texts and files. What is taken back is kept below `state`, under `name`. `jail`
    are the limits of a check that was found, and of `linter`. `original` is the workspace that this one is a copy of,
    if it is a copy. `records` keep what was seen, so that a resumed run does not see what its own check left.
    `kept_checks` are what checks said before any work, for other runs too. After a narrowed check that passes,
    all tests run for `all_tests_seconds`. `others` tells what other runs wrote here meanwhile: it is not this run's."""

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
    kept_checks: KeptChecks | None = None
    jail: Terminal = field(default_factory=Terminal)
    linter: FoundCheck | None = None
    original: Path | None = None
    all_tests_seconds: float = 0.0
    others: Callable[[], OthersHere] = OthersHere
    _ended: dict[str, Found | None] | None = field(default=None, init=False)
    _work: WorkChanges | None = field(default=None, init=False)

    def snapshot(self) -> str:
        """Return a mark of the workspace; empty outside of git."""
        if self.workspace is None:
            return ""
        self._ended = look_at(self.workspace.root, tuple(self.journal))
        if not self.workspace.git:
            return ""
        note_ignored(self.workspace.root, self.scratch)
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
                kept_checks=self.kept_checks,
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
        work = Verification(
            workspace=self.workspace,
            changes=self._changes(self.workspace.root) if self.workspace else None,
            back=self._back(self.workspace, self.state) if self.workspace and self.state else None,
            runs=self._runs(),
            seen=AfterAttempts(self.records),
            scratch=self.scratch,
            linter=self.linter,
            all_tests_seconds=self.all_tests_seconds,
            snapshot=snapshot,
            task=task,
            before=before,
            wrote=wrote,
            others=self.others,
        )
        return await work.ask(said, check, seconds)

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
        wrote = changes.written_by_run(snapshot, after, wrote, self.others())
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
                    wrote = self._written_by_run(self.workspace, snapshot, ended, wrote)
                    done = self._back(self.workspace, self.state).all(snapshot, ended, wrote, self._ended)
            except WorkspaceError as error:
                done = not_set_back(str(error))
            remember(self.scratch, number, done)
        return done

    async def tests_back(self, snapshot: str, ended: str, wrote: Sequence[str] | None, task: Task) -> SetBack:
        """Put back the tests that an attempt at *task* spoilt until *ended*. The next attempt begins with them.

        They are those that are put back before a check, and those that tests were taken from. `left` names them.
        """
        seen = AfterAttempts(self.records)
        done: SetBack | None = seen.find("tests back")
        if done is not None or self.workspace is None or self.state is None or (wrote is not None and not wrote):
            return done or SetBack(done=True)
        back = self._back(self.workspace, self.state)
        try:
            wrote = self._written_by_run(self.workspace, snapshot, ended, wrote)
            done, _ = back.tests(snapshot, lambda: ended, task, wrote, with_taken=True)
        except WorkspaceError as error:
            return not_set_back(str(error))
        if done.left or done.taken:
            seen.keep("tests back", done)
        return done

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

    def _written_by_run(
        self, workspace: Workspace, snapshot: str, ended: str, wrote: Sequence[str] | None
    ) -> Sequence[str] | None:
        """Return what this run wrote between two marks, None where nobody knows and nobody else worked here."""
        if not (workspace.git and snapshot and ended):
            return wrote
        return self._changes(workspace.root).written_by_run(snapshot, ended, wrote, self.others())

    def _changes(self, root: Path) -> WorkChanges:
        if self._work is None:
            self._work = WorkChanges(root, self.scratch, self.journal)
        return self._work

    def _back(self, workspace: Workspace, state: Path) -> WorkBack:
        return WorkBack(self._changes(workspace.root), workspace.git, state, self.name)
