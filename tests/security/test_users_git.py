"""A run leaves git as the user had it: index, HEAD, branches, stash, settings. Only files of the work tree change."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.cli.command import call
from tests.cli.stage import profile
from tests.examples import by_night
from tests.git.git_repository import repository, run_git
from tests.scripted_provider import ScriptedProvider, say
from tests.scripted_provider import call as tool

from profile_router.policies.file import SHIPPED

LOOKS = (
    ("rev-parse", "HEAD"),
    ("symbolic-ref", "HEAD"),
    ("for-each-ref",),
    ("ls-files", "--stage"),
    ("stash", "list"),
    ("worktree", "list"),
    ("config", "--local", "--list"),
    ("reflog", "--all"),
)
WRITE = tool("write_file", {"path": "b.py", "content": "y = 2\n"})
CHECK = f'{sys.executable} -c "import sys; sys.exit(1)"'


def seen(folder: Path) -> dict[tuple[str, ...], str]:
    """Return what git says, and the bytes of the files that stand in `.git` itself."""
    said: dict[tuple[str, ...], str] = {look: run_git(folder, *look) for look in LOOKS}
    own: dict[tuple[str, ...], str] = {
        (path.name,): path.read_bytes().hex() for path in (folder / ".git").iterdir() if path.is_file()
    }
    return said | own


@pytest.mark.parametrize("tree", [by_night("keep"), "clean"])
def test_a_run_that_edits_fails_its_check_and_is_promoted_changes_nothing_of_git(tmp_path: Path, tree: str) -> None:
    folder = repository(tmp_path / "ws", {"a.py": "x = 1\n", "b.py": "y = 1\n"})
    (folder / "a.py").write_text("x = 3\n")
    run_git(folder, "stash", "push", "--quiet")
    (folder / "a.py").write_text("x = 2\n")
    run_git(folder, "add", "a.py")
    run_git(folder, "branch", "mine")
    before = seen(folder)
    policy = tmp_path / "policy.yaml"
    policy.write_text(SHIPPED.read_text().replace("  tree: keep\n", f"  tree: {tree}\n"))
    with (
        ScriptedProvider([WRITE, say("done"), say("no more")]) as local,
        ScriptedProvider([WRITE, say("done")]) as burst,
    ):
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        arguments = ("run", "change b.py", "--check", CHECK, "--policy", str(policy), "--json")
        done = call(*arguments, home=tmp_path, cwd=folder)
        assert len(burst.chats) == 2, done.err
    assert seen(folder) == before
    assert (folder / "b.py").read_text() == "y = 2\n"
