"""What each kind of check says of each answer, by the product's own finding, running and judging."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from tests.check_price.bugs import RIGHT, BuggyRepository, Kind, PlantedBug
from tests.fakes import a_policy, a_receipt, evidence
from tests.git.git_repository import repository as a_repository
from tests.git.git_repository import run_git, write_files

from profile_router.checks.find_check import find_check
from profile_router.checks.linters import linter_of
from profile_router.checks.signs import Project
from profile_router.core.attempt.failed_work import unproved_failure, verification_failure
from profile_router.core.attempt.no_change import no_change
from profile_router.core.attempt.weak_checks import with_weak_checks
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.receipt import Attempt, CheckBefore, Verified
from profile_router.core.task import Task
from profile_router.verify.checking.jailed import JailedChecks
from profile_router.verify.verifier import WorkspaceVerifier
from profile_router.workspace.folder import Workspace, tracked_files

Check = Literal["named", "narrowed", "whole", "parses", "linted", "edited", "related", "default", "promoting"]
CHECKS: tuple[Check, ...] = (
    "named",
    "narrowed",
    "whole",
    "parses",
    "linted",
    "edited",
    "related",
    "default",
    "promoting",
)
Verdict = Literal["accepted", "rejected", "silent"]
_SECONDS = 240.0
_BUILT = "target"  # kept from answer to answer: what it holds is made anew where a source is newer


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What `check` said of one answer: `right` tells whether that was right; `covered` whether a test for the bug was
    in the repository."""

    repository: str
    bug: str
    covered: bool
    answer: Kind
    check: Check
    verdict: Verdict
    why: str = ""

    @property
    def right(self) -> bool:
        """Tell whether the answer is right."""
        return self.answer in RIGHT


def cannot_run(repository: BuggyRepository) -> str:
    """Return why the tests of *repository* cannot be run on this machine; empty where they can."""
    lacking = [name for name in repository.needs if shutil.which(name) is None]
    if lacking:
        return f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} not installed"
    with tempfile.TemporaryDirectory() as folder:
        root = a_repository(Path(folder) / "ws", repository.files)
        found = find_check(Task(goal="", folder=""), Workspace(root, git=True), os.environ)
        if found is None or found.refused:
            return found.refused if found else "no check was found in it"
        told = asyncio.run(JailedChecks(root=root, options=a_policy().terminal).run(found, seconds=_SECONDS))
    return told.inconclusive or ("" if told.exit_code == 0 or told.report else f"its check says: {told.last_line}")


def at_home(folder: Path) -> None:
    """Let an environment in *folder* be the active one, as for whoever works in it: with pytest and ruff alone.

    The plugins of this one's pytest take two seconds of each run.
    """
    venv.create(folder, symlinks=True)
    libraries = next(folder.glob("lib/python*/site-packages"))
    for name in ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments"):
        found = find_spec(name)
        if found is None or found.origin is None:
            continue
        if found.submodule_search_locations:
            shutil.copytree(Path(found.origin).parent, libraries / name)
        else:
            shutil.copy2(found.origin, libraries)
    for program in ("pytest", "ruff"):
        if there := shutil.which(program, path=f"{sys.prefix}/bin"):
            shutil.copy(there, folder / "bin" / program)
    os.environ["VIRTUAL_ENV"] = str(folder)
    os.environ["PATH"] = f"{folder}/bin{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def sayings(
    repository: BuggyRepository, bug: PlantedBug, folder: Path, *, covered: bool, only: Sequence[Kind] = ()
) -> Iterator[Saying]:
    """Yield what each check says of each answer to *bug*, worked on in *folder*; *only* these kinds, empty: all."""
    start = repository.as_found(bug, covered=covered)
    stage = _Stage(a_repository(folder / "ws", start), folder, Task(goal=bug.goal, folder=""))
    checks = dict(stage.checks(repository.named))
    before = {name: stage.before(check) for name, check in checks.items()}
    for kind, files in bug.answers(start, covered=covered):
        if only and kind not in only:
            continue
        told: dict[Check, tuple[Verdict, str]] = {}
        for name, check in checks.items():
            verified = stage.verified(start, files, check, before[name])
            told[name] = _of_check(verified)
            if name == "narrowed":
                told["default"], told["promoting"] = stage.ended(verified), stage.ended(verified, unproved="promote")
        told.setdefault("whole", told.get("narrowed", ("silent", "no check was found")))
        alone = stage.judged_weakly(stage.verified(start, files, None, None))
        for one in alone.weak:
            if one.kind != "reviewed":  # a paid model's word is not measured here
                told[one.kind] = ("accepted" if one.passed else "rejected", one.said)
        told.setdefault("default", stage.ended(alone))
        told.setdefault("promoting", stage.ended(alone, unproved="promote"))
        for check_name in CHECKS:
            verdict, why = told.get(check_name, ("silent", ""))
            yield Saying(
                repository=repository.name,
                bug=bug.name,
                covered=covered,
                answer=kind,
                check=check_name,
                verdict=verdict,
                why=why,
            )


