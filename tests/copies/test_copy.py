"""Isolated copies of a work tree, and the way back: a change whole or not, and never over others' work."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from tests.copies.a_copy import FILES, bring_back, change_all_kinds, files_of, git_folder, process
from tests.git.git_repository import repository, run_git, write_files

from profile_router.copies.copy import Copy, opened_copy, why_in_place
from profile_router.git.merge import save_diff
from profile_router.git.repository import find_repository


def test_a_copy_has_tracked_and_new_files_as_they_are_and_nothing_that_is_ignored(repo: Path, state: Path) -> None:
    write_files(repo, {"a.txt": "edited\n", "new file.txt": "n\n", ".env": "KEY=1\n", "x.log": "l\n"})
    write_files(repo, {"node_modules/p/index.js": "p\n", "build.log/x": "x\n"})
    (repo / "gone.txt").unlink()
    (repo / "link").symlink_to("a.txt")
    (repo / "run.sh").chmod(0o755)
    before = git_folder(repo)
    with opened_copy(find_repository(repo), state) as copy:
        wanted = {
            name: found[0] for name, found in files_of(repo).items() if not name.startswith(("node_modules/", "build"))
        }
        there = {name: found[0] for name, found in files_of(copy.top).items()}
        assert there.pop("node_modules") == str(repo / "node_modules")
        assert there == {name: content for name, content in wanted.items() if name not in {".env", "x.log"}}
        assert os.access(copy.top / "run.sh", os.X_OK)
        assert run_git(copy.top, "status", "--porcelain") == ""
        assert run_git(copy.top, "log", "--format=%s").splitlines()[1:] == ["start"]
        assert (copy.top / "node_modules/p/index.js").read_text() == "p\n"
        assert copy.tree() == copy.base
        assert copy.top.parent.stat().st_mode & 0o777 == 0o700
        top = copy.top
    assert not top.parent.exists()
    assert (repo / "node_modules/p/index.js").exists()
    assert git_folder(repo) == before


def test_a_copy_has_the_owners_text_of_a_file_that_git_is_told_not_to_look_at(repo: Path, state: Path) -> None:
    run_git(repo, "update-index", "--assume-unchanged", "a.txt")
    run_git(repo, "update-index", "--skip-worktree", "bare.txt", "gone.txt")
    write_files(repo, {"a.txt": "the owner's\n", "bare.txt": "and this\n"})
    (repo / "gone.txt").unlink()
    with opened_copy(find_repository(repo), state) as copy:
        assert (copy.top / "a.txt").read_text() == "the owner's\n"
        assert (copy.top / "bare.txt").read_text() == "and this\n"
        assert not (copy.top / "gone.txt").exists()
        write_files(repo, {"a.txt": "edited meanwhile\n"})
        write_files(copy.top, {"a.txt": "the model's\n"})
        assert not bring_back(copy, state).merged
    assert (repo / "a.txt").read_text() == "edited meanwhile\n"


def test_what_a_child_does_with_git_stays_in_its_copy(repo: Path, copy: Copy, state: Path) -> None:
    before = git_folder(repo)
    write_files(copy.top, {"a.txt": "one\n"})
    run_git(copy.top, "stash")
    run_git(copy.top, "checkout", "--quiet", "-b", "branch")
    write_files(copy.top, {"b.txt": "two\n"})
    run_git(copy.top, "add", "--all")
    run_git(copy.top, "commit", "--quiet", "--message=mine")
    assert bring_back(copy, state).files == ("b.txt",)
    assert git_folder(repo) == before
    assert (repo / "b.txt").read_text() == "two\n"


def test_the_patch_of_a_change_makes_the_same_change(repo: Path, copy: Copy, state: Path) -> None:
    change_all_kinds(copy.top)
    patch = save_diff(copy.trees, copy.base, copy.tree(), state, "t")
    assert patch.stat().st_mode & 0o777 == 0o600
    assert patch.read_bytes() == copy.trees.patch(copy.base, copy.tree())
    run_git(repo, "apply", str(patch))
    assert {name: found[0] for name, found in files_of(repo).items()} == {
        name: found[0] for name, found in files_of(copy.top).items()
    }


def test_line_ends_are_those_that_the_repository_asks_for(tmp_path: Path, state: Path) -> None:
    repo = repository(tmp_path / "repo", {".gitattributes": "*.txt text eol=crlf\n", "a.txt": "one\ntwo\n"})
    (repo / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    with opened_copy(find_repository(repo), state) as copy:
        assert (copy.top / "a.txt").read_bytes() == b"one\r\ntwo\r\n"
        (copy.top / "a.txt").write_bytes(b"one\r\n2\r\n")
        assert bring_back(copy, state).merged
    assert (repo / "a.txt").read_bytes() == b"one\r\n2\r\n"


def test_a_repository_without_a_commit_and_a_linked_work_tree_serve_as_well(tmp_path: Path, state: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    run_git(empty, "init", "--quiet")
    other = repository(tmp_path / "main", FILES)
    run_git(other, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    for top in (empty, tmp_path / "linked"):
        write_files(top, {"here.txt": "h\n"})
        with opened_copy(find_repository(top), state) as copy:
            assert (copy.top / "here.txt").exists()
            write_files(copy.top, {"here.txt": "there\n"})
            assert bring_back(copy, state).merged
        assert (top / "here.txt").read_text() == "there\n"


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        (["config", "core.sparseCheckout", "true"], "only partly here"),
        (["config", "extensions.partialClone", "origin"], "only partly here"),
        (["config", "core.sparseCheckout", "false"], ""),
    ],
)
def test_a_repository_that_is_not_all_here_has_no_copies(
    repo: Path, state: Path, setting: list[str], says: str
) -> None:
    run_git(repo, *setting)
    assert says in (found := why_in_place(find_repository(repo), state))
    assert bool(found) is bool(says)


def test_copies_are_not_made_inside_of_what_they_copy(repo: Path) -> None:
    assert "lies inside of it" in why_in_place(find_repository(repo), repo / "state")


def test_what_a_crash_leaves_is_removed_by_the_next_and_what_is_in_use_is_not(
    repo: Path, state: Path, copy: Copy
) -> None:
    waits = """
with opened_copy(repo, state) as copy:
    (copy.top / "deep/er").chmod(0o500)
    print(copy.top, flush=True)
    sys.stdin.read()
"""
    crashing = process(waits, repo, state)
    assert crashing.stdout
    left = Path(crashing.stdout.readline().decode().strip())
    with opened_copy(find_repository(repo), state):
        assert left.exists()
    crashing.send_signal(signal.SIGKILL)
    crashing.wait()
    crashing.communicate()
    assert left.exists()
    with opened_copy(find_repository(repo), state):
        assert not left.parent.exists()
        assert copy.top.exists()


def test_settings_that_say_how_files_are_written_come_along_and_others_do_not(repo: Path, state: Path) -> None:
    run_git(repo, "config", "core.autocrlf", "input")
    run_git(repo, "config", "user.name", "Somebody")
    run_git(repo, "config", "core.hooksPath", "/nowhere")
    run_git(repo, "config", "remote.origin.url", "/nowhere")
    with opened_copy(find_repository(repo), state) as copy:
        listed = run_git(copy.top, "config", "--local", "--list")
    assert "core.autocrlf=input" in listed
    assert "user.name=Somebody" in listed
    assert "nowhere" not in listed
