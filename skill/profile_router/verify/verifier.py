"""Compare what a subagent says with the world: what git sees, which files exist, what the check command says."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from profile_router.checks.linters import linted
from profile_router.checks.narrowing import touching
from profile_router.core.attempt.between import NO_CHECK
from profile_router.core.attempt.handoff import FileDiff, SetBack
from profile_router.core.attempt.tests_meant import may_have_fewer, named_files
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.check_words import weak_points
from profile_router.core.ladder.receipt import ChangedFile, CheckBefore, CheckResult, Verified
from profile_router.core.ladder.weak_check import WeakCheck
from profile_router.core.language.edits import shaped_as_file
from profile_router.core.language.path_words import path_words
from profile_router.core.policy import Terminal
from profile_router.core.task import Task
from profile_router.core.text import some_of
from profile_router.errors import WorkspaceError
from profile_router.git.left_files import beginning, left_files, note_beginning
from profile_router.git.marks import GitSnapshots, path_as_text
from profile_router.git.writes import Found
from profile_router.threads.records import Records
from profile_router.verify.check_runs import CheckRuns
from profile_router.verify.diffs import WorkDiffs, changed_since, is_binary
from profile_router.verify.first_check import FirstCheck, wrote_since
from profile_router.verify.judged_check import JudgedCheck
from profile_router.verify.kept_checks import KeptChecks
from profile_router.verify.linting import run_linter
from profile_router.verify.parsing import MOST_FILES, ChangedContent, parsed
from profile_router.verify.private_copies import copied_from, private_pieces
from profile_router.verify.put_back import to_put_back, written_to_put_back
from profile_router.verify.set_back import (
    look_at,
    not_set_back,
    remember,
    remembered,
    set_back_by_git,
    set_back_by_journal,
    stored_files,
)
from profile_router.withheld.whole_scan import Secrets
from profile_router.workspace.folder import Workspace, tracked_files

_LARGEST_DIFFED = 2_000_000
_BEFORE = "before"  # the record of the check before any work
_MOST_ABSENT = 20  # files that a long report names and that are not there


@dataclass(slots=True, kw_only=True)
class WorkspaceVerifier:
    """Verifies runs in *workspace*. Checks run in *folder*, where the user stands; None: at its root. `journal` holds
    what files were before the subagent's tools wrote them (None: absent): it stands in for git without a repository.
    `scratch` is a folder for git's marks. A file whose path matches one of `private` is named in a diff and no more;
    `secrets` are what is looked for in texts and files. What is taken back is kept below `state`, under `name`.
    `jail` are the limits of a check that was found, and of `linter`; `original` is the workspace that this one is a
    copy of, if it is one. `records` keep what was seen, so that a run that is resumed does not see what its own check
    left. `kept` is what checks said before any work, for other runs too."""

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
    _ended: dict[str, Found | None] | None = field(default=None, init=False)
    _snapshots: GitSnapshots | None = field(default=None, init=False)
    _looked: str | None = field(default=None, init=False)

    def snapshot(self) -> str:
        """Return a mark of the workspace; empty outside of git."""
        if self.workspace is None:
            return ""
        self._ended = look_at(self.workspace.root, tuple(self.journal))
        if not self.workspace.git:
            return ""
        note_beginning(self.scratch)
        return self._marks(self.workspace.root).take()

    async def check_before(
        self, snapshot: str, check: str | FoundCheck, *, seconds: float, may_lack: bool
    ) -> CheckBefore:
        """Return what *check* says before any work on the files of *snapshot*: once, whatever happens in between.

        In a copy of ours, what the check wrote is taken back. Raises UsageError where it cannot run, unless it
        *may_lack* what it runs.
        """
        found: CheckBefore | None = self.records.find(_BEFORE) if self.records else None
        if found is None:
            first = FirstCheck(
                runs=self._runs(),
                marks=self._marks(self.workspace.root) if self.workspace and snapshot else None,
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
    ) -> Verified:
        """Return what changed since *snapshot*, what *check* said, and what of the claims in *said* is not so.

        *before* is what the check said before the work on *task*. Test files that it does not name are put back first.
        """
        back, seen = SetBack(done=True), None
        if check is not None and task is not None:
            back, seen = self._put_back(snapshot, task)
        changed = self._changes(snapshot, seen)
        if isinstance(check, FoundCheck) and check.only_if_changed and not changed:
            check = None
        result = None
        if check is not None:
            judge = JudgedCheck(
                runs=self._runs(),
                before=before,
                touching=lambda: self._touching(task, changed),
                fewer_are_meant=task is None or may_have_fewer(task),
            )
            result = await self._checked(check, seconds, judge)
        told = result is not None and not result.inconclusive
        absent = tuple(islice(self._absent_claims(said, changed), _MOST_ABSENT))
        open_points = [f"names {path}, which does not exist" for path in absent]
        if check is None:
            open_points.append(NO_CHECK)
        elif result is not None and result.inconclusive:
            open_points.append(result.unclear)
        if not back.done:
            open_points.append(back.note)
        open_points += weak_points(result)
        if self.workspace is None:
            open_points.append("no workspace: no file could be looked at")
        elif not self.workspace.git:
            open_points.append("not a git repository: only files written through the tools are known")
        return Verified(
            files_changed=changed,
            check=result,
            unverified=tuple(open_points),
            absent=absent,
            whole=self.workspace is not None and self.workspace.git,
            put_back=back.left if back.done else (),
            put_back_note=back.note if back.done else "",
            weak=(*await self._parsed(snapshot), *(() if told else await self._linted(changed, seconds))),
        )

    def _put_back(self, snapshot: str, task: Task) -> tuple[SetBack, str | None]:
        """Make test files that *task* does not name what they were before; `left` of the answer are their paths.

        Return a mark of the work tree too, where one was taken and holds still.
        """
        done: SetBack | None = self._found("put back")
        if done is not None or self.workspace is None or self.state is None:
            return done or SetBack(done=True), None
        root = self.workspace.root
        if snapshot:
            marks = self._marks(root)
            after = self._found("looked") or marks.take()
            paths = to_put_back(marks.trees, root, snapshot, after, task)
            if not paths:
                return SetBack(done=True), after
            back = set_back_by_git(marks.trees, root, self.state, self.name, (snapshot, after), paths)
        else:
            paths = written_to_put_back(self.journal, task)
            if not paths:
                return SetBack(done=True), None
            held = {path: self.journal[path] for path in paths}
            back = set_back_by_journal(root, self.state, self.name, held, look_at(root, paths))
        names = tuple(path_as_text(path) for path in paths)
        done = replace(back, left=names, note=f"{some_of(names)}: {back.note}" if back.note else "")
        self._keep("put back", done)
        return done, None

    def _touching(self, task: Task | None, changed: Sequence[ChangedFile]) -> tuple[str, ...] | None:
        """Return the test files that touch what *task* names and what was *changed*; None where that is nothing."""
        if self.workspace is None:
            return None
        named = () if task is None else (path for path in named_files(task) if _there(self.workspace.root, path))
        files = tuple(dict.fromkeys((*named, *(file.path for file in changed))))
        return touching(self.workspace, files) if files else None

    async def diff(self, snapshot: str, wrote: Sequence[str] | None) -> tuple[FileDiff, ...]:
        """Return what became of each file since *snapshot*: of those in *wrote* alone, if it is known."""
        if self.workspace is None:
            return ()
        pieces = private_pieces(self.workspace, self.private)
        diffs = WorkDiffs(self.workspace.root, self.private, pieces, confidential=self.secrets.confidential)
        if not self.workspace.git:
            return diffs.of_journal(self.journal, wrote)
        marks = self._marks(self.workspace.root)
        after = marks.take()
        beside = {path: before for path, before, _ in self._unseen(marks.changes(snapshot, after))}
        return (*diffs.of_git(marks, snapshot, after, wrote), *diffs.of_journal(beside, wrote))

    def copied(self, texts: Sequence[str]) -> str:
        """Return the private file that one of *texts* repeats something of; empty where none does."""
        if self.workspace is None:
            return ""
        pieces = private_pieces(self.workspace, self.private)
        return next((path for text in texts if (path := copied_from(text, pieces))), "")

    async def set_back(self, snapshot: str, ended: str, wrote: Sequence[str] | None, *, number: int) -> SetBack:
        """Take back what changed between the marks *snapshot* and *ended*, once for each *number*.

        Outside of git that is what `journal` knows, against the files as they were at the last `snapshot()`.
        """
        done = remembered(self.scratch, number)
        if done is None:
            try:
                done = self._set_back(snapshot, ended, wrote)
            except WorkspaceError as error:
                done = not_set_back(str(error))
            remember(self.scratch, number, done)
        return done

    def _set_back(self, snapshot: str, ended: str, wrote: Sequence[str] | None) -> SetBack:
        if self.workspace is None or self.state is None:
            return SetBack(done=True)
        root = self.workspace.root
        if self.workspace.git:
            trees = self._marks(root).trees
            beside = self._beside(snapshot, ended, wrote)
            seen = None if wrote is None else [path for path in wrote if path not in beside]
            done = set_back_by_git(trees, root, self.state, self.name, (snapshot, ended), seen)
            if not done.done:
                return done
            if beside:
                more = set_back_by_journal(root, self.state, self.name, beside, self._ended or {})
                done = replace(more, note="; ".join(filter(None, (done.note, more.note))))
            if not done.done:
                return done
            return replace(done, left=left_files(root, beginning(self.scratch), stored_files(trees, root, snapshot)))
        if wrote is None:
            return not_set_back("outside of git only what the embedded runner's own tools wrote can be taken back")
        if self._ended is None:
            return not_set_back("the run was interrupted, and outside of git nobody knows what was changed since")
        return set_back_by_journal(root, self.state, self.name, self.journal, self._ended)

    def _beside(self, snapshot: str, ended: str, wrote: Sequence[str] | None) -> dict[str, bytes | None]:
        """Return what the files were that the tools wrote and git does not look into, if all is known."""
        if wrote is None or self.workspace is None or self._ended is None:
            return {}
        seen = self._marks(self.workspace.root).changes(snapshot, ended)
        return {path: before for path, before, _ in self._unseen(seen) if path in wrote}

    def _unseen(self, seen: Sequence[ChangedFile]) -> Iterator[tuple[str, bytes | None, bytes | None]]:
        """Yield the files that the tools changed besides those that git has *seen*: in submodules and other
        repositories inside of this one, and where git ignores them."""
        if self.workspace is not None:
            names = {file.path for file in seen}
            found = changed_since(self.workspace.root, self.journal)
            yield from (file for file in found if path_as_text(file[0]) not in names)

    def _changes(self, snapshot: str, seen: str | None = None) -> tuple[ChangedFile, ...]:
        """Return what changed since *snapshot*. *seen* is a mark of the work tree as it is, if there is one."""
        if self.workspace is None:
            return ()
        if not snapshot:
            return tuple(_counted(*file) for file in changed_since(self.workspace.root, self.journal))
        marks = self._marks(self.workspace.root)
        after = self._found("looked") or seen or marks.take()
        self._keep("looked", after)  # before the check, which may leave files behind
        self._looked = after
        known = marks.changes(snapshot, after)
        return tuple(sorted((*known, *(_counted(*file) for file in self._unseen(known))), key=lambda file: file.path))

    async def _parsed(self, snapshot: str) -> tuple[WeakCheck, ...]:
        """Return whether the files parse that changed since *snapshot*, as they were before the check ran."""
        changes = await asyncio.to_thread(lambda: [ChangedContent(*one) for one in self._contents(snapshot)])
        told = await asyncio.to_thread(parsed, changes)
        return (told,) if told is not None else ()

    async def _linted(self, changed: Sequence[ChangedFile], seconds: float) -> tuple[WeakCheck, ...]:
        """Return what the linter says of the files that *changed*; nothing where it cannot say anything."""
        root = self.workspace.root if self.workspace is not None else None
        words = linted(self.linter, [file.path for file in changed]) if self.linter is not None else ()
        if root is None or self.linter is None or not words:
            return ()
        told = await run_linter(replace(self.linter, words=words), self._runs().jailed(root), seconds=seconds)
        return (told,) if told is not None else ()

    def _contents(self, snapshot: str) -> Iterator[tuple[str, bytes | None, bytes]]:
        """Yield each file that changed and is still there: its path, and its content before (None: new) and after."""
        if self.workspace is None:
            return
        if not snapshot or self._looked is None:
            found: Iterable[tuple[str, bytes | None, bytes | None]] = changed_since(self.workspace.root, self.journal)
        else:
            found = self._marks(self.workspace.root).contents(snapshot, self._looked, most=MOST_FILES)
        yield from ((path, before, after) for path, before, after in found if after is not None)

    async def _checked(self, check: str | FoundCheck, seconds: float, judge: JudgedCheck) -> CheckResult:
        found: CheckResult | None = self._found("checked")
        if found is not None:
            return found
        result = await judge.ask(check, seconds)
        if result.taints:
            result = replace(result, wrote=self._wrote(result))
        self._keep("checked", result)
        return result

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
        before = self._looked
        if before is None or any(taint.moved for taint in check.taints):
            return True
        return wrote_since(self._marks(self.workspace.root), before)

    def _found(self, what: str) -> Any:
        return self.records.find(_after_attempts(what, self.records)) if self.records else None

    def _keep(self, what: str, value: Any) -> None:
        if self.records:
            self.records.keep(_after_attempts(what, self.records), value)

    def _marks(self, root: Path) -> GitSnapshots:
        """Return what takes marks. A run that was killed finds those of the process before it in `scratch`."""
        if self._snapshots is None:
            self._snapshots = GitSnapshots(root, self.scratch)
        return self._snapshots

    def _absent_claims(self, said: str, changed: tuple[ChangedFile, ...]) -> Iterator[str]:
        """Yield each file that *said* names and that is neither there nor among those changed."""
        if self.workspace is None:
            return
        names: tuple[str, ...] | None = None
        for path in dict.fromkeys(word.text.removeprefix("./") for word in path_words(said)):
            if not shaped_as_file(path) or _there(self.workspace.root, path):
                continue
            names = (*tracked_files(self.workspace), *(file.path for file in changed)) if names is None else names
            if not any(name == path or name.endswith(f"/{path}") for name in names):
                yield path


def _after_attempts(what: str, records: Records) -> str:
    """Return the name for *what* after the attempts so far: until there is another, there is nothing more to see."""
    return f"{what} after {len(records.names('attempt '))}"


def _there(root: Path, path: str) -> bool:
    try:
        return (root / path).exists()
    except (OSError, ValueError):
        return False


def _counted(path: str, before: bytes | None, after: bytes | None) -> ChangedFile:
    if is_binary(before, after, _LARGEST_DIFFED):
        return ChangedFile(path=path_as_text(path), lines_added=None, lines_removed=None)
    marks = [line[0] for line in difflib.ndiff(_lines(before), _lines(after)) if line[:2] in {"+ ", "- "}]
    return ChangedFile(path=path_as_text(path), lines_added=marks.count("+"), lines_removed=marks.count("-"))


def _lines(data: bytes | None) -> list[str]:
    return (data or b"").decode("utf-8", "replace").splitlines()
