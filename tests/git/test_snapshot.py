"""Marks of a work tree: they see what changed, and leave no trace in the repository."""

from __future__ import annotations

import os
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.git.git_repository import repository, run_git, write_files

from profile_router.core.ladder.receipt import ChangedFile
from profile_router.git.marks import GitSnapshots
from profile_router.git.trees import Trees

CANARY = b"not to be read"
FILES = {"a.py": "one\ntwo\nthree\n", "src/b.py": "x\n", ".gitignore": "*.log\nbuild/\n"}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", FILES)


def marks(root: Path, tmp_path: Path) -> GitSnapshots:
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return GitSnapshots(root, scratch)


def changed(path: str, added: int | None, removed: int | None) -> ChangedFile:
    return ChangedFile(path=path, lines_added=added, lines_removed=removed)


def trace(repo: Path) -> tuple[object, ...]:
    """Return all that a mark could leave in a repository: git's own folder, byte for byte, and its status."""
    git = sorted((path, path.read_bytes()) for path in (repo / ".git").rglob("*") if path.is_file())
    status = subprocess.run(
        ["git", "--no-optional-locks", "status", "--porcelain=v2"], cwd=repo, capture_output=True, check=True
    )
    return git, status.stdout


def test_a_mark_leaves_the_repository_byte_for_byte_as_it_was(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"a.py": "one\n", "staged.py": "s\n", "new.py": "n\n", "x.log": "log\n"})
    run_git(repo, "add", "staged.py")
    before = trace(repo)
    snapshots = marks(repo, tmp_path)
    first = snapshots.take()
    write_files(repo, {"new.py": "more\nlines\n"})
    assert snapshots.changes(first, snapshots.take()) == (changed("new.py", 2, 1),)
    write_files(repo, {"new.py": "n\n"})
    assert trace(repo) == before


def test_nothing_changed_is_not_a_change_whatever_was_changed_before(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"a.py": "dirty\n", "new.py": "n\n"})
    snapshots = marks(repo, tmp_path)
    assert snapshots.changes(snapshots.take(), snapshots.take()) == ()


def test_lines_are_counted_per_file(repo: Path, tmp_path: Path) -> None:
    snapshots = marks(repo, tmp_path)
    mark = snapshots.take()
    write_files(
        repo,
        {
            "a.py": "one\nzwei\nthree\nfour\n",
            "new file.py": "1\n2\n",
            "bin.dat": b"\0\1\2",
            "x.log": "ignored\n",
            "build/out.py": "ignored\n",
        },
    )
    (repo / "src/b.py").unlink()
    assert snapshots.changes(mark, snapshots.take()) == (
        changed("a.py", 2, 1),
        changed("bin.dat", None, None),
        changed("new file.py", 2, 0),
        changed("src/b.py", 0, 1),
    )


def test_a_rename_is_a_removal_and_an_addition(repo: Path, tmp_path: Path) -> None:
    snapshots = marks(repo, tmp_path)
    mark = snapshots.take()
    (repo / "a.py").rename(repo / "c.py")
    assert snapshots.changes(mark, snapshots.take()) == (changed("a.py", 0, 3), changed("c.py", 3, 0))


def test_what_the_subagent_commits_or_stages_is_a_change_like_any_other(repo: Path, tmp_path: Path) -> None:
    snapshots = marks(repo, tmp_path)
    mark = snapshots.take()
    write_files(repo, {"a.py": "one\n", "new.py": "n\n"})
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message=sneaky")
    assert snapshots.changes(mark, snapshots.take()) == (changed("a.py", 0, 2), changed("new.py", 1, 0))


@pytest.mark.parametrize("name", ["naïve file.py", 'quo"te.py', "tab\there.py", "line\nbreak.py", "-n.py"])
def test_odd_names_come_back_as_they_are(name: str, repo: Path, tmp_path: Path) -> None:
    snapshots = marks(repo, tmp_path)
    mark = snapshots.take()
    write_files(repo, {name: "1\n"})
    assert snapshots.changes(mark, snapshots.take()) == (changed(name, 1, 0),)


