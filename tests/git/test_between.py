"""What changed between a mark before a command and one after it is the command's; what changed beside it is not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from shutil import copytree, rmtree

import pytest
from tests.cli.stage import workspace

from profile_router.git import between
from profile_router.git.between import Written, changed_later, marking, not_as_left, written_during
from profile_router.git.marks import GitSnapshots
from profile_router.git.undo import undo_of

FILES = {"a.py": "x = 1\n", "b.py": "b\n", "sub/c.py": "c\n", ".gitignore": "*.log\n"}


@pytest.mark.parametrize(
    ("user", "command", "later", "edited", "written"),
    [
        ((), (), (), (), set()),
        ((), ("a.py", "new.py", "x.log"), (), (), {"a.py", "new.py"}),
        (("b.py",), ("a.py",), ("sub/c.py",), (), {"a.py"}),
        (("a.py",), ("a.py", "b.py"), (), (), {"b.py"}),  # the first: its user's, and the command's
        (("a.py",), ("a.py",), (), ("a.py",), {"a.py"}),  # an edit of ours, then the command
        (("a.py",), (), (), (), set()),
    ],
)
def test_what_changed_within_is_told_from_what_changed_beside(
    tmp_path: Path,
    user: tuple[str, ...],
    command: tuple[str, ...],
    later: tuple[str, ...],
    edited: tuple[str, ...],
    written: set[str],
) -> None:
    root = workspace(tmp_path / "ws", FILES)
    mark = marking(root, tmp_path / "scratch")
    marks = [mark()]
    for who, paths in (("user", user), ("command", command), ("user, later", later)):
        for path in paths:
            (root / path).write_text(f"{who}\n")
        marks.append(mark())
    snapshot, before, after, _ = marks
    trees = GitSnapshots(root, tmp_path / "scratch").trees
    found = written_during(trees, root, snapshot, [(before, after)], edited)
    assert found.paths - found.unsure == written
    assert found.unsure == ({*user} & {*command} - {*edited})


def test_what_was_taken_back_between_two_commands_is_nobodys_work(tmp_path: Path) -> None:
    root = workspace(tmp_path / "ws", FILES)
    mark = marking(root, tmp_path / "scratch")
    marks = [mark()]
    for text in ("first\n", "x = 1\n", "second\n"):
        (root / "a.py").write_text(text)
        marks.append(mark())
    spans = [(marks[0], marks[1]), (marks[2], marks[3])]
    trees = GitSnapshots(root, tmp_path / "scratch").trees
    assert written_during(trees, root, marks[0], spans, ()) == Written(paths=frozenset({"a.py"}), unsure=frozenset())


def test_outside_of_git_and_in_a_tree_that_is_too_large_no_mark_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert marking(tmp_path, tmp_path / "scratch")() == ""
    root = workspace(tmp_path / "ws", FILES)
    monkeypatch.setattr(between, "LARGEST_INDEX", 10)
    assert marking(root, tmp_path / "scratch")() == ""


@pytest.mark.parametrize(("since", "changed"), [("", set()), ("a.py", {"a.py"}), ("b.py", {"b.py"})])
def test_a_file_stands_as_the_run_left_it_where_a_mark_or_the_content_tells(
    tmp_path: Path, since: str, changed: set[str]
) -> None:
    root = workspace(tmp_path / "ws", FILES)
    mark = marking(root, tmp_path / "scratch")
    snapshot = mark()
    (root / "a.py").write_text("command\n")
    after = mark()
    (root / "b.py").write_text("edit\n")
    edit = hashlib.sha256(b"edit\n").hexdigest()
    if since:
        (root / since).write_text("its user's\n")
    trees = GitSnapshots(root, tmp_path / "scratch").trees
    undo = undo_of(trees, snapshot, root, ("a.py", "b.py"))
    assert not_as_left(trees, root, undo, [after], {"b.py": [edit]}) == changed


def passed(folder: Path) -> int:
    """Return a moment by the clock of the file system, once that has gone on."""
    file = folder / "clock"
    file.touch()
    moment = file.stat().st_mtime_ns
    while file.stat().st_mtime_ns == moment:
        file.touch()
    return moment


def _moved(root: Path) -> None:
    (root.parent / "elsewhere").rename(root / "moved")


@pytest.mark.parametrize(
    ("later", "changed"),
    [
        (lambda root: None, set()),
        (lambda root: (root / "b.py").write_text("mine\n"), {"b.py"}),
        (lambda root: (root / "a.py").write_text("mine\n"), {"a.py"}),
        (lambda root: (root / "a.py").unlink(), {"a.py"}),
        (lambda root: (root / "sub/mine.py").write_text("mine\n"), {"sub/mine.py", "sub/gone.py"}),
        (_moved, {"moved/old.py"}),
        (lambda root: (root / "sub/c.py").rename(root / "d.py"), {"sub/c.py", "sub/gone.py", "d.py"}),
        (lambda root: (root / "made/in.py").chmod(0o755), {"made/in.py"}),
        (lambda root: (root / "x.log").write_text("ignored"), set()),
    ],
)
def test_what_changed_after_a_moment_is_told_from_what_changed_by_then(
    tmp_path: Path, later: Callable[[Path], object], changed: set[str]
) -> None:
    root = workspace(tmp_path / "ws", {**FILES, "sub/gone.py": "g\n"})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/old.py").write_text("old\n")
    mark = marking(root, tmp_path / "scratch")
    before = mark()
    (root / "a.py").write_text("command\n")
    (root / "made").mkdir()
    (root / "made/in.py").write_text("command\n")
    (root / "sub/gone.py").unlink()
    moment = passed(tmp_path)
    later(root)
    trees, after = GitSnapshots(root, tmp_path / "scratch").trees, mark()
    assert changed_later(trees, root, before, after, moment) == changed
    whole = changed_later(trees, root, before, after, 0)
    assert whole >= {"a.py", "made/in.py", "sub/gone.py"} & {*whole} | changed, "without a moment nobody knows"


def _swapped(root: Path, name: str) -> None:
    (root / name).rename(root.parent / "away")
    (root.parent / "mine" / name).rename(root / name)


def _exchanged(root: Path) -> None:
    for one, other in (("sub", "third"), ("deep", "sub"), ("third", "deep")):
        (root / one).rename(root / other)


def _as_before(folder: Path, change: Callable[[], object]) -> None:
    times = folder.stat()
    change()
    os.utime(folder, ns=(times.st_atime_ns, times.st_mtime_ns))


def _linked(root: Path) -> None:
    (root / "sub").rename(root.parent / "away")
    (root / "sub").symlink_to(root.parent / "mine/sub")


def _moved_whole(root: Path) -> None:
    root.rename(root.parent / "away")
    (root.parent / "whole").rename(root)


@pytest.mark.parametrize(
    ("later", "changed"),
    [
        (lambda root: _swapped(root, "sub"), {"sub/c.py", "sub/d.py"}),
        (lambda root: _swapped(root, "deep"), {"deep/in/it.py"}),
        (_exchanged, {"sub/c.py", "sub/d.py", "sub/in/it.py", "deep/c.py", "deep/d.py", "deep/in/it.py"}),
        (lambda root: _as_before(root / "sub", (root / "sub/c.py").unlink), {"sub/c.py"}),
        (lambda root: _as_before(root, partial(rmtree, root / "deep")), {"a.py", "deep/in/it.py"}),
        pytest.param(
            lambda root: _as_before(root / "deep", partial(rmtree, root / "deep/in")),
            {"deep/in/it.py"},
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            lambda root: _as_before(root, partial(_swapped, root, "sub")),
            {"a.py", "sub/c.py", "sub/d.py"},
            marks=pytest.mark.nightly,
        ),
        (_linked, {"sub", "sub/c.py", "sub/d.py"}),
        (_moved_whole, {"a.py"}),
        pytest.param(lambda root: (root / "beside.log").write_text("ignored"), set(), marks=pytest.mark.nightly),
        (lambda root: (root / "sub/beside.py").write_text("mine\n"), {"sub/beside.py"}),
    ],
)
def test_what_came_with_a_folder_or_went_with_its_time_set_back_came_later(
    tmp_path: Path, later: Callable[[Path], object], changed: set[str]
) -> None:
    files = {"a.py": "a\n", "sub/c.py": "c\n", "sub/d.py": "d\n", "deep/in/it.py": "i\n", ".gitignore": "*.log\n"}
    root = workspace(tmp_path / "ws", files)
    for path in ("mine/sub/c.py", "mine/deep/in/it.py"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("mine\n")
    copytree(root, tmp_path / "whole")
    (tmp_path / "whole/a.py").write_text("mine\n")
    mark = marking(root, tmp_path / "scratch")
    before = mark()
    (root / "a.py").write_text("command\n")
    moment = passed(tmp_path)
    later(root)
    trees, after = GitSnapshots(root, tmp_path / "scratch").trees, mark()
    assert changed_later(trees, root, before, after, moment) == changed
