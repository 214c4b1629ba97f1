"""What a subagent says is compared with the world."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest
from tests.fakes import a_task
from tests.git.git_repository import repository, run_git, write_files

from profile_router.core.ladder.check_words import NO_PROOF
from profile_router.core.ladder.receipt import ChangedFile, CheckBefore, CheckResult, Verified
from profile_router.core.telling.work import changed_text, verified_json, verified_lines
from profile_router.git.left_files import note_beginning
from profile_router.jail import left as left_running
from profile_router.verify.changes.others_here import OthersHere
from profile_router.verify.verifier import WorkspaceVerifier
from profile_router.workspace.folder import Workspace

FILES = {"src/app.py": "one\ntwo\n", "README.md": "hello\n"}
NO_CHECK = "no check command was named"
NO_GIT = "not a git repository: only files written through the tools are known"


def a_verifier(
    root: Path | None, scratch: Path, *, git: bool = True, journal: dict[str, bytes | None] | None = None
) -> WorkspaceVerifier:
    scratch.mkdir(exist_ok=True)
    return WorkspaceVerifier(
        workspace=Workspace(root, git=git) if root else None,
        scratch=scratch,
        environ={"PATH": os.environ["PATH"], "THE_API_KEY": "s3cret"},
        journal=journal or {},
    )


def verify(verifier: WorkspaceVerifier, mark: str, summary: str = "done", check: str | None = None) -> Verified:
    return asyncio.run(verifier.verify(mark, summary, check, seconds=20.0))


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", FILES)


def test_git_says_what_changed_and_the_check_what_it_is_worth(repo: Path, tmp_path: Path) -> None:
    verifier = a_verifier(repo, tmp_path / "scratch")
    mark = verifier.snapshot()
    write_files(repo, {"src/app.py": "one\nzwei\n", "new.py": "1\n"})
    verified = verify(verifier, mark, check="test -f new.py && echo it is there")
    assert [(file.path, file.lines_added, file.lines_removed) for file in verified.files_changed] == [
        ("new.py", 1, 0),
        ("src/app.py", 1, 1),
    ]
    assert (verified.lines_added, verified.lines_removed) == (2, 1)
    assert verified.check is not None
    assert (verified.check.passed, verified.check.last_line) == (True, "it is there")
    assert verified.unverified == ()


def test_what_the_check_leaves_behind_is_not_the_subagents_work_if_it_changed_nothing_before(
    repo: Path, tmp_path: Path
) -> None:
    verifier = a_verifier(repo, tmp_path / "scratch")
    assert verify(verifier, verifier.snapshot(), check="echo x > made-by-check").files_changed == ()


def test_a_check_that_fails_is_reported_as_it_ended(repo: Path, tmp_path: Path) -> None:
    verifier = a_verifier(repo, tmp_path / "scratch")
    verified = verify(verifier, verifier.snapshot(), check='echo "1 failed"; exit 4')
    assert verified.check is not None
    assert (verified.check.passed, verified.check.exit_code, verified.check.last_line) == (False, 4, "1 failed")


def test_a_check_sees_no_key(repo: Path, tmp_path: Path) -> None:
    verifier = a_verifier(repo, tmp_path / "scratch")
    verified = verify(verifier, verifier.snapshot(), check='echo "key: ${THE_API_KEY:-none}"')
    assert verified.check is not None
    assert verified.check.last_line == "key: none"


@pytest.mark.parametrize(
    ("summary", "absent"),
    [
        ("I changed src/app.py and README.md.", []),
        ("I changed `./src/app.py:12` (see **README.md**).", []),
        ("app.py is fixed", []),
        ("I wrote src/helper.py and docs/guide.md", ["src/helper.py", "docs/guide.md"]),
        ("I wrote lib/app.py", ["lib/app.py"]),
        ("I wrote `tests/test_app.py`, `tests/test_app.py` again", ["tests/test_app.py"]),
        ("All 3.5 of e.g. the checks pass, i.e. none fails.", []),
        ("The whole of *.py", []),
        ("I ended it. Then it worked", []),
        ("x" * 300 + "/y.py is longer than a name may be", ["x" * 300 + "/y.py"]),
        ("I call os.path.join and foo.bar() of v1.2.3, see example.com", []),
        ("I wrote helper.py", ["helper.py"]),
    ],
)
def test_files_that_are_named_and_absent_are_listed(
    summary: str, absent: list[str], repo: Path, tmp_path: Path
) -> None:
    verifier = a_verifier(repo, tmp_path / "scratch")
    verified = verify(verifier, verifier.snapshot(), summary)
    assert verified.unverified == (*(f"names {path}, which does not exist" for path in absent), NO_CHECK)


def test_a_file_that_was_deleted_may_be_named(repo: Path, tmp_path: Path) -> None:
    verifier = a_verifier(repo, tmp_path / "scratch")
    mark = verifier.snapshot()
    (repo / "src/app.py").unlink()
    verified = verify(verifier, mark, "I deleted src/app.py")
    assert verified.unverified == (NO_CHECK,)
    assert [(file.path, file.lines_removed) for file in verified.files_changed] == [("src/app.py", 2)]


def test_outside_git_the_journal_of_the_tools_stands_in(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    write_files(root, {"kept.txt": "same\n", "edited.txt": "one\nzwei\n", "new.txt": "1\n2\n", "bin.dat": b"\0\2"})
    journal = {
        "kept.txt": b"same\n",
        "edited.txt": b"one\ntwo\n",
        "new.txt": None,
        "gone.txt": b"1\n2\n3\n",
        "bin.dat": b"\0\1",
        "never.txt": None,
    }
    verifier = a_verifier(root, tmp_path / "scratch", git=False, journal=journal)
    assert verifier.snapshot() == ""
    verified = verify(verifier, "", check="true")
    assert verified.files_changed == (
        ChangedFile(path="bin.dat", lines_added=None, lines_removed=None),
        ChangedFile(path="edited.txt", lines_added=1, lines_removed=1),
        ChangedFile(path="gone.txt", lines_added=0, lines_removed=3),
        ChangedFile(path="new.txt", lines_added=2, lines_removed=0),
    )
    assert verified.unverified == (NO_GIT,)


def test_without_a_workspace_nothing_can_be_confirmed_and_it_says_so(tmp_path: Path) -> None:
    verifier = a_verifier(None, tmp_path / "scratch")
    verified = verify(verifier, verifier.snapshot(), "I changed src/app.py")
    assert verified == Verified(unverified=(NO_CHECK, "no workspace: no file could be looked at"), whole=False)


def test_of_a_report_that_names_a_hundred_absent_files_twenty_are_listed(repo: Path, tmp_path: Path) -> None:
    said = " ".join(f"made{number}.py" for number in range(100))
    verifier = a_verifier(repo, tmp_path / "scratch")
    verified = verify(verifier, verifier.snapshot(), said)
    assert len(verified.absent) == 20


def ended_before(exit_code: int) -> CheckBefore:
    return CheckBefore(check=CheckResult(command="true", exit_code=exit_code, last_line="", seconds=0.1))


@pytest.mark.parametrize(
    ("before", "change", "proof"),
    [
        (ended_before(0), "", False),
        (None, "", False),
        (CheckBefore(why="the time was used up"), "", False),
        (ended_before(1), "", True),
        (ended_before(0), "new", True),
    ],
)
def test_a_check_that_passes_proves_nothing_where_no_file_changed(
    repo: Path, tmp_path: Path, before: CheckBefore | None, change: str, proof: bool
) -> None:
    verifier = a_verifier(repo, tmp_path / "scratch")
    mark = verifier.snapshot()
    if change:
        write_files(repo, {"new.py": change})
    verified = asyncio.run(verifier.verify(mark, "done", "true", seconds=20.0, before=before))
    assert verified.unverified == (() if proof else (NO_PROOF,))


@pytest.mark.parametrize(("wrote", "told"), [(None, ("own/a.txt",)), ([], ()), (["src/app.py"], ())])
def test_an_ignored_file_that_was_there_is_told_where_commands_or_hermes_may_have_changed_it(
    repo: Path, tmp_path: Path, wrote: list[str] | None, told: tuple[str, ...]
) -> None:
    write_files(repo, {".git/info/exclude": "own/\n", "own/a.txt": "a\n"})
    verifier = a_verifier(repo, tmp_path / "scratch")
    mark = verifier.snapshot()
    write_files(repo, {"own/a.txt": "gone\n", "own/new.txt": "n\n", "src/app.py": "zwei\n"})
    verifier.snapshot()  # of a later attempt
    verified = asyncio.run(verifier.verify(mark, "done", None, seconds=20.0, wrote=wrote))
    assert (verified.ignored, verified_json(verified)["ignored"]) == (told, list(told))
    assert ("ignored files changed: own/a.txt; `undo` does not have them" in str(verified_lines(verified))) == bool(
        told
    )


@pytest.fixture
def nested(tmp_path: Path) -> tuple[Path, Path]:
    """A repository that holds two others, one of them untracked, and the scratch of a run that begins now."""
    top = repository(tmp_path / "nested", FILES)
    for name in ("lib", "vendor/tool"):
        repository(top / name, {"core.py": "one\n", ".gitignore": "*.log\n"})
    run_git(top, "add", "lib")
    run_git(top, "commit", "--quiet", "--message=with lib")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    while time.time_ns() <= max(file.lstat().st_ctime_ns for file in top.rglob("*.py")) + 20_000_000:
        time.sleep(0.001)  # a file system may keep coarse times
    note_beginning(scratch)
    return top, scratch


def changed_in(verifier: WorkspaceVerifier, mark: str, wrote: list[str] | None) -> list[str]:
    verified = asyncio.run(verifier.verify(mark, "done", None, seconds=20.0, wrote=wrote))
    return [file.path for file in verified.files_changed]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"lib/core.py": "two\n"}, ["lib/core.py"]),
        ({"vendor/tool/new.py": "1\n", "src/app.py": "1\n"}, ["src/app.py", "vendor/tool/new.py"]),
        ({"lib/out.log": "1\n", "lib/deep/er.py": "1\n"}, ["lib/deep/er.py"]),
        ({"lib/.git/info/exclude": "1\n"}, []),
        ({}, []),
    ],
    ids=["tracked", "untracked and outside", "ignored there", "of git", "nothing"],
)
def test_what_commands_or_hermes_changed_in_an_inner_repository_is_told_by_its_times(
    nested: tuple[Path, Path], written: dict[str, str], told: list[str]
) -> None:
    top, scratch = nested
    verifier = a_verifier(top, scratch)
    mark = verifier.snapshot()
    write_files(top, written)
    assert changed_in(verifier, mark, None) == told
    outside = [path for path in told if path.startswith("src/")]
    assert changed_in(a_verifier(top, scratch), mark, ["src/app.py"]) == outside  # what was written is known then


def test_an_inner_repository_below_the_folder_of_the_work_is_told_by_its_path_there(nested: tuple[Path, Path]) -> None:
    top, scratch = nested
    verifier = a_verifier(top / "vendor", scratch)
    mark = verifier.snapshot()
    write_files(top, {"vendor/tool/core.py": "two\n", "lib/core.py": "two\n"})
    assert changed_in(verifier, mark, None) == ["tool/core.py"]


def test_a_file_that_a_tool_wrote_in_an_inner_repository_is_told_once_with_its_lines(nested: tuple[Path, Path]) -> None:
    top, scratch = nested
    verifier = a_verifier(top, scratch, journal={"lib/core.py": b"one\n"})
    mark = verifier.snapshot()
    write_files(top, {"lib/core.py": "two\n"})
    verified = asyncio.run(verifier.verify(mark, "done", None, seconds=20.0))
    assert [(file.path, file.lines_added) for file in verified.files_changed] == [("lib/core.py", 1)]


@pytest.mark.parametrize(
    ("lines", "told"), [((None, None), "lib/core.py (lines not counted)"), ((2, 1), "lib/core.py +2 −1")]
)
def test_a_change_whose_lines_nobody_counted_is_not_called_binary(
    lines: tuple[int | None, int | None], told: str
) -> None:
    assert changed_text("lib/core.py", *lines) == told


@pytest.mark.parametrize(
    ("check", "left"),
    [("true", ()), ("echo x > made", ("made",)), ("kill -9 $PPID; echo x > made", None)],
    ids=["nothing", "a file", "its guard is gone"],
)
def test_what_a_named_check_left_is_known_unless_something_of_it_may_run_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: str, left: tuple[str, ...] | None
) -> None:
    monkeypatch.setattr(left_running, "_unknown", [])
    verifier = a_verifier(repository(tmp_path / "ws", FILES), tmp_path / "state")
    told = verify(verifier, verifier.snapshot(), check=check)
    assert told.check is not None
    assert told.check.left == left


def beside_another(repo: Path, tmp_path: Path) -> tuple[WorkspaceVerifier, str]:
    """Return verifier and mark of a run that wrote README.md while another wrote src/app.py and tests."""
    verifier = a_verifier(repo, tmp_path / "scratch", journal={"README.md": b"hello\n"})
    verifier.state = tmp_path / "state"
    theirs = frozenset({"src/app.py", "tests/test_app.py"})
    verifier.others = lambda: OthersHere(threads=("t",), files=theirs)
    mark = verifier.snapshot()
    write_files(repo, {"README.md": "mine\n", "src/app.py": "theirs\n", "tests/test_app.py": "def test(): pass\n"})
    return verifier, mark


@pytest.mark.parametrize("wrote", [None, ("README.md",)])
def test_what_another_run_wrote_meanwhile_is_in_no_verdict_and_no_diff(
    repo: Path, tmp_path: Path, wrote: tuple[str, ...] | None
) -> None:
    verifier, mark = beside_another(repo, tmp_path)
    check = "echo x > src/app.py"  # as the other run does, while the check of this one works
    told = asyncio.run(verifier.verify(mark, "done", check, seconds=20.0, task=a_task(), wrote=wrote))
    assert [one.path for one in told.files_changed] == ["README.md"]
    assert told.check is not None
    assert told.check.left == ()
    assert any("not told as this run's: src/app.py, tests/test_app.py" in point for point in told.unverified)
    assert [one.path for one in asyncio.run(verifier.diff(mark, wrote))] == ["README.md"]
    assert "def test()" in (repo / "tests/test_app.py").read_text(), "a test of the other run was put back"


def test_what_another_run_wrote_meanwhile_is_not_taken_back(repo: Path, tmp_path: Path) -> None:
    verifier, mark = beside_another(repo, tmp_path)
    ended = verifier.snapshot()
    assert asyncio.run(verifier.set_back(mark, ended, None, number=1)).done
    held = [(repo / name).read_text() for name in ("README.md", "src/app.py", "tests/test_app.py")]
    assert held == ["hello\n", "theirs\n", "def test(): pass\n"]
    asyncio.run(verifier.tests_back(mark, verifier.snapshot(), None, a_task()))
    assert (repo / "tests/test_app.py").exists()


@pytest.mark.parametrize(("named", "missed"), [("src/app.py", ()), ("src/other.py", ("src/other.py",))])
def test_a_file_to_edit_that_another_run_wrote_is_not_missed(
    tmp_path: Path, named: str, missed: tuple[str, ...]
) -> None:
    repo = repository(tmp_path / "ws", {**FILES, "src/other.py": "x = 1\n"})
    verifier, mark = beside_another(repo, tmp_path)
    task = a_task(f"Fix the total in {named}")
    told = asyncio.run(verifier.verify(mark, "done", "true", seconds=20.0, task=task, wrote=("README.md",)))
    assert (told.missed, told.theirs) == (missed, ("src/app.py", "tests/test_app.py"))