def test_a_workspace_inside_a_repository_sees_its_own_files_only(repo: Path, tmp_path: Path) -> None:
    snapshots = marks(repo / "src", tmp_path)
    mark = snapshots.take()
    write_files(repo, {"a.py": "changed outside\n", "src/b.py": "x\ny\n"})
    assert snapshots.changes(mark, snapshots.take()) == (changed("b.py", 1, 0),)


def test_a_repository_without_a_commit_has_marks_too(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run_git(tmp_path / "empty", "init", "--quiet")
    snapshots = marks(tmp_path / "empty", tmp_path)
    mark = snapshots.take()
    write_files(tmp_path / "empty", {"first.py": "1\n"})
    assert snapshots.changes(mark, snapshots.take()) == (changed("first.py", 1, 0),)


def test_a_linked_work_tree_has_marks_too(repo: Path, tmp_path: Path) -> None:
    run_git(repo, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    before = trace(repo)
    snapshots = marks(tmp_path / "linked", tmp_path)
    mark = snapshots.take()
    write_files(tmp_path / "linked", {"a.py": "one\n"})
    assert snapshots.changes(mark, snapshots.take()) == (changed("a.py", 0, 2),)
    assert trace(repo) == before


def test_a_repository_inside_the_repository_stays_as_it_is(repo: Path, tmp_path: Path) -> None:
    (repo / "inner").mkdir()
    run_git(repo / "inner", "init", "--quiet")
    write_files(repo, {"inner/x.py": "1\n"})
    snapshots = marks(repo, tmp_path)
    mark = snapshots.take()
    write_files(repo, {"a.py": "one\n", "zz.py": "1\n"})
    assert snapshots.changes(mark, snapshots.take()) == (changed("a.py", 0, 2), changed("zz.py", 1, 0))


def test_an_unreadable_file_does_not_hide_the_others(repo: Path, tmp_path: Path) -> None:
    snapshots = marks(repo, tmp_path)
    mark = snapshots.take()
    (repo / "dangling").symlink_to("nowhere")
    write_files(repo, {"a.py": "one\n"})
    assert snapshots.changes(mark, snapshots.take()) == (changed("a.py", 0, 2), changed("dangling", 1, 0))


@pytest.mark.parametrize("setting", ["core.splitIndex", "feature.manyFiles", "core.untrackedCache"])
def test_settings_that_change_the_index_change_nothing_for_a_mark(setting: str, repo: Path, tmp_path: Path) -> None:
    run_git(repo, "config", setting, "true")
    run_git(repo, "status")
    write_files(repo, {"other.py": "1\n"})
    run_git(repo, "add", "other.py")
    before = trace(repo)
    snapshots = marks(repo, tmp_path)
    mark = snapshots.take()
    write_files(repo, {"a.py": "one\n"})
    assert snapshots.changes(mark, snapshots.take()) == (changed("a.py", 0, 2),)
    write_files(repo, {"a.py": FILES["a.py"]})
    assert trace(repo)[0] == before[0]


def test_of_a_large_file_that_git_does_not_track_only_size_and_times_are_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("profile_router.git.marks.LARGE", 1_000)
    root = repository(tmp_path / "repo", {"sub/a.py": "a = 1\n", "tracked.bin": "t" * 2_000})
    snapshots = marks(root, tmp_path)
    for name in ("sub/large [1].bin", "sub/stays.bin", "sub/goes.bin"):
        (root / name).write_bytes(CANARY * 200)
    before = snapshots.take()
    (root / "sub/large [1].bin").write_bytes(CANARY * 201)
    (root / "sub/goes.bin").unlink()
    (root / "sub/comes.bin").write_bytes(CANARY * 300)
    (root / "tracked.bin").write_text("u" * 2_000)
    changes = {change.path: change.lines_added for change in snapshots.changes(before, snapshots.take())}
    assert changes == {"sub/large [1].bin": None, "sub/goes.bin": None, "sub/comes.bin": None, "tracked.bin": 1}
    stored = (path for path in (tmp_path / "scratch" / "objects").rglob("*") if path.is_file())
    assert not any(CANARY in zlib.decompress(path.read_bytes()) for path in stored)


def test_a_large_file_is_marked_in_a_folder_of_a_repository_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("profile_router.git.marks.LARGE", 1_000)
    root = repository(tmp_path / "repo", {"sub/a.py": "a = 1\n"})
    snapshots = marks(root / "sub", tmp_path)
    before = snapshots.take()
    (root / "sub" / "large.bin").write_bytes(CANARY * 200)
    assert [change.path for change in snapshots.changes(before, snapshots.take())] == ["large.bin"]


def _meant_to_be_added(repo: Path) -> None:
    write_files(repo, {"n.py": "n\n"})
    run_git(repo, "add", "--intent-to-add", "n.py")


def _linked(repo: Path) -> None:
    (repo / "a.py").unlink()
    (repo / "a.py").symlink_to("src/b.py")


def _moved_beside_and_linked(repo: Path) -> None:
    (repo / "src").rename(repo.parent / "elsewhere")
    (repo / "src").symlink_to(repo.parent / "elsewhere")


CHANGES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "as many bytes": (lambda repo: (repo / "a.py").write_text("ONE\nTWO\nTHREE\n"), {"a.py"}),
    "as many bytes and the old time": (lambda repo: _rewritten(repo / "a.py"), {"a.py"}),
    "executable": (lambda repo: (repo / "a.py").chmod(0o755), {"a.py"}),
    "gone": (lambda repo: (repo / "a.py").unlink(), {"a.py"}),
    "gone from the index": (lambda repo: run_git(repo, "rm", "--quiet", "--cached", "a.py"), set()),
    "meant to be added": (_meant_to_be_added, {"n.py"}),
    "a link": (_linked, {"a.py"}),
    "an ignored folder that is a link": (_moved_beside_and_linked, {"src/b.py"}),
    "an ignored file": (lambda repo: write_files(repo, {"x.log": "log\n"}), set()),
    "touched": (lambda repo: os.utime(repo / "a.py"), set()),
}


def _rewritten(file: Path) -> None:
    found = file.stat()
    file.write_text("ONE\nTWO\nTHREE\n")
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))


