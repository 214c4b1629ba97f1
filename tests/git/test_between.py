"""What changed between a mark before a command and one after it is the command's; what changed beside it is not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.cli.stage import workspace

from profile_router.git import between
from profile_router.git.between import marking, stands_as_left, written_during
from profile_router.git.marks import GitSnapshots
from profile_router.git.undo import undo_of

FILES = {"a.py": "x = 1\n", "b.py": "b\n", "sub/c.py": "c\n", ".gitignore": "*.log\n"}


@pytest.mark.parametrize(
    ("user", "command", "later", "edited", "written"),
    [
        ((), (), (), (), set()),
        ((), ("a.py", "new.py", "x.log"), (), (), {"a.py", "new.py"}),
        (("b.py",), ("a.py",), ("sub/c.py",), (), {"a.py"}),
        (("a.py",), ("a.py",), (), (), None),  # its user's, and the command's
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
    written: set[str] | None,
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
    assert written_during(trees, root, snapshot, [(before, after)], edited) == written


def test_what_was_taken_back_between_two_commands_is_nobodys_work(tmp_path: Path) -> None:
    root = workspace(tmp_path / "ws", FILES)
    mark = marking(root, tmp_path / "scratch")
    marks = [mark()]
    for text in ("first\n", "x = 1\n", "second\n"):
        (root / "a.py").write_text(text)
        marks.append(mark())
    spans = [(marks[0], marks[1]), (marks[2], marks[3])]
    trees = GitSnapshots(root, tmp_path / "scratch").trees
    assert written_during(trees, root, marks[0], spans, ()) == frozenset({"a.py"})


def test_outside_of_git_and_in_a_tree_that_is_too_large_no_mark_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert marking(tmp_path, tmp_path / "scratch")() == ""
    root = workspace(tmp_path / "ws", FILES)
    monkeypatch.setattr(between, "LARGEST_INDEX", 10)
    assert marking(root, tmp_path / "scratch")() == ""


@pytest.mark.parametrize(("since", "known"), [("", True), ("a.py", False), ("b.py", False)])
def test_a_file_stands_as_the_run_left_it_where_a_mark_or_the_content_tells(
    tmp_path: Path, since: str, known: bool
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
    assert stands_as_left(trees, root, undo, [after], {"b.py": [edit]}) is known
