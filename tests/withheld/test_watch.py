"""What was opened meanwhile is known by what it is, not by its name. What is unknown is said."""

from __future__ import annotations

import ctypes
import errno
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.stage import workspace

from profile_router.withheld import open_watch
from profile_router.withheld import survey as private_survey
from profile_router.withheld import watch as withheld_watch
from profile_router.withheld.watch import WithheldWatch
from profile_router.withheld.whole_scan import Secrets

GLOBS = ("secrets/**", ".env")
FILES = {"secrets/plan.txt": "the launch is on Friday\n", ".gitignore": "vault/\n.env\n", "app.py": "x = 1\n"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = workspace(tmp_path / "ws", FILES)
    (root / ".env").write_text("A=1\n")
    (root / "vault" / "secrets").mkdir(parents=True)
    (root / "vault" / "secrets" / "deep.txt").write_text("deep\n")
    return root


def opened(root: Path, *command: str) -> set[str]:
    watch = WithheldWatch(root, GLOBS, Secrets())
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return {taint.path for taint in watch.taints()}


def python(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", code


READ = {
    "read": (python("open('secrets/plan.txt').read()"), {"secrets/plan.txt"}),
    "searched": (
        ("grep", "-r", "x", ".", "--exclude-dir=.git"),
        {"secrets/plan.txt", ".env", "vault/secrets/deep.txt"},
    ),
    "an ignored one": (("cat", ".env"), {".env"}),
    "one in an ignored folder": (("cat", "vault/secrets/deep.txt"), {"vault/secrets/deep.txt"}),
    "renamed first": (
        ("sh", "-c", "mv secrets/plan.txt a; cat a; mv a secrets/plan.txt"),
        {"secrets/plan.txt"},
    ),
    "by another name": (("sh", "-c", "ln .env b; cat b; rm b"), {".env"}),
    "by a link": (("sh", "-c", "ln -s secrets c; cat c/plan.txt"), {"secrets/plan.txt"}),
    "mapped": (
        python("import mmap; f = open('.env', 'rb'); mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)[:]"),
        {".env"},
    ),
    "out of the history": (("git", "show", "HEAD:secrets/plan.txt"), {".git"}),
    "out of git's files": (("sh", "-c", "cat .git/objects/??/*"), {".git"}),
}
NOT_READ = {
    "nothing": ("true",),
    "another file": ("cat", "app.py"),
    "names": ("ls", "-lR", "."),
    "facts": ("stat", "secrets/plan.txt", ".env"),
    "names of git's files": ("find", ".git"),
    "a new one is written beside it": python("open('secrets/new.txt', 'w').write('x')"),
}


MOVED = {
    "to a public name": ("mv secrets/plan.txt plan.txt", {"plan.txt"}),
    "within an ignored folder": ("mv vault/secrets/deep.txt vault/deep.txt", {"vault/deep.txt"}),
    "with its folder": ("mv vault/secrets vault/open", {"vault/open/deep.txt"}),
    "by a link and a removal": ("ln .env app.env.txt; rm .env", {"app.env.txt"}),
    "and dated back": (f"mv .env a; {sys.executable} -c 'import os; os.utime(\"a\", (0, 0))'", {"a"}),
}
NOT_MOVED = {
    "deleted": "rm .env",
    "replaced": "printf 'A=2\\n' > new; mv new .env",
    "moved out of the workspace": "mv .env ../elsewhere",
    "moved to a private name": "mkdir -p other/secrets; mv .env other/secrets/env",
    "moved and back": "mv .env a; mv a .env",
}


@pytest.mark.parametrize("after", READ)
def test_what_is_overlooked_of_git_is_what_was_opened_before_and_no_file(repository: Path, after: str) -> None:
    watch = WithheldWatch(repository, GLOBS, Secrets())
    subprocess.run(("git", "log", "-3"), cwd=repository, check=True, capture_output=True)
    watch.overlook_git()
    command, files = READ[after]
    subprocess.run(command, cwd=repository, check=True, capture_output=True)
    assert {taint.path for taint in watch.taints()} == files


def test_a_file_that_was_opened_is_not_overlooked_with_git(repository: Path) -> None:
    watch = WithheldWatch(repository, GLOBS, Secrets())
    (repository / ".env").read_text()
    watch.overlook_git()
    assert {taint.path for taint in watch.taints()} == {".env"}


@pytest.mark.parametrize("how", MOVED)
def test_a_withheld_file_that_got_a_public_name_is_told_by_that_name(repository: Path, how: str) -> None:
    command, files = MOVED[how]
    assert opened(repository, "sh", "-c", command) == files


@pytest.mark.parametrize("how", NOT_MOVED)
def test_one_that_is_gone_or_private_as_before_is_not(repository: Path, how: str) -> None:
    assert opened(repository, "sh", "-c", NOT_MOVED[how]) == set()


def test_where_a_moved_file_is_not_found_in_time_it_may_be_anywhere(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = WithheldWatch(repository, GLOBS, Secrets())
    (repository / ".env").rename(repository / "vault" / "env.txt")
    monkeypatch.setattr(private_survey, "MOST_SURVEYED", 1)
    (taint,) = watch.taints()
    assert (taint.path, taint.moved) == (".env", True)
    assert "where it is now is not known" in taint.why


@pytest.mark.parametrize("what", READ)
def test_what_opens_a_withheld_file_is_told_with_the_file(repository: Path, what: str) -> None:
    command, files = READ[what]
    assert opened(repository, *command) == files


@pytest.mark.parametrize("what", NOT_READ)
def test_what_only_looks_at_names_or_other_files_opens_none(repository: Path, what: str) -> None:
    assert opened(repository, *NOT_READ[what]) == set()


def test_a_history_without_private_files_tells_nothing(tmp_path: Path) -> None:
    root = workspace(tmp_path / "ws", {"app.py": "x = 1\n"})
    (root / ".env").write_text("A=1\n")
    assert opened(root, "git", "show", "HEAD:app.py") == set()
    assert opened(root, "cat", ".env") == {".env"}


def test_what_was_deleted_or_only_staged_is_still_in_gits_data(tmp_path: Path) -> None:
    root = workspace(tmp_path / "ws", FILES)
    subprocess.run(["git", "rm", "-q", "secrets/plan.txt"], cwd=root, check=True)
    assert opened(root, "git", "show", "HEAD:app.py") == {".git"}
    other = workspace(tmp_path / "other", {"app.py": "x = 1\n"})
    (other / ".env").write_text("A=1\n")
    subprocess.run(["git", "add", ".env"], cwd=other, check=True)
    (other / ".env").unlink()
    assert opened(other, "git", "show", "HEAD:app.py") == {".git"}


def test_outside_of_git_the_files_are_watched_alike(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n")
    assert opened(tmp_path, "cat", ".env") == {".env"}
    assert opened(tmp_path, "true") == set()


def _refuse(*_: object) -> int:
    ctypes.set_errno(errno.ENOSPC)
    return -1


@pytest.mark.parametrize("trouble", ["no queue", "no watch", "too many files"])
def test_what_cannot_be_watched_counts_as_read_where_there_are_such_files(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    (clear := tmp_path / "clear").mkdir()
    if trouble == "too many files":
        monkeypatch.setattr(withheld_watch, "MOST_WATCHED", 1)
    else:
        name = "inotify_init1" if trouble == "no queue" else "inotify_add_watch"
        monkeypatch.setattr(open_watch.c_library(), name, _refuse)
    taints = WithheldWatch(repository, GLOBS, Secrets()).taints()
    assert "nobody knows" in taints[0].why
    assert WithheldWatch(clear, GLOBS, Secrets()).taints() == ()


def test_no_watch_is_left_open(repository: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        WithheldWatch(repository, GLOBS, Secrets()).taints()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("name", READ)
def test_what_was_opened_so_far_is_told_while_it_goes_on_and_again_in_the_end(repository: Path, name: str) -> None:
    command, read = READ[name]
    watch = WithheldWatch(repository, GLOBS, Secrets())
    assert watch.so_far() == ()
    subprocess.run(command, cwd=repository, check=True, capture_output=True)
    for _ in range(2):
        assert {taint.path for taint in watch.so_far()} == read
    subprocess.run(("cat", "vault/secrets/deep.txt"), cwd=repository, check=True, capture_output=True)
    assert {taint.path for taint in watch.taints()} == read | {"vault/secrets/deep.txt"}


def test_a_secret_under_a_public_name_is_told_so_far_and_a_public_file_is_not(repository: Path) -> None:
    (repository / "notes.txt").write_text(f"token = ghp_{'a1B2' * 9}\n")
    watch = WithheldWatch(repository, GLOBS, Secrets())
    (repository / "app.py").read_text()
    assert watch.so_far() == ()
    (repository / "notes.txt").read_text()
    assert [taint.path for taint in watch.so_far()] == ["notes.txt"]
    assert [taint.path for taint in watch.taints()] == ["notes.txt"]