@pytest.mark.parametrize("change", CHANGES)
def test_a_mark_after_one_of_a_clean_tree_sees_each_kind_of_change(change: str, tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", {**FILES, ".gitignore": "*.log\nsrc\n"})
    snapshots = marks(repo, tmp_path)
    before = snapshots.take()
    act, expected = CHANGES[change]
    act(repo)
    assert {file.path for file in snapshots.changes(before, snapshots.take())} == expected


def test_what_is_as_the_last_mark_has_it_is_asked_of_git_no_more_than_needed(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots, asked = marks(repo, tmp_path), list[str]()
    run = Trees.run

    def heard(trees: Trees, *words: str, **more: Any) -> str:
        asked.append(words[0])
        return run(trees, *words, **more)

    monkeypatch.setattr(Trees, "run", heard)
    first = snapshots.take()
    assert asked == ["ls-files", "write-tree"]
    assert snapshots.take() == first
    assert asked[2:] == ["ls-files"]
    write_files(repo, {"new.py": "n\n"})
    dirty = snapshots.take()
    assert asked[3:] == ["ls-files", "add", "write-tree"]
    assert snapshots.take() == dirty
    assert asked[6:] == ["ls-files", "add"]
    assert snapshots.changes(dirty, dirty) == () == snapshots.patches(dirty, dirty)
    assert len(asked) == 8, "two marks that are one have no difference"
    write_files(repo, {"new.py": "m\n"})
    assert snapshots.take() not in (first, dirty)


def _told(*words: str) -> Callable[[Path], object]:
    return lambda repo: run_git(repo, *words)


def _apart(repo: Path) -> None:
    """Make the work tree a sparse one without `src`."""
    run_git(repo, "sparse-checkout", "set", "--no-cone", "/*", "!/src/")


def _sparse_index(repo: Path) -> None:
    write_files(repo, {"kept/c.py": "c\n"})
    run_git(repo, "add", "kept")
    run_git(repo, "commit", "--quiet", "--message=kept")
    run_git(repo, "sparse-checkout", "set", "--cone", "--sparse-index", "kept")


def _mode_away(repo: Path) -> None:
    run_git(repo, "config", "core.fileMode", "false")


def _no_link(repo: Path) -> None:
    (repo / "link").unlink()
    write_files(repo, {"link": "a.py"})


OWN = {"a.py": "the owner's\n"}
CHANGED = {"a.py": "the command's\n"}
LOOKING_AWAY: dict[str, tuple[list[Callable[[Path], object]], Callable[[Path], object], dict[str, bytes | None]]] = {
    "skip-worktree": (
        [_told("update-index", "--skip-worktree", "a.py"), lambda repo: write_files(repo, OWN)],
        lambda repo: write_files(repo, CHANGED),
        {"a.py": b"the owner's\n"},
    ),
    "assume-unchanged": (
        [_told("update-index", "--assume-unchanged", "a.py"), lambda repo: write_files(repo, OWN)],
        lambda repo: write_files(repo, CHANGED),
        {"a.py": b"the owner's\n"},
    ),
    "both, in a split index": (
        [
            _told("update-index", "--split-index"),
            _told("update-index", "--skip-worktree", "a.py"),
            _told("update-index", "--assume-unchanged", "a.py"),
        ],
        lambda repo: (repo / "a.py").unlink(),
        {"a.py": b"one\ntwo\nthree\n"},
    ),
    "skipped and removed by its owner": (
        [_told("update-index", "--skip-worktree", "a.py"), lambda repo: (repo / "a.py").unlink()],
        lambda repo: write_files(repo, CHANGED),
        {"a.py": None},
    ),
    "out of a sparse work tree": ([_apart], lambda repo: write_files(repo, {"src/b.py": "y\n"}), {"src/b.py": b"x\n"}),
    "out of a sparse index": (
        [_sparse_index],
        lambda repo: write_files(repo, {"src/b.py": "y\n"}),
        {"src/b.py": b"x\n"},
    ),
    "no modes": ([_mode_away], lambda repo: (repo / "a.py").chmod(0o755), {"a.py": b"one\ntwo\nthree\n"}),
    "no links": (
        [
            _told("config", "core.symlinks", "false"),
            lambda repo: (repo / "link").symlink_to("a.py"),
            _told("add", "link"),
        ],
        _no_link,
        {"link": None},
    ),
    "no case": (
        [_told("config", "core.ignoreCase", "true")],
        lambda repo: write_files(repo, {"A.py": "another\n"}),
        {"A.py": None},
    ),
    "a monitor": (
        [
            _told("config", "core.fsmonitor", "/bin/true"),
            _told("update-index", "--fsmonitor"),
            _told("update-index", "--fsmonitor-valid", "a.py"),
        ],
        lambda repo: write_files(repo, CHANGED),
        {"a.py": b"one\ntwo\nthree\n"},
    ),
    "to be added": (
        [lambda repo: write_files(repo, {"new.py": "n\n"}), _told("add", "--intent-to-add", "new.py")],
        lambda repo: write_files(repo, {"new.py": "m\n"}),
        {"new.py": b"n\n"},
    ),
}


@pytest.mark.parametrize("case", LOOKING_AWAY)
def test_a_mark_sees_each_file_also_where_its_owner_has_git_look_away(case: str, repo: Path, tmp_path: Path) -> None:
    owners, commands, expected = LOOKING_AWAY[case]
    for act in owners:
        act(repo)
    before_all = trace(repo)
    snapshots = marks(repo, tmp_path)
    before = snapshots.take()
    assert snapshots.take() == before
    assert trace(repo) == before_all
    commands(repo)
    after = snapshots.take()
    assert {path: was for path, was, _ in snapshots.contents(before, after, most=9)} == expected


def test_files_that_a_sparse_work_tree_leaves_out_did_not_change(repo: Path, tmp_path: Path) -> None:
    before = marks(repo, tmp_path).take()
    _apart(repo)
    assert not (repo / "src").exists()
    assert marks(repo, tmp_path).take() == before
