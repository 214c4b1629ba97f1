"""The check before any work: run once, kept for others, and nothing of what it wrote counts as the run's."""

from __future__ import annotations

import asyncio
import re
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.examples import by_night
from tests.git.git_repository import repository, write_files
from tests.verify.test_set_back import a_verifier

from profile_router.copies.copy import Copy, opened_copy
from profile_router.copies.thread_copies import lasting_copy
from profile_router.core.ladder.receipt import CheckBefore
from profile_router.errors import UsageError
from profile_router.git.repository import Repository, find_repository
from profile_router.ledger.words import Seal
from profile_router.state.copy_folders import CHECKS_FOLDER, remove
from profile_router.threads.records import MemoryRecords
from profile_router.verify.checking.kept_checks import FRESH_S, KeptChecks
from profile_router.verify.verifier import WorkspaceVerifier
from profile_router.workspace.folder import Workspace

SEAL = Seal(b"k" * 32)
FILES: dict[str, str | bytes] = {"a.txt": "one\n", ".env": "PASSWORD=correct-horse-battery\n", "run.sh": "exit 0\n"}


@dataclass(slots=True)
class Stage:
    """A repository, a state folder, and a command that counts how often it is run, outside of both."""

    home: Path
    now: float = field(default_factory=lambda: 0.0)

    @property
    def state(self) -> Path:
        return self.home / "state"

    def verifier(self, root: Path | None = None, *, git: bool = True) -> WorkspaceVerifier:
        kept_checks = KeptChecks(state=self.state, seal=SEAL, clock=lambda: time.time() + self.now)
        return replace(
            a_verifier(root or self.home / "repo", self.state, git=git),
            kept_checks=kept_checks,
            records=MemoryRecords(),
        )

    def counting(self, then: str = "true") -> str:
        return f"echo x >> '{self.home}/count'; {then}"

    @property
    def runs(self) -> int:
        count = self.home / "count"
        return len(count.read_text().split()) if count.exists() else 0


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    repository(tmp_path / "repo", FILES)
    return Stage(tmp_path.resolve())


@pytest.fixture
def copy(stage: Stage) -> Iterator[Copy]:
    with opened_copy(find_repository(stage.home / "repo"), stage.state) as copy:
        yield copy


def copy_of(whole: Repository, state: Path, thread: str) -> AbstractContextManager[Copy]:
    return lasting_copy(whole, state, thread, remove)


def before(
    verifier: WorkspaceVerifier, check: str, *, seconds: float = 20.0, may_lack: bool = False
) -> tuple[str, CheckBefore]:
    mark = verifier.snapshot()
    return mark, asyncio.run(verifier.check_before(mark, check, seconds=seconds, may_lack=lambda _: may_lack))


@pytest.mark.parametrize(("command", "passed"), [("true", True), ("echo 2 failed; exit 1", False), ("exit 5", False)])
def test_what_it_says_is_known_with_its_exit_code_and_last_line(stage: Stage, command: str, passed: bool) -> None:
    _, found = before(stage.verifier(), command)
    assert found.check is not None
    assert (found.passed, found.why, found.known) == (passed, "", False)
    assert found.check.last_line == ("2 failed" if "echo" in command else "")


def test_in_place_what_it_wrote_is_not_the_runs(stage: Stage) -> None:
    verifier = stage.verifier()
    mark, found = before(verifier, "echo junk > report.txt")
    assert found.mark != mark
    write_files(stage.home / "repo", {"a.txt": "two\n"})
    verified = asyncio.run(verifier.verify(found.mark, "", None, seconds=9.0))
    assert [file.path for file in verified.files_changed] == ["a.txt"]
    assert (stage.home / "repo/report.txt").exists()


def test_in_a_copy_what_it_wrote_is_taken_back(stage: Stage, copy: Copy) -> None:
    mark, found = before(stage.verifier(copy.top), "echo junk > report.txt; rm a.txt; mkdir d; echo x > d/y")
    assert found.mark == mark
    assert sorted(path.name for path in copy.top.iterdir()) == sorted([*FILES, ".git"])
    assert copy.tree() == copy.base
    assert not list((stage.state / "diffs").glob("*"))


