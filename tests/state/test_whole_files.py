"""State is written whole or not at all: no later start stumbles over what a kill left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.git.git_repository import repository, write_files

from profile_router.state import whole_files
from profile_router.state.folder import write_private
from profile_router.state.whole_files import copy_whole, write_whole

ROOT = Path(__file__).resolve().parents[2]
FILES = {"a.txt": "one\n", "b.txt": "two\n", "gone.txt": "g\n"}

# A task of a batch in a process that is killed at step N. That is before a file gets its name, or in the middle of a
# copy. Or it is while git writes, which then leaves its lock. Another process goes on. Everything is one program,
# because a start of Python takes longer than that.
KILLED = """
import os, shutil, signal, sys
sys.path[:0] = sys.argv[4:]
from pathlib import Path
from profile_router.git import trees as git_trees
from profile_router.state import whole_files
from profile_router.copies.copy import opened_copy
from profile_router.state.copy_folders import WORKTREES_FOLDER, remove
from profile_router.verify.changes.set_back import set_back_by_git
from profile_router.copies.thread_copies import copy_again, copy_at, lasting_copy
from profile_router.git.marks import GitSnapshots
from profile_router.git.repository import find_repository
from profile_router.runs.job import brought_back
from profile_router.runs.result import Result

repo, state, each = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
FILES = {"a.txt": "one\\n", "b.txt": "two\\n", "gone.txt": "g\\n"}
ok = Result(status="ok", json={"status": "ok", "error": "", "notes": [], "verified": {"check": None}})


def dies_at(step):
    left, named, asked, copied = [step], whole_files._name, git_trees.git, shutil.copy2

    def passed():
        left[0] -= 1
        return not left[0]

    def name(fresh, path):
        if passed():
            os.kill(os.getpid(), signal.SIGKILL)
        named(fresh, path)

    def copy2(source, target):
        if passed():
            content = Path(source).read_bytes()
            Path(target).write_bytes(content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return copied(source, target)

    def git(place, *args, env=None, **more):
        if passed():
            Path(env["GIT_INDEX_FILE"] + ".lock").write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)
        return asked(place, *args, env=env, **more)

    whole_files._name, git_trees.git, shutil.copy2 = name, git, copy2


def work(top, scratch):
    marks = GitSnapshots(top, scratch)
    before = marks.take()
    (top / "a.txt").write_text("tried\\n")
    assert set_back_by_git(marks.trees, top, state, "t", (before, marks.take()), None).done
    (top / "a.txt").write_text("edited\\n")
    (top / "gone.txt").unlink()
    (top / "new.txt").write_text("new\\n")


def killed():
    with lasting_copy(find_repository(repo), state, "t", lambda place: None) as copy:
        (state / "scratch").mkdir(exist_ok=True)
        work(copy.top, state / "scratch")
        brought_back(copy, ok, state, "t")


def goes_on():
    places = [place for place in (state / WORKTREES_FOLDER).iterdir() if place.is_dir()] if (state / WORKTREES_FOLDER).exists() else []
    copies = [place for place in places if copy_at(place) is not None]
    if not copies:  # it was killed before anything was done: the task is handed over again
        with opened_copy(find_repository(repo), state) as copy:
            work(copy.top, state / "scratch")
            return brought_back(copy, ok, state, "t")
    with copy_again(copies[0], remove) as copy:
        if not (copy.top / "new.txt").exists():
            for name, text in FILES.items():
                (copy.top / name).write_text(text)
            work(copy.top, state / "scratch")
        return brought_back(copy, ok, state, "t", again=True)


for step in range(1, 1_000, each):
    for name, text in FILES.items():
        (repo / name).write_text(text)
    (repo / "new.txt").unlink(missing_ok=True)
    (state / "scratch").mkdir(parents=True, exist_ok=True)
    child = os.fork()
    if not child:
        dies_at(step)
        killed()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0, status
        break
    result = goes_on()
    assert result.json["merge"]["merged"], (step, result.json)
    found = {path.name: path.read_text() for path in repo.iterdir() if path.is_file()}
    assert found == {"a.txt": "edited\\n", "b.txt": "two\\n", "new.txt": "new\\n"}, (step, found)
    remove(state)
print(step - 1)
"""


def test_wherever_it_is_killed_a_task_in_a_copy_can_be_gone_on_with(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    each = 1 if request.config.getoption("--nightly") else 29
    repo = repository(tmp_path / "repo", FILES)
    program: list[str | Path] = [
        sys.executable,
        "-c",
        KILLED,
        repo,
        tmp_path / "state",
        str(each),
        ROOT / "skill",
        ROOT / "graphs",
    ]
    done = subprocess.run([os.fspath(word) for word in program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50


@pytest.mark.parametrize("old", [b"old", None])
def test_a_write_that_fails_leaves_what_was_there_and_no_half(
    old: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, source = tmp_path / "file", tmp_path / "source"
    write_files(tmp_path, {"source": b"new"} if old is None else {"source": b"new", "file": old})

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_files, "_name", fails)
    ways: tuple[Callable[[], object], ...] = (
        lambda: write_whole(file, b"new"),
        lambda: copy_whole(source, file),
        lambda: write_private(file, "new"),
    )
    for write in ways:
        with pytest.raises(Exception, match="No space left"):
            write()
    assert (file.read_bytes() if file.exists() else None) == old
    assert sorted(path.name for path in tmp_path.iterdir()) == (["source"] if old is None else ["file", "source"])


def test_what_is_written_is_its_owners_and_a_copy_keeps_its_times(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", b"\xff\0", lasting=True)
    os.utime(tmp_path / "file", (1, 2))
    copy_whole(tmp_path / "file", tmp_path / "copy")
    found = (tmp_path / "copy").stat()
    assert ((tmp_path / "copy").read_bytes(), found.st_mode & 0o777, found.st_mtime) == (b"\xff\0", 0o600, 2)