def narrowed(repository: BuggyRepository, bug: PlantedBug, folder: Path, files: Mapping[str, str]) -> Verified:
    """Return what is verified of the answer *files* by the check that is found, where the bug has its test."""
    start = repository.as_found(bug, covered=True)
    stage = _Stage(a_repository(folder / "ws", start), folder, Task(goal=bug.goal, folder=""))
    check = dict(stage.checks(repository.named))["narrowed"]
    return stage.verified(start, files, check, stage.before(check))


def _of_check(verified: Verified) -> tuple[Verdict, str]:
    check = verified.check
    if check is None or check.inconclusive:
        return "silent", check.inconclusive if check else "it did not run"
    return ("accepted" if check.passed else "rejected"), check.why or check.last_line


class _Stage:
    """A repository in *root* with one *task*. Its state lies beside it, in *folder*."""

    def __init__(self, root: Path, folder: Path, task: Task) -> None:
        (folder / "state" / "run").mkdir(parents=True, exist_ok=True)
        self.root, self.task, self.policy = root, task, a_policy()
        workspace = Workspace(root, git=True)
        self.found = find_check(task, workspace, os.environ)
        files = tracked_files(workspace)
        self.verifier = WorkspaceVerifier(
            workspace=workspace,
            scratch=folder / "state" / "run",
            environ=dict(os.environ),
            journal={},
            state=folder / "state",
            jail=self.policy.terminal,
            all_tests_seconds=self.policy.limits.all_tests_seconds,
            linter=linter_of(Project(root=root, folder="", files=files), (), os.environ),
        )
        self.mark = self.verifier.snapshot()

    def checks(self, named: str) -> Iterator[tuple[Check, str | FoundCheck]]:
        """Yield the checks that are run: the one that the user would name, and the one that is found."""
        yield "named", named
        if self.found is not None and not self.found.refused and not self.found.weak:
            yield "narrowed", self.found
            if self.found.words != self.found.whole:
                yield "whole", replace(self.found, words=self.found.whole, tests=())

    def before(self, check: str | FoundCheck) -> CheckBefore:
        """Return what *check* says before any work."""
        return asyncio.run(self.verifier.check_before(self.mark, check, seconds=_SECONDS, may_lack=lambda _: True))

    def verified(
        self,
        start: Mapping[str, str],
        files: Mapping[str, str],
        check: str | FoundCheck | None,
        before: CheckBefore | None,
    ) -> Verified:
        """Return what is verified of *files*, an answer that began with *start*."""
        run_git(self.root, "checkout", "--quiet", "--", ".")
        run_git(self.root, "clean", "-fdxq", "-e", _BUILT)
        write_files(self.root, {path: text for path, text in files.items() if start.get(path) != text})
        told = asyncio.run(
            self.verifier.verify(self.mark, "done", check, seconds=_SECONDS, task=self.task, before=before)
        )
        return replace(told, before=before)

    def judged_weakly(self, verified: Verified) -> Verified:
        """Return *verified* with all weak checks."""
        return with_weak_checks(verified, self.task, evidence(), (), finished=True)

    def ended(self, verified: Verified, unproved: Literal["keep", "promote"] = "keep") -> tuple[Verdict, str]:
        """Return what a run does with work that was *verified* so: a step of the ladder, or its end."""
        policy = replace(self.policy, unproved=unproved)
        judged = self.judged_weakly(verified)
        attempt = Attempt(receipt=a_receipt(), text="done")
        failure = verification_failure(judged, policy) or no_change(self.task, evidence(), attempt, judged)
        failure = failure or unproved_failure(judged, policy)
        return ("rejected", failure.message) if failure is not None else ("accepted", "")
