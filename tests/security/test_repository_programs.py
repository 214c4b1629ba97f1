"""No program that a repository's settings name runs by our own git, and marks, copies and merges are true without."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.git.git_repository import repository, run_git, write_files
from tests.verify.test_set_back import a_verifier

from profile_router.copies.copy import opened_copy
from profile_router.git import marks as git_marks
from profile_router.git.merge import merge_trees
from profile_router.git.repository import find_repository

LINES = "".join(f"line {number}\n" for number in range(1, 10))
FILES = {"a.txt": LINES, "b.txt": "b\n", ".gitattributes": "*.txt filter=evil.one diff=evil merge=evil\n"}
Plant = Callable[[Path, str], None]


def settings(*names: str) -> Plant:
    def plant(repo: Path, program: str) -> None:
        for name in names:
            run_git(repo, "config", name, program)

    return plant


def required_process(repo: Path, program: str) -> None:
    run_git(repo, "config", "filter.evil.one.process", program)
    run_git(repo, "config", "filter.evil.one.required", "true")


def included(repo: Path, program: str) -> None:
    run_git(repo, "config", "--file", "more.cfg", "filter.evil.one.clean", program)
    run_git(repo, "config", "include.path", str(repo / "more.cfg"))


def of_the_work_tree(repo: Path, program: str) -> None:
    run_git(repo, "config", "extensions.worktreeConfig", "true")
    run_git(repo, "config", "--worktree", "filter.evil.one.clean", program)


def by_info_attributes(repo: Path, program: str) -> None:
    write_files(repo / ".git", {"info/attributes": "* filter=x-=y\n"})
    run_git(repo, "config", "--file", ".git/config", "filter.x-=y.clean", program)


def hooks(repo: Path, program: str) -> None:
    for name in ("post-index-change", "post-checkout", "pre-commit", "reference-transaction"):
        (repo / ".git/hooks").mkdir(exist_ok=True)
        (repo / ".git/hooks" / name).symlink_to(program)
    run_git(repo, "config", "core.hooksPath", str(repo / ".git/hooks"))


def odd_names(repo: Path, program: str) -> None:
    for name in ("evil.one", "with blanks", 'quo"te', "dots...", "ünï"):
        run_git(repo, "config", f"filter.{name}.clean", program)
        run_git(repo, "config", f"filter.{name}.smudge", program)


def in_a_submodule(repo: Path, program: str) -> None:
    repository(repo / "inner", FILES)
    run_git(repo / "inner", "config", "filter.evil.one.clean", program)
    run_git(repo, "add", "inner")
    os.utime(repo / "inner/a.txt", (1, 1))


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the user's own settings, in a file of its own."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "user.cfg"))
    return tmp_path / "user.cfg"


PLANTS = [
    pytest.param(settings("filter.evil.one.clean", "filter.evil.one.smudge"), id="clean and smudge"),
    pytest.param(required_process, id="a required process"),
    pytest.param(settings("diff.evil.textconv", "diff.evil.command", "diff.external"), id="diff drivers"),
    pytest.param(settings("merge.evil.driver"), id="a merge driver"),
    pytest.param(settings("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor"), id="core"),
    pytest.param(included, id="an included file"),
    pytest.param(of_the_work_tree, id="settings of one work tree"),
    pytest.param(by_info_attributes, id="attributes of .git/info"),
    pytest.param(hooks, id="hooks"),
    pytest.param(odd_names, id="odd names"),
    pytest.param(in_a_submodule, id="a submodule"),
]


def everything(repo: Path, state: Path) -> None:
    """Do all that our git does with files: marks, what changed, diffs, taking back."""
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    write_files(repo, {"a.txt": LINES.replace("line 5", "LINE 5"), "new.txt": "n\n"})
    (repo / "b.txt").unlink()
    verified = asyncio.run(verifier.verify(before, "", None, seconds=5))
    # Those of an inner repository are told by their times alone, which here may be the run's.
    outside = [file for file in verified.files_changed if not file.path.startswith("inner/")]
    changed = {file.path: (file.lines_added, file.lines_removed) for file in outside}
    assert changed == {"a.txt": (1, 1), "b.txt": (0, 1), "new.txt": (1, 0)}
    diffs = {file.path: file.text for file in asyncio.run(verifier.diff(before, None))}
    assert "+LINE 5" in diffs["a.txt"]
    assert asyncio.run(verifier.set_back(before, verifier.snapshot(), None, number=1)).done
    assert (repo / "a.txt").read_text() == LINES
    assert (repo / "b.txt").exists()


def copied_and_merged(repo: Path, state: Path) -> None:
    with opened_copy(find_repository(repo), state) as copy:
        assert (copy.top / "a.txt").read_text() == LINES
        write_files(copy.top, {"a.txt": LINES.replace("line 9", "LINE 9"), "new.txt": "n\n"})
        repository(copy.top / "deep/inner", FILES)
        copy.tree()
        copy.tree()
        (copy.top / "deep").rename(state / "deep")
        write_files(repo, {"a.txt": LINES.replace("line 1\n", "LINE 1\n")})
        assert merge_trees(copy.trees, copy.base, copy.tree(), state, "t").merged
    assert (repo / "a.txt").read_text() == LINES.replace("line 9", "LINE 9").replace("line 1\n", "LINE 1\n")


@pytest.mark.parametrize("plant", PLANTS)
def test_no_program_that_a_repository_names_runs(plant: Plant, tmp_path: Path) -> None:
    repo, state, marker = repository(tmp_path / "repo", FILES), tmp_path / "state", tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{marker}'\ncat\n")
    program.chmod(0o755)
    plant(repo, str(program))
    marker.unlink(missing_ok=True)  # planting runs git as the user does
    os.utime(repo / "a.txt", (1, 1))
    everything(repo, state)
    assert not marker.exists()
    if plant is not in_a_submodule:  # no copy of it would be whole
        copied_and_merged(repo, state)
    assert not marker.exists()


@pytest.mark.parametrize("scope", ["--local", "--global"])
def test_a_file_that_a_filter_stands_for_is_marked_copied_and_taken_back_as_it_is(
    scope: str, tmp_path: Path, user: Path
) -> None:
    """As with git-lfs: git keeps a pointer, the work tree has the file."""
    repo, state = (
        repository(tmp_path / "repo", {"x.txt": "x\n", ".gitattributes": "*.bin filter=store\n"}),
        tmp_path / "state",
    )
    where = ["--file", str(user)] if scope == "--global" else ["--local"]
    run_git(repo, "config", *where, "filter.store.clean", "sh -c 'cat >/dev/null; echo pointer'")
    run_git(repo, "config", *where, "filter.store.smudge", "sh -c 'exit 1'")
    run_git(repo, "config", *where, "filter.store.required", "true")
    files = {"same.bin": b"same\0", "edited.bin": b"real\0content", "gone.bin": b"gone\0"}
    write_files(repo, files)
    run_git(repo, "-c", "filter.store.clean=sh -c 'cat >/dev/null; echo pointer'", "add", "--all")
    assert run_git(repo, "show", ":edited.bin") == "pointer\n"
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    os.utime(repo / "same.bin", (1, 1))
    write_files(repo, {"edited.bin": b"other\0content"})
    (repo / "gone.bin").unlink()
    verified = asyncio.run(verifier.verify(before, "", None, seconds=5))
    assert [file.path for file in verified.files_changed] == ["edited.bin", "gone.bin"]
    result = asyncio.run(verifier.set_back(before, verifier.snapshot(), None, number=1))
    assert result.done
    assert {name: (repo / name).read_bytes() for name in files} == files
    subprocess.run(result.note.partition("apply it with: ")[2], shell=True, check=True, capture_output=True)
    assert ((repo / "edited.bin").read_bytes(), (repo / "gone.bin").exists()) == (b"other\0content", False)
    write_files(repo, files)
    with opened_copy(find_repository(repo), state) as copy:
        assert {name: (copy.top / name).read_bytes() for name in files} == files
        write_files(copy.top, {"edited.bin": b"merged\0"})
        assert merge_trees(copy.trees, copy.base, copy.tree(), state, "t").files == ("edited.bin",)
    assert (repo / "edited.bin").read_bytes() == b"merged\0"
    assert (repo / "same.bin").read_bytes() == b"same\0"


def test_a_large_file_that_a_filter_stands_for_is_neither_written_nor_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_marks, "LARGE", 1_000)
    repo, state = (
        repository(tmp_path / "repo", {"x.txt": "x\n", ".gitattributes": "*.bin filter=store\n"}),
        tmp_path / "state",
    )
    run_git(repo, "config", "filter.store.clean", "sh -c 'cat >/dev/null; echo pointer'")
    write_files(repo, {"large.bin": b"real\0" * 400})
    run_git(repo, "add", "--all")
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    write_files(repo, {"large.bin": b"edit\0" * 400, "x.txt": "edited\n"})
    done = asyncio.run(verifier.set_back(before, verifier.snapshot(), None, number=1))
    assert "not taken back, because too large to keep: large.bin (2.0 kB) was changed; else" in done.note
    assert ((repo / "large.bin").read_bytes()[:4], (repo / "x.txt").read_text()) == (b"edit", "x\n")
    with opened_copy(find_repository(repo), state) as copy:
        assert (copy.left_out, (copy.top / "large.bin").exists()) == (("large.bin (2.0 kB)",), False)
        write_files(copy.top, {"x.txt": "merged\n"})
        assert merge_trees(copy.trees, copy.base, copy.tree(), state, "t").files == ("x.txt",)
    assert (repo / "large.bin").read_bytes()[:4] == b"edit"