@pytest.mark.parametrize("command", ["pytset -q", "./a.txt", "nowhere/check", "cd . && no-such-tool --fast"])
def test_a_check_that_cannot_run_is_an_error_with_its_fix_and_is_asked_again(stage: Stage, command: str) -> None:
    verifier = stage.verifier()
    for _ in range(2):
        with pytest.raises(UsageError, match=r"cannot run: .* exit 12[67] .*give --check a command that runs in /"):
            before(verifier, stage.counting(command))
    assert stage.runs == 2
    assert verifier.records is not None
    assert verifier.records.names("") == []


MAKES = "check:\n\ttrue\n"


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("python3 chekc.py", "chekc.py"),
        ("python3 -S -m pytset", "pytset"),
        ("make chekc", "chekc"),
        ("sh missing.sh", "missing.sh"),
        ("cd nope && pytest -q", "nope"),
        ("pytset | cat", "pytset"),
        ("pytset -q; true", "pytset"),
        ("! pytset", "pytset"),
        ("if pytset; then exit 0; fi; exit 1", "pytset"),
        by_night("python3 -m unittest nosuch", "nosuch"),
        by_night(f"{sys.executable} -m pytest -q tets/", "tets/"),
        by_night(f"{sys.executable} -m pytest --nosuchflag", "--nosuchflag"),
        by_night(f"{sys.executable} -m pytest -q tets/ | cat", "tets/"),
    ],
)
def test_a_check_whose_own_words_are_not_there_cannot_run(stage: Stage, command: str, missing: str) -> None:
    write_files(stage.home / "repo", {"Makefile": MAKES, "test_a.py": "def test_a():\n    pass\n"})
    with pytest.raises(UsageError, match=rf"cannot run: .* for {re.escape(missing)} is missing, before any attempt"):
        before(stage.verifier(), command)


def test_after_the_work_a_check_whose_program_is_missing_is_never_verified(stage: Stage) -> None:
    verifier = stage.verifier()
    mark, found = before(verifier, "pytset | cat", may_lack=True)
    verified = asyncio.run(verifier.verify(mark, "", "pytset | cat", seconds=9.0, before=found))
    assert verified.check is not None
    assert (verified.check.exit_code, verified.check.passed) == (0, False)
    assert verified.check.why == "it could not run: pytset is missing"


@pytest.mark.parametrize("then", ["made", "removed", "other"])
def test_what_it_said_is_asked_again_once_a_file_that_git_ignores_is_another(stage: Stage, then: str) -> None:
    flag = stage.home / "repo/build/flag"
    write_files(stage.home / "repo", {".gitignore": "build/\n__pycache__/\n"})
    if then != "made":
        write_files(stage.home / "repo", {"build/flag": "x"})
    test = "grep -q xx build/flag" if then == "other" else "test -f build/flag"
    first = before(stage.verifier(), stage.counting(test))[1].passed
    write_files(stage.home / "repo", {"__pycache__/a.pyc": "anew", "build/flag": "xx"})
    if then == "removed":
        flag.unlink()
    second = before(stage.verifier(), stage.counting(test))[1]
    assert (first, second.passed, second.known) == (then == "removed", then != "removed", False)


@pytest.mark.parametrize("edit", ["echo 'x = 2' > a.py", "rm a.py", "sed -i s/1/3/ a.py; false"])
def test_a_check_that_edits_code_is_an_error_and_the_code_is_put_back(stage: Stage, edit: str) -> None:
    write_files(stage.home / "repo", {"a.py": "x = 1\n", "b.py": "y = 1\n"})
    with pytest.raises(UsageError, match=r"the check edits code: .* changed a\.py, which was put back; no model was"):
        before(stage.verifier(), edit)
    assert (stage.home / "repo/a.py").read_text() == "x = 1\n"


def test_in_a_copy_too_a_check_that_edits_code_is_an_error(stage: Stage, copy: Copy) -> None:
    write_files(copy.top, {"a.py": "x = 1\n"})
    with pytest.raises(UsageError, match="the check edits code"):
        before(stage.verifier(copy.top), "echo 'x = 2' > a.py")


def test_a_check_may_lack_what_the_task_is_to_make(stage: Stage) -> None:
    _, found = before(stage.verifier(), "./check.sh", may_lack=True)
    assert found.passed is False


