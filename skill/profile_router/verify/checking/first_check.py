"""The task's check before any work: what was red before is known afterwards, and a misspelt check costs nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from profile_router.copies.thread_copies import original_of
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.difference import judged_check
from profile_router.core.ladder.receipt import CheckBefore, CheckResult
from profile_router.core.ladder.report import CheckReport
from profile_router.core.language.code_endings import is_code
from profile_router.core.text import shown
from profile_router.core.trust.unable_check import CANNOT_RUN, Lacking, MayLack, lacking
from profile_router.errors import UsageError, WorkspaceError
from profile_router.git.ignored_facts import ignored_facts
from profile_router.git.left_files import left_files
from profile_router.git.marks import GitSnapshots, Mark
from profile_router.git.merge import merge_trees
from profile_router.state.copy_folders import place_in
from profile_router.values import frozen
from profile_router.verify.checking.check_runs import CheckRuns
from profile_router.verify.checking.kept_checks import KeptChecks, entry_name

_STORED = ("exit_code", "seconds", "last_line", "tail", "folder", "held", "why")
_MOST_EDITED = 200  # files
_ROOT = "\0"  # stands for the workspace, which is another folder in each copy
# Python takes bytecode for current whose source was changed within the second, to as many bytes.
NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "1"}


@frozen
class FirstCheck:
    """Asks a check before any work. *marks* takes those of the workspace, None outside of git; *state* is our folder.

    *kept_checks* has the answers of other runs. What is saved for a moment has the *name* of the thread.
    """

    runs: CheckRuns
    marks: GitSnapshots | None
    state: Path | None
    name: str
    kept_checks: KeptChecks | None

    async def ask(self, snapshot: str, check: str | FoundCheck, *, seconds: float, may_lack: MayLack) -> CheckBefore:
        """Return what *check* says on the files of *snapshot*, now or within the last hour. Raises UsageError."""
        if seconds <= 0:
            return CheckBefore(why="too little of the time is left for it", mark=snapshot)
        name = self._entry(snapshot, check)
        if not name or self.kept_checks is None:
            return await self._asked(snapshot, check, seconds, may_lack=may_lack)
        root = str(self.runs.root)
        async with self.kept_checks.turn(name, seconds=seconds):
            words = self.kept_checks.find(name)
            if words is not None and not (words["why"] and words["given"] < seconds):
                return _of_words(words, check, root, snapshot)
            found = await self._asked(snapshot, check, seconds, may_lack=may_lack)
            if _may_be_kept(found):
                self.kept_checks.keep(name, _words(found, root) | {"given": seconds})
            return found

    async def _asked(self, snapshot: str, check: str | FoundCheck, seconds: float, *, may_lack: MayLack) -> CheckBefore:
        began = time.time_ns()
        result = await self.runs.run(check, seconds, NO_BYTECODE)
        if isinstance(check, str):
            _refuse_if_unable(result, self.runs.place, may_lack)
        mark = self._mark_afterwards(snapshot, tainted=bool(result.taints), may_edit=not isinstance(check, str))
        if result.taints:
            away = any(taint.moved for taint in result.taints)
            result = replace(result, wrote=away or self._wrote(snapshot, began))
        alone = judged_check(
            _words_of(check), (None, result.exit_code), result.report, None, None, fewer_are_meant=True
        )
        result = replace(result, held=alone.held, why=alone.why)
        why = result.inconclusive or ("" if result.exit_code is not None else result.last_line)
        return CheckBefore(check=result if not why or result.taints else None, why=why, mark=mark)

    def _mark_afterwards(self, snapshot: str, *, tainted: bool, may_edit: bool) -> str:
        """Return the mark of the work tree after the check.

        What the check wrote is taken back in a copy of ours, and wherever it read what is withheld. The mark is the
        same then. Raises UsageError where it edited code, unless it *may_edit*: its answer would be about its own work.
        """
        if self.marks is None:
            return snapshot
        after = self.marks.take()
        if after == snapshot or self.state is None:
            return after
        edited = () if may_edit else self._edited(snapshot, after)
        if not tainted and not edited and place_in(self.state, str(self.runs.root)) is None:
            return after
        back = merge_trees(self.marks.trees, Mark.read(after).files, Mark.read(snapshot).files, self.state, self.name)
        if back.diff is not None:
            back.diff.unlink(missing_ok=True)
        if edited:
            raise UsageError(_edits(edited, put_back=back.merged))
        return snapshot if back.merged else after

    def _edited(self, snapshot: str, after: str) -> tuple[str, ...]:
        """Return the code that was there at *snapshot*, and that is changed or gone in the mark *after*."""
        pairs = () if self.marks is None else self.marks.contents(snapshot, after, most=_MOST_EDITED)
        return tuple(path for path, old, _ in pairs if old is not None and is_code(path))

    def _wrote(self, snapshot: str, began: int) -> bool:
        """Tell whether there are files that the check wrote since *began* (ns since 1970), besides those of a mark."""
        if self.marks is not None:
            return wrote_since(self.marks, snapshot)
        try:
            return self.runs.workspace is not None and bool(left_files(self.runs.root, began, ()))
        except WorkspaceError:
            return True

    def _entry(self, snapshot: str, check: str | FoundCheck) -> str:
        """Return the name under which the answer of *check* is kept; empty where nobody knows the files."""
        if not snapshot or self.state is None:
            return ""
        root = str(self.runs.root)
        ignored = ignored_facts(self.runs.root)
        if ignored is None:
            return ""
        folder, command = _placeless(str(self.runs.place), root), _placeless(_named(check), root)
        path = self.runs.environ.get("PATH", "")
        return entry_name(original_of(self.state, root), folder, command, snapshot, ignored, path)


def wrote_since(marks: GitSnapshots, before: str) -> bool:
    """Tell whether the work tree is not what the mark *before* says. Raises WorkspaceError."""
    return bool(marks.changes(before, marks.take()))


def _refuse_if_unable(result: CheckResult, folder: Path, may_lack: MayLack) -> None:
    """Raise UsageError where the command of *result* could not run in *folder*, unless it *may_lack* what it does."""
    lack = lack_of(result)
    if (lack is None and result.exit_code not in CANNOT_RUN) or may_lack(lack):
        return
    missing = f", for {shown(lack.word, 60)} is missing," if lack else ""
    said = f" ({shown(result.last_line, 120)})" if result.last_line else ""
    raise UsageError(
        f"the check cannot run: `{shown(result.command, 120)}` ended with exit {result.exit_code}{said}{missing} "
        "before any attempt; no model was asked and nothing was paid; "
        f"give --check a command that runs in {folder}, or leave --check out"
    )


def lack_of(result: CheckResult) -> Lacking | None:
    """Return what the command of *result* says is missing; None where it says nothing of the kind."""
    return lacking(result.command, result.exit_code, result.tail, told=result.report is not None)


def _edits(files: Sequence[str], *, put_back: bool) -> str:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    done = "which was put back" if put_back else "which could not be put back: look at `git diff`"
    return (
        f"the check edits code: before any attempt it changed {shown(files[0], 120)}{more}, {done}; no model was "
        "asked; give --check a command that only looks, such as `ruff format --check`, or leave --check out"
    )


def _may_be_kept(found: CheckBefore) -> bool:
    """Tell whether *found* holds as long as the files are the same: it read nothing withheld, and could run."""
    if found.check is None:
        return not found.taints
    return not found.taints and found.check.exit_code not in CANNOT_RUN and lack_of(found.check) is None


def _words(found: CheckBefore, root: str) -> dict[str, Any]:
    """Return *found*, of a check in the workspace *root*, as an entry keeps it."""
    if found.check is None:
        return {"why": found.why, "check": None}
    check = {name: getattr(found.check, name) for name in _STORED}
    said = {name: _placeless(value, root) if isinstance(value, str) else value for name, value in check.items()}
    report = found.check.report
    ids = [_placeless(name, root) for name in report.failed] if report else []
    told = report and {"runner": report.runner, "failed": ids, "ran": report.ran, "whole": report.whole}
    return {"why": found.why, "check": said, "report": told}


def _words_of(check: str | FoundCheck) -> str:
    return check if isinstance(check, str) else check.command


def _named(check: str | FoundCheck) -> str:
    """Return *check* as an entry is named by it: what was found ran in the jail, which is another check."""
    return check if isinstance(check, str) else f"jailed in {check.folder}: {check.command}"


def _of_words(words: Mapping[str, Any], asked: str | FoundCheck, root: str, mark: str) -> CheckBefore:
    """Return what `_words` kept, as *asked* in the workspace *root* would say it now."""
    said, told = words["check"], words.get("report")
    report = told and CheckReport(
        runner=told["runner"],
        failed=tuple(name.replace(_ROOT, root) for name in told["failed"]),
        ran=told["ran"],
        whole=told["whole"],
    )
    check = said and CheckResult(
        command=_words_of(asked),
        source="" if isinstance(asked, str) else asked.source,
        exit_code=said["exit_code"],
        seconds=said["seconds"],
        last_line=said["last_line"].replace(_ROOT, root),
        tail=said["tail"].replace(_ROOT, root),
        folder=said["folder"],
        report=report,
        held=said["held"],
        why=said["why"],
    )
    return CheckBefore(check=check, why=words["why"], mark=mark, known=True)


def _placeless(text: str, root: str) -> str:
    """Return *text* the same for each copy of the workspace *root*."""
    return text.replace(root, _ROOT)
