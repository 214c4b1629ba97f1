"""Work is taken back whole or not at all. What others did meanwhile stays, and a crash loses nothing."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.copies.a_copy import files_of, git_folder
from tests.examples import each, examples
from tests.git.git_repository import repository, run_git, write_files

from profile_router.copies.copy import opened_copy
from profile_router.core.attempt.handoff import SetBack
from profile_router.git import merge as git_merge
from profile_router.git import writes
from profile_router.git import writes as work_tree_writes
from profile_router.git.repository import find_repository
from profile_router.verify.verifier import WorkspaceVerifier
from profile_router.workspace.folder import Workspace

LINES = "".join(f"line {number}\n" for number in range(1, 10))
FILES: dict[str, str | bytes] = {
    "a.txt": LINES,
    "bin.dat": b"\0\1\2",
    "gone.txt": "g\n",
    "run.sh": "#!/bin/sh\n",
    "sub/deep.txt": "deep\n",
    ".gitignore": "*.log\n",
}


def a_verifier(
    root: Path, state: Path, *, git: bool = True, journal: dict[str, bytes | None] | None = None
) -> WorkspaceVerifier:
    scratch = state / "run"
    scratch.mkdir(parents=True, exist_ok=True)
    return WorkspaceVerifier(
        workspace=Workspace(root, git=git),
        scratch=scratch,
        environ=dict(os.environ),
        journal={} if journal is None else journal,
        private=("secrets/**", ".env*"),
        state=state,
        name="t",
    )


def set_back(
    verifier: WorkspaceVerifier, before: str, ended: str, wrote: Sequence[str] | None = None, number: int = 1
) -> SetBack:
    return asyncio.run(verifier.set_back(before, ended, wrote, number=number))


def patches_in(state: Path) -> list[Path]:
    return sorted((state / "diffs").iterdir()) if (state / "diffs").exists() else []


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", FILES)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def work(root: Path) -> None:
    """Do what an attempt may do: edits, new files in new folders, deletions, a binary, a mode, a link."""
    write_files(root, {"a.txt": LINES.replace("line 5", "LINE 5"), "bin.dat": b"\0\3", "new/er.txt": "n\n"})
    write_files(root, {"name with\nbreak": "x\n", os.fsdecode(b"\xe9.txt"): "latin\n"})
    (root / "gone.txt").unlink()
    (root / "run.sh").chmod(0o755)
    (root / "sub/deep.txt").unlink()
    (root / "sub/deep.txt").symlink_to("../a.txt")


def test_all_that_was_done_is_taken_back_and_kept_and_can_be_had_again(repo: Path, state: Path) -> None:
    write_files(repo, {"untracked.txt": "mine\n", "x.log": "ignored\n"})
    original, git_before = files_of(repo), git_folder(repo)
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    work(repo)
    done = files_of(repo)
    result = set_back(verifier, before, verifier.snapshot())
    assert result.done
    assert files_of(repo) == original
    assert git_folder(repo) == git_before
    assert result.saved
    assert not (repo / "new").exists()
    (patch,) = patches_in(state)
    assert patch.stat().st_mode & 0o777 == 0o600
    assert str(patch) in result.note
    subprocess.run(result.note.partition("apply it with: ")[2], shell=True, check=True, capture_output=True)
    assert {name: found[0] for name, found in files_of(repo).items()} == {
        name: found[0] for name, found in done.items()
    }


def _file_to_folder(root: Path) -> None:
    (root / "a.txt").unlink()
    write_files(root, {"a.txt/in/it.txt": "x\n"})


def _folder_to_file(root: Path) -> None:
    (root / "sub/deep.txt").unlink()
    (root / "sub").rmdir()
    write_files(root, {"sub": "x\n"})


def _folder_to_link(root: Path) -> None:
    _folder_to_file(root)
    (root / "sub").unlink()
    (root / "sub").symlink_to("/etc")


@pytest.mark.parametrize("swap", [_file_to_folder, _folder_to_file, _folder_to_link])
def test_a_folder_in_the_place_of_a_file_is_taken_back_and_the_other_way_round(
    swap: Callable[[Path], None], repo: Path, state: Path
) -> None:
    original = files_of(repo)
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    swap(repo)
    done = files_of(repo)
    result = set_back(verifier, before, verifier.snapshot())
    assert result.done
    assert files_of(repo) == original
    subprocess.run(result.note.partition("apply it with: ")[2], shell=True, check=True, capture_output=True)
    assert files_of(repo) == done


def test_a_folder_with_something_of_somebody_elses_in_it_is_not_replaced(repo: Path, state: Path) -> None:
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    _file_to_folder(repo)
    ended = verifier.snapshot()
    write_files(repo, {"a.txt/in/x.log": "mine, and ignored\n"})
    found = files_of(repo)
    assert not set_back(verifier, before, ended).done
    assert files_of(repo) == found


@pytest.mark.parametrize("ignored", ["x.log", "new\nline.log", "build/out.bin"])
def test_a_file_that_git_ignored_before_is_not_removed_because_a_rule_is_gone(
    ignored: str, repo: Path, state: Path
) -> None:
    write_files(repo, {".gitignore": "*.log\nbuild/\n", ignored: "mine, of long ago\n"})
    original = files_of(repo)
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    write_files(repo, {".gitignore": "", "new.txt": "n\n"})
    assert set_back(verifier, before, verifier.snapshot()).done
    assert files_of(repo) == original
    assert b"mine" not in patches_in(state)[0].read_bytes()


@pytest.mark.parametrize(("wrote", "said"), [(None, True), (["inner/f.txt"], True), (["a.txt"], False)])
def test_what_was_changed_in_a_submodule_stays_and_that_is_said(
    wrote: list[str] | None, said: bool, repo: Path, state: Path
) -> None:
    repository(repo / "inner", {"f.txt": "f\n"})
    run_git(repo, "add", "inner")
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    write_files(repo, {"a.txt": "theirs\n", "inner/f.txt": "changed\n"})
    result = set_back(verifier, before, verifier.snapshot(), wrote)
    assert result.done
    assert ("inside of inner, a repository of its own, stays" in result.note) is said
    assert (repo / "inner/f.txt").read_text() == "changed\n"


def test_a_split_index_of_the_users_gets_no_further_part(repo: Path, state: Path) -> None:
    run_git(repo, "config", "core.splitIndex", "true")
    run_git(repo, "update-index", "--split-index")
    git_before = git_folder(repo)
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    work(repo)
    assert set_back(verifier, before, verifier.snapshot()).done
    assert git_folder(repo) == git_before


def test_what_the_user_changed_meanwhile_stays(repo: Path, state: Path) -> None:
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    work(repo)
    ended = verifier.snapshot()
    write_files(repo, {"a.txt": (repo / "a.txt").read_text().replace("line 9", "MINE"), "mine.txt": "m\n"})
    assert set_back(verifier, before, ended).done
    assert (repo / "a.txt").read_text() == LINES.replace("line 9", "MINE")
    assert (repo / "mine.txt").read_text() == "m\n"
    assert not (repo / "new").exists()


def test_what_the_user_changed_while_the_attempt_ran_stays_where_its_own_files_are_known(
    repo: Path, state: Path
) -> None:
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    write_files(repo, {"a.txt": "theirs\n", "gone.txt": "mine\n", "mine.txt": "m\n"})
    assert set_back(verifier, before, verifier.snapshot(), ["a.txt", "never.txt"]).done
    assert (repo / "a.txt").read_text() == LINES
    assert ((repo / "gone.txt").read_text(), (repo / "mine.txt").read_text()) == ("mine\n", "m\n")
    assert b"mine" not in patches_in(state)[0].read_bytes()


def test_where_both_changed_the_same_nothing_is_touched_and_it_is_said(repo: Path, state: Path) -> None:
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    work(repo)
    ended = verifier.snapshot()
    write_files(repo, {"a.txt": (repo / "a.txt").read_text().replace("LINE 5", "MINE")})
    now = files_of(repo)
    result = set_back(verifier, before, ended)
    assert (result.done, result.saved, files_of(repo), patches_in(state)) == (False, False, now, [])
    assert "a.txt was changed meanwhile" in result.note


def test_it_is_done_once_for_an_attempt_so_what_that_one_did_is_never_taken_back(repo: Path, state: Path) -> None:
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    work(repo)
    ended = verifier.snapshot()
    first = set_back(verifier, before, ended)
    work(repo)
    done = files_of(repo)
    again = a_verifier(repo, state)  # another process that resumes the run
    assert set_back(again, before, ended) == first
    assert files_of(repo) == done


@pytest.mark.parametrize("killed_at", each(3, range(9), str))
def test_a_kill_between_keeping_and_taking_back_loses_nothing_and_is_made_good(
    repo: Path, state: Path, killed_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = files_of(repo)
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    work(repo)
    ended = verifier.snapshot()
    steps = iter(range(100))
    real = work_tree_writes._step

    def step(*args: Any) -> None:
        if next(steps) >= killed_at:  # nothing is undone either: it is as after kill -9
            raise MemoryError
        real(*args)

    monkeypatch.setattr(work_tree_writes, "_step", step)
    if killed_at < 8:
        with pytest.raises(MemoryError):
            set_back(verifier, before, ended)
        assert patches_in(state)
    monkeypatch.setattr(work_tree_writes, "_step", real)
    result = set_back(a_verifier(repo, state), before, ended)
    assert (result.done, files_of(repo)) == (True, original)
    (file,) = patches_in(state)
    assert str(file) in result.note
    assert b"+LINE 5" in file.read_bytes()


def test_marks_that_are_gone_leave_the_files_alone(repo: Path, state: Path) -> None:
    verifier = a_verifier(repo, state)
    work(repo)
    now = files_of(repo)
    result = set_back(verifier, "0" * 40, verifier.snapshot())
    assert (result.done, files_of(repo)) == (False, now)
    assert "the files stay as they are" in result.note


def test_a_folder_of_the_repository_is_all_that_is_touched(repo: Path, state: Path) -> None:
    verifier = a_verifier(repo / "sub", state)
    before = verifier.snapshot()
    write_files(repo, {"a.txt": "outside\n", "sub/deep.txt": "changed\n"})
    run_git(repo, "add", "a.txt")
    assert set_back(verifier, before, verifier.snapshot(), None).done
    assert ((repo / "a.txt").read_text(), (repo / "sub/deep.txt").read_text()) == ("outside\n", "deep\n")


def test_in_a_copy_it_is_the_copy_that_is_set_back(repo: Path, state: Path) -> None:
    with opened_copy(find_repository(repo), state) as copy:
        verifier = a_verifier(copy.top, state)
        before = verifier.snapshot()
        work(copy.top)
        assert set_back(verifier, before, verifier.snapshot()).done
        assert copy.tree() == copy.base
        assert files_of(repo) == {**files_of(repo), "a.txt": (LINES.encode(), 0o644)}
    assert len(patches_in(state)) == 1


def test_nothing_done_is_nothing_taken_back(repo: Path, state: Path) -> None:
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    assert set_back(verifier, before, verifier.snapshot()) == SetBack(done=True)
    assert patches_in(state) == []


def plain(tmp_path: Path, state: Path) -> tuple[Path, WorkspaceVerifier]:
    root = tmp_path / "plain"
    write_files(root, {"edited.txt": "zwei\n", "new/x.bin": b"\0\2", "same.txt": "s\n", "mine.txt": "m\n"})
    journal: dict[str, bytes | None] = {"edited.txt": b"two\n", "new/x.bin": None, "same.txt": b"s\n"}
    return root, a_verifier(root, state, git=False, journal=journal)


def test_outside_of_git_the_tools_journal_brings_the_files_back(tmp_path: Path, state: Path) -> None:
    root, verifier = plain(tmp_path, state)
    result = set_back(verifier, "", verifier.snapshot(), ["edited.txt", "new/x.bin", "same.txt"])
    assert (result.done, result.saved) == (True, True)
    assert {name: found[0] for name, found in files_of(root).items()} == {
        "edited.txt": b"two\n", "same.txt": b"s\n", "mine.txt": b"m\n"
    }  # fmt: skip
    subprocess.run(result.note.partition("apply it with: ")[2], shell=True, check=True)
    assert ((root / "edited.txt").read_bytes(), (root / "new/x.bin").read_bytes()) == (b"zwei\n", b"\0\2")


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o700])
def test_what_an_attempt_removed_comes_back_with_the_mode_that_it_had(repo: Path, state: Path, mode: int) -> None:
    (repo / "a.txt").chmod(mode)
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    (repo / "a.txt").unlink()
    assert set_back(verifier, before, verifier.snapshot()).done
    assert stat.S_IMODE((repo / "a.txt").stat().st_mode) == mode


def test_outside_of_git_what_changed_meanwhile_stops_it(tmp_path: Path, state: Path) -> None:
    root, verifier = plain(tmp_path, state)
    ended = verifier.snapshot()
    (root / "new/x.bin").write_bytes(b"mine")
    now = files_of(root)
    result = set_back(verifier, "", ended, ["edited.txt"])
    assert (result.done, result.saved, files_of(root)) == (False, False, now)
    assert "new/x.bin was changed meanwhile" in result.note


@pytest.mark.parametrize(("wrote", "snapshot", "said"), [(None, True, "own tools"), (["a"], False, "interrupted")])
def test_outside_of_git_what_nobody_knows_is_said(
    tmp_path: Path, state: Path, wrote: list[str] | None, snapshot: bool, said: str
) -> None:
    root, verifier = plain(tmp_path, state)
    if snapshot:
        verifier.snapshot()
    now = files_of(root)
    result = set_back(verifier, "", "", wrote)
    assert (result.done, result.saved, files_of(root)) == (False, False, now)
    assert said in result.note


PATHS = st.sampled_from(["a.txt", "gone.txt", "sub/deep.txt", "n1.txt", "sub/n2.txt"])
EDITS = st.dictionaries(PATHS, st.one_of(st.none(), st.sampled_from(["x\n", "y\nz\n", LINES])), max_size=5)


def apply(root: Path, edits: dict[str, str | None]) -> None:
    for path, text in edits.items():
        if text is None:
            (root / path).unlink(missing_ok=True)
        else:
            write_files(root, {path: text})


@examples(25)
@given(attempt=EDITS, user=EDITS)
def test_whatever_both_did_it_is_all_or_nothing(
    attempt: dict[str, str | None], user: dict[str, str | None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("any")
    repo, state = repository(place / "repo", FILES), place / "state"
    original = files_of(repo)
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    apply(repo, attempt)
    ended, done = verifier.snapshot(), files_of(repo)
    apply(repo, user)
    theirs = files_of(repo)
    result = set_back(verifier, before, ended)
    now = files_of(repo)
    if not result.done:
        assert now == theirs
        return
    mine = {path for path in {*done, *theirs} if done.get(path) != theirs.get(path)}
    assert all(now.get(path) == original.get(path) for path in {*original, *done} - mine)
    only_mine = {path for path in mine if done.get(path) == original.get(path)}
    assert all(now.get(path) == theirs.get(path) for path in only_mine)


def test_the_keeping_of_a_diff_comes_before_the_first_byte(
    repo: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    work(repo)
    ended = verifier.snapshot()
    seen: list[int] = []
    real = writes.write_all

    def write_all(*args: Any) -> None:
        seen.append(len(patches_in(state)))
        real(*args)

    monkeypatch.setattr(git_merge, "write_all", write_all)
    assert set_back(verifier, before, ended).done
    assert seen == [2]  # the work, and git_merge's own copy of what it is about to do
    assert len(patches_in(state)) == 1
