"""Git is asked, and may work while something else is done."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.git.git_repository import repository

from profile_router.errors import WorkspaceError
from profile_router.git.command import GitAtWork, git


def test_a_git_at_work_tells_what_git_tells(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {"a.txt": "a", "b.txt": "b"})
    with GitAtWork(root, "ls-files") as first, GitAtWork(root, "rev-parse", "HEAD") as second:
        assert second.output().decode() == git(root, "rev-parse", "HEAD")
        assert first.output() == b"a.txt\nb.txt\n"


def test_it_ends_with_the_block_whether_it_was_heard_or_not(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {"a.txt": "a"})
    with pytest.raises(ZeroDivisionError), GitAtWork(root, "cat-file", "--batch") as asked:
        raise ZeroDivisionError
    assert asked._process.poll() is not None
    assert asked._process.stdout is not None
    assert asked._process.stdout.closed


@pytest.mark.parametrize(("words", "said"), [(("nonsense",), "git nonsense failed"), (("cat-file", "-p", "x"), "exit")])
def test_its_failure_is_one_line(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    root = repository(tmp_path / "r", {"a.txt": "a"})
    with pytest.raises(WorkspaceError, match=said), GitAtWork(root, *words) as asked:
        asked.output()


def test_what_takes_too_long_is_ended_and_told(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {"a.txt": "a"})
    fifo_like = GitAtWork(root, "-c", "alias.wait=!exec tail -f /dev/null", "wait")
    with pytest.raises(WorkspaceError, match="took more than 0 s"), fifo_like as asked:
        asked.output(0)
