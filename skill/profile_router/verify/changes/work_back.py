"""Take back what an attempt did: all of it after a failure, the tests alone before its check."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from profile_router.core.attempt.handoff import SetBack
from profile_router.core.task import Task
from profile_router.core.text import some_of
from profile_router.core.trust.tests_meant import may_have_fewer
from profile_router.git.left_files import beginning, left_files
from profile_router.git.marks import Mark, path_as_text
from profile_router.git.writes import Found
from profile_router.values import frozen
from profile_router.verify.changes.diffs import changed_since_journal
from profile_router.verify.changes.put_back import to_put_back, written_to_put_back
from profile_router.verify.changes.set_back import (
    look_at,
    not_set_back,
    set_back_by_git,
    set_back_by_journal,
    stored_files,
)
from profile_router.verify.changes.tests_taken import MOST_TEST_FILES, taken_from
from profile_router.verify.changes.work_changes import WorkChanges
from profile_router.workspace.held_tests import may_hold_tests

_Ended = Mapping[str, Found | None]
# Hermes' own tools and commands keep no journal.
_ANYBODYS = "; your own changes may be in it too: what commands and Hermes' tools write, nobody knows"


@frozen(kw_only=False)
class WorkBack:
    """Take back what *changes* know, with git or without. What is taken back is kept below *state*, under *name*."""

    changes: WorkChanges
    git: bool
    state: Path
    name: str

    def tests(
        self,
        snapshot: str,
        look: Callable[[], str],
        task: Task,
        wrote: Sequence[str] | None,
        *,
        with_taken: bool = False,
    ) -> tuple[SetBack, str | None]:
        """Make test files that *task* does not name what they were before; `left` of the answer are their paths.

        What somebody else changed meanwhile stays, as far as that is known. *wrote* are the files that the attempts
        wrote, None where they ran commands or Hermes' tools. *look* takes a mark of the work tree. It is returned too
        where it holds still. *with_taken*: files that tests were taken from are put back as well, whatever *task*
        names. Raises WorkspaceError.
        """
        root, journal = self.changes.root, self.changes.journal
        after: str | None = None
        if snapshot:
            after, trees = look(), self.changes.marks.trees
            paths = _by_attempts(root, to_put_back(trees, root, snapshot, after, task), wrote)
            changed = [*self.changes.marks.contents(snapshot, after, most=MOST_TEST_FILES, among=may_hold_tests)]
            taken = taken_from([one for one in changed if _by_attempts(root, one[:1], wrote)], task)
            paths = _together(paths, taken.files if with_taken else ())
            beyond = () if may_have_fewer(task) else self._beyond(snapshot, after, [path for path, _, _ in changed])
            unknown = [path for path in _together(taken.uncompared, beyond) if path not in paths]
            uncompared = tuple(map(path_as_text, _by_attempts(root, unknown, wrote)))
            if not paths:
                return SetBack(done=True, taken=taken.words() if taken else "", uncompared=uncompared), after
            back = set_back_by_git(trees, root, self.state, self.name, (snapshot, after), paths)
        else:
            paths = written_to_put_back(journal, task)
            taken = taken_from([one for one in changed_since_journal(root, journal) if may_hold_tests(one[0])], task)
            paths = _together(paths, taken.files if with_taken else ())
            uncompared = tuple(path_as_text(path) for path in taken.uncompared if path not in paths)
            if not paths:
                return SetBack(done=True, taken=taken.words() if taken else "", uncompared=uncompared), None
            held = {path: journal[path] for path in paths}
            back = set_back_by_journal(root, self.state, self.name, held, look_at(root, paths))
        names = tuple(path_as_text(path) for path in paths)
        note = f"{some_of(names)}: {back.note}" if back.note else ""
        return replace(
            back,
            left=names,
            note=f"{note}{_ANYBODYS}" if note and snapshot and wrote is None else note,
            taken=taken.words(put_back=paths if back.done else ()) if taken else "",
            uncompared=uncompared,
        ), None

    def _beyond(self, snapshot: str, after: str, read: Sequence[str]) -> tuple[str, ...]:
        """Return the test files that were there, changed between both marks, and are too many to be *read*, too."""
        if len(read) < MOST_TEST_FILES:
            return ()
        trees, known = self.changes.marks.trees, {*read}
        start = trees.start(self.changes.root)
        pairs = trees.differences(Mark.read(snapshot).files, Mark.read(after).files)
        were = (path.removeprefix(start) for path, (old, _) in pairs.items() if old and path.startswith(start))
        return tuple(path for path in were if path not in known and may_hold_tests(path))

    def all(self, snapshot: str, ended: str, wrote: Sequence[str] | None, files: _Ended | None) -> SetBack:
        """Take back what changed between the marks *snapshot* and *ended*: what *wrote* names alone, if it is known.

        Outside of git that is what the journal knows, if it is still as in *files*. These are the files at the
        attempt's end (None: nobody knows). Raises WorkspaceError.
        """
        if self.git:
            return self._all_by_git(snapshot, ended, wrote, files)
        if wrote is None:
            return not_set_back("outside of git only what the embedded runner's own tools wrote can be taken back")
        if files is None:
            return not_set_back("the run was interrupted, and outside of git nobody knows what was changed since")
        return set_back_by_journal(self.changes.root, self.state, self.name, self.changes.journal, files)

    def _all_by_git(self, snapshot: str, ended: str, wrote: Sequence[str] | None, files: _Ended | None) -> SetBack:
        root, trees = self.changes.root, self.changes.marks.trees
        known = {} if wrote is None or files is None else self.changes.beside(snapshot, ended)
        beside = {path: before for path, before in known.items() if path in (wrote or ())}
        seen = None if wrote is None else [path for path in wrote if path not in beside]
        done = set_back_by_git(trees, root, self.state, self.name, (snapshot, ended), seen)
        if not done.done:
            return done
        if beside:
            more = set_back_by_journal(root, self.state, self.name, beside, files or {})
            note = "; ".join(filter(None, (done.note, more.note)))
            done = replace(more, note=note, saved=done.saved or more.saved)
        if not done.done:
            return done
        left = left_files(root, beginning(self.changes.scratch), stored_files(trees, root, snapshot))
        return replace(done, left=left)


def _together(paths: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({*paths, *others}))


def _by_attempts(root: Path, paths: Sequence[str], wrote: Sequence[str] | None) -> tuple[str, ...]:
    """Return those of *paths* that the attempts wrote, under whichever name; all of them where that is not known."""
    if wrote is None:
        return tuple(paths)
    written = {os.path.realpath(root / path) for path in wrote}
    return tuple(path for path in paths if os.path.realpath(root / path) in written)