def test_past_its_time_it_is_ended_and_that_is_said(stage: Stage) -> None:
    verifier = stage.verifier()
    _, found = before(verifier, stage.counting("sleep 60"), seconds=0.2)
    assert (found.check, found.passed, found.why) == (None, None, "ended after 0.2 s")
    _, again = before(stage.verifier(), stage.counting("sleep 60"), seconds=0.2)
    assert (again.known, again.why, stage.runs) == (True, "ended after 0.2 s", 1)


def test_without_time_it_is_not_run(stage: Stage) -> None:
    assert before(stage.verifier(), stage.counting(), seconds=0.0)[1].why == "too little of the time is left for it"
    assert stage.runs == 0


def test_a_run_that_is_resumed_does_not_run_it_again(stage: Stage) -> None:
    verifier = stage.verifier()
    _, first = before(verifier, stage.counting("exit 1"))
    write_files(stage.home / "repo", {"a.txt": "the attempt was here\n"})
    again = WorkspaceVerifier(
        workspace=Workspace(stage.home / "repo", git=True),
        scratch=verifier.scratch,
        environ=verifier.environ,
        journal={},
        state=stage.state,
        records=verifier.records,
    )
    assert before(again, stage.counting("exit 1"))[1] == first
    assert stage.runs == 1


def test_another_run_on_the_same_files_need_not_run_it(stage: Stage) -> None:
    _, first = before(stage.verifier(), stage.counting("echo 1 failed; exit 1"))
    _, second = before(stage.verifier(), stage.counting("echo 1 failed; exit 1"))
    assert (first.known, second.known, stage.runs) == (False, True, 1)
    assert replace(second, known=False) == first


@pytest.mark.parametrize("what", ["files", "command", "hour"])
def test_other_files_another_command_or_an_hour_later_it_is_run_again(stage: Stage, what: str) -> None:
    before(stage.verifier(), stage.counting())
    if what == "files":
        write_files(stage.home / "repo", {"a.txt": "two\n"})
    stage.now = FRESH_S + 60 if what == "hour" else 0.0
    assert not before(stage.verifier(), stage.counting("exit 1" if what == "command" else "true"))[1].known
    assert stage.runs == 2


def test_of_several_at_once_one_runs_it_and_each_reads_the_names_of_its_own_copy(stage: Stage) -> None:
    whole = find_repository(stage.home / "repo")
    with copy_of(whole, stage.state, "one") as one, copy_of(whole, stage.state, "two") as two:
        verifiers = [stage.verifier(copy.top) for copy in (one, two)]

        async def both() -> list[CheckBefore]:
            asked = (
                one.check_before(one.snapshot(), stage.counting("pwd; exit 1"), seconds=20.0, may_lack=lambda _: False)
                for one in verifiers
            )
            return await asyncio.gather(*asked)

        found = asyncio.run(both())
        assert stage.runs == 1
        assert [each.check.last_line for each in found if each.check] == [str(one.top), str(two.top)]


def test_what_is_kept_is_its_owners_and_not_in_clear(stage: Stage) -> None:
    before(stage.verifier(), "echo larkspur failed; exit 1")
    files = list((stage.state / CHECKS_FOLDER).iterdir())
    assert len(files) == 2
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert not any(b"larkspur" in file.read_bytes() for file in files)


def test_without_a_key_nothing_is_kept(stage: Stage) -> None:
    for _ in range(2):
        verifier = stage.verifier()
        before(replace(verifier, kept_checks=replace(verifier.kept_checks, seal=Seal(None))), stage.counting())  # type: ignore[type-var]
    assert stage.runs == 2


def test_a_check_that_read_what_is_withheld_is_not_kept_and_leaves_nothing_behind(stage: Stage) -> None:
    check = stage.counting("cat .env > copied.txt")
    for number in (1, 2):
        mark, found = before(stage.verifier(), check)
        assert [taint.path for taint in found.taints] == [".env"]
        assert found.check is not None
        assert (found.mark, found.check.wrote, stage.runs) == (mark, False, number)
    assert not (stage.home / "repo/copied.txt").exists()


@pytest.mark.parametrize(("then", "wrote"), [("cat .env", False), ("cat .env > copied.txt", True)])
def test_outside_of_git_what_it_wrote_is_known_by_the_times_of_files(tmp_path: Path, then: str, wrote: bool) -> None:
    write_files(tmp_path / "repo", FILES)
    _, found = before(Stage(tmp_path).verifier(git=False), then)
    assert found.check is not None
    assert found.check.wrote is wrote
