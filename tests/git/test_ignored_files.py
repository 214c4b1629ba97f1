"""Of files that git ignores we tell which of those that were there are changed or gone, and nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.git.git_repository import repository, write_files

from profile_router.git import ignored_files
from profile_router.git.ignored_files import ignored_changes, note_ignored
from profile_router.git.left_files import note_beginning

RULES = "*.log\nown/\n.env\n__pycache__/\nnode_modules/\ntarget/\n*.pyc\n"
IGNORED = {
    ".env": "KEY=1\n",
    "own/a.txt": "a\n",
    "own/deep/b.txt": "b\n",
    "own/__pycache__/c.pyc": "c\n",
    "node_modules/p/index.js": "p\n",
    "sub/x.log": "x\n",
    "target/debug/t": "t\n",
}


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda root: [], set()),
        (lambda root: write_files(root, {".env": "gone\n"}), {".env"}),
        (lambda root: shutil.rmtree(root / "own"), {"own/a.txt", "own/deep/b.txt"}),
        (lambda root: (root / "sub/x.log").unlink(), {"sub/x.log"}),
        (lambda root: write_files(root, {"own/new.txt": "n\n", "y.log": "y\n"}), set()),
        (lambda root: write_files(root, {"tracked.py": "t\n", "new.py": "n\n"}), set()),
        (
            lambda root: any(map(shutil.rmtree, (root / "target", root / "node_modules", root / "own/__pycache__"))),
            set(),
        ),
        (lambda root: os.truncate(root / "own/a.txt", 0), {"own/a.txt"}),
    ],
)
def test_files_that_were_there_are_told_once_they_are_changed_or_gone(
    tmp_path: Path, act: Callable[[Path], object], told: set[str]
) -> None:
    root, marks = repository(tmp_path / "ws", {".gitignore": RULES, "tracked.py": "x\n"}), tmp_path / "marks"
    write_files(root, IGNORED)
    marks.mkdir()
    note_ignored(root, marks)
    note_beginning(marks)
    act(root)
    note_ignored(root, marks)  # once for a run
    assert set(ignored_changes(root, marks)) == told


def test_of_very_many_files_the_first_are_watched_and_no_note_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ignored_files, "MOST_IGNORED_WATCHED", 2)
    root = repository(tmp_path / "ws", {".gitignore": RULES})
    write_files(root, {f"own/{number}": "x\n" for number in range(4)})
    assert ignored_changes(root, tmp_path) == ()
    note_ignored(root, tmp_path)
    shutil.rmtree(root / "own")
    assert len(ignored_changes(root, tmp_path)) == 2
