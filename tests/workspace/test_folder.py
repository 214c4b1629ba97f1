import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.git.git_repository import repository, run_git, write_files

from profile_router.errors import RouterError, WorkspaceError
from profile_router.git import command as git_adapter
from profile_router.git.command import git, work_tree
from profile_router.workspace import folder as workspace_adapter
from profile_router.workspace.folder import (
    Workspace,
    base_of,
    find_workspace,
    listed_once,
    place_below,
    tracked_files,
    workspace_of_files,
    written_path,
)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", {"a.py": "a\n", "src/b.py": "b\n", ".gitignore": "ignored/\n*.log\n"})


@pytest.fixture
def no_git(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert repo.is_dir()  # made with git, so before it is gone
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs"))


def hostile(path: Path, marker: Path) -> str:
    path.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
    path.chmod(0o755)
    return str(path)


def sign_head(repo: Path) -> None:
    head, _, message = run_git(repo, "cat-file", "commit", "HEAD").partition("\n\n")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n bm9uZQ==\n -----END PGP SIGNATURE-----"
    signed = run_git(repo, "hash-object", "-t", "commit", "-w", "--stdin", stdin=f"{head}\n{signature}\n\n{message}")
    run_git(repo, "update-ref", "HEAD", signed.strip())


class TestFindWorkspace:
    def test_the_named_folder_wins_over_the_repository_around_the_current_one(self, repo: Path, tmp_path: Path) -> None:
        (tmp_path / "plain").mkdir()
        assert find_workspace(str(tmp_path / "plain"), repo) == Workspace(tmp_path.resolve() / "plain", git=False)

    def test_a_named_folder_is_relative_to_the_current_one(self, repo: Path) -> None:
        assert find_workspace("src", repo) == Workspace(repo / "src", git=True)

    def test_without_a_name_it_is_the_top_of_the_repository_around(self, repo: Path) -> None:
        assert find_workspace(None, repo / "src") == Workspace(repo, git=True)

    def test_without_a_name_and_a_repository_there_is_none(self, tmp_path: Path) -> None:
        assert find_workspace(None, tmp_path) is None

    def test_a_symlink_is_followed(self, repo: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(repo)
        assert find_workspace(str(tmp_path / "link"), tmp_path) == Workspace(repo, git=True)

    def test_a_tilde_is_the_home_folder(self, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(repo.parent))
        assert find_workspace("~/repo", tmp_path / "elsewhere") == Workspace(repo, git=True)

    @pytest.mark.parametrize(
        ("named", "reason"),
        [
            ("nope", "'nope' does not exist"),
            ("a.py", "'a.py' is not a folder"),
            ("a.py/b", "'a.py/b' cannot be read: not a directory"),
            ("", "'' is empty"),
            ("loop", "'loop' cannot be read"),
            ("x" * 300, "cannot be read: file name too long"),
            ("a\0b", "cannot be read"),
        ],
    )
    def test_what_is_not_a_readable_folder_is_refused_with_the_reason(
        self, repo: Path, named: str, reason: str
    ) -> None:
        (repo / "loop").symlink_to("loop")
        with pytest.raises(WorkspaceError) as refused:
            find_workspace(named, repo)
        assert reason in str(refused.value)
        assert "name a readable folder" in str(refused.value)
        assert "\n" not in str(refused.value)

    def test_a_folder_without_permission_is_refused(self, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "access", lambda *_: False)
        with pytest.raises(WorkspaceError, match="'src' cannot be read: permission denied"):
            find_workspace("src", repo)

    @pytest.mark.usefixtures("no_git")
    def test_without_git_a_named_folder_or_a_repository_is_a_plain_folder(self, repo: Path, tmp_path: Path) -> None:
        assert find_workspace(str(repo), repo) == Workspace(repo, git=False)
        assert find_workspace(None, repo / "src") == Workspace(repo, git=False)
        assert find_workspace(None, tmp_path) is None

    def test_a_bare_repository_and_the_inside_of_dot_git_are_not_a_work_tree(self, repo: Path, tmp_path: Path) -> None:
        run_git(tmp_path, "init", "--quiet", "--bare", "bare.git")
        assert find_workspace(None, repo / ".git") is None
        assert find_workspace("bare.git", tmp_path) == Workspace(tmp_path.resolve() / "bare.git", git=False)

    def test_a_linked_work_tree_is_its_own_workspace(self, repo: Path, tmp_path: Path) -> None:
        run_git(repo, "worktree", "add", "--quiet", str(tmp_path / "linked"))
        assert find_workspace(None, tmp_path / "linked" / "src") == Workspace(tmp_path.resolve() / "linked", git=True)

    def test_a_damaged_repository_is_one_clear_error(self, tmp_path: Path) -> None:
        (tmp_path / ".git").write_text("nonsense")
        with pytest.raises(WorkspaceError, match=r"git rev-parse failed in .* \(exit 128\): fatal: \S") as refused:
            find_workspace(None, tmp_path)
        assert "\n" not in str(refused.value)

    @given(st.text())
    @examples(50)
    def test_any_name_gives_a_workspace_or_a_router_error(self, tmp_path: Path, named: str) -> None:
        try:
            found = find_workspace(named, tmp_path)
        except RouterError:
            return
        assert found is not None
        assert found.root.is_dir()


class TestTrackedFiles:
    def test_tracked_and_new_files_are_listed_and_ignored_ones_are_not(self, repo: Path) -> None:
        write_files(repo, {"new.py": "", "ignored/x.py": "", "y.log": ""})
        assert tracked_files(Workspace(repo, git=True)) == (".gitignore", "a.py", "new.py", "src/b.py")

    def test_paths_are_relative_to_the_root_even_below_the_top(self, repo: Path) -> None:
        assert tracked_files(Workspace(repo / "src", git=True)) == ("b.py",)

    def test_strange_names_come_back_as_they_are(self, repo: Path) -> None:
        names = [
            os.fsdecode(b"caf\xe9.py"),
            "two\nlines.py",
            'quo"te.py',
            " blank .py",
            "-flag.py",
            "ünï.py",
            "[a]*.py",
        ]
        write_files(repo, dict.fromkeys(names, ""))
        assert set(names) <= set(tracked_files(Workspace(repo, git=True)))

    def test_an_unmerged_file_is_listed_once(self, repo: Path) -> None:
        run_git(repo, "checkout", "--quiet", "-b", "other")
        (repo / "a.py").write_text("theirs\n")
        run_git(repo, "commit", "--quiet", "--all", "--message=theirs")
        run_git(repo, "checkout", "--quiet", "main")
        (repo / "a.py").write_text("ours\n")
        run_git(repo, "commit", "--quiet", "--all", "--message=ours")
        run_git(repo, "read-tree", "-m", "main~1", "main", "other")
        assert tracked_files(Workspace(repo, git=True)).count("a.py") == 1

    def test_a_repository_inside_is_not_a_file(self, repo: Path) -> None:
        repository(repo / "inner", {"x.py": ""})
        assert tracked_files(Workspace(repo, git=True)) == (".gitignore", "a.py", "src/b.py")

    def test_without_git_a_walk_lists_files_but_no_dot_folders(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"b.py": "", "src/a.py": "", ".venv/x.py": "", ".hidden": ""})
        assert tracked_files(Workspace(tmp_path, git=False)) == (".hidden", "b.py", "src/a.py")

    def test_a_walk_follows_no_symlinked_folder(self, tmp_path: Path) -> None:
        write_files(tmp_path / "w", {"a.py": ""})
        (tmp_path / "w" / "up").symlink_to(tmp_path)
        assert tracked_files(Workspace(tmp_path / "w", git=False)) == ("a.py",)

    def test_a_walk_ends_at_its_limit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write_files(tmp_path, {f"d{number}/f{number}.py": "" for number in range(9)})
        monkeypatch.setattr(workspace_adapter, "MOST_WALKED", 12)
        assert len(tracked_files(Workspace(tmp_path, git=False))) < 9


class TestGit:
    def test_what_git_prints_is_returned(self, repo: Path) -> None:
        assert git(repo, "rev-parse", "--show-prefix") == "\n"

    def test_a_failure_says_which_command_where_and_what_git_said(self, repo: Path) -> None:
        with pytest.raises(WorkspaceError) as failed:
            git(repo, "rev-parse", "--verify", "no-such-branch")
        asked = ["git", "-C", str(repo), "rev-parse", "--verify", "no-such-branch"]
        said = subprocess.run(
            asked, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, check=False
        ).stderr
        assert str(failed.value) == (
            f"git rev-parse failed in {repo} (exit 128): {said.strip()}; see what `git -C '{repo}' status` says"
        )

    def test_an_exit_code_can_be_allowed(self, repo: Path) -> None:
        (repo / "a.py").write_text("changed\n")
        assert "+changed" in git(repo, "diff", "--exit-code", ok=(0, 1))

    def test_too_slow_is_a_clear_error(self, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        slow = tmp_path / "bin" / "git"
        write_files(tmp_path, {"bin/git": "#!/bin/sh\nexec sleep 60\n"})
        slow.chmod(0o755)
        monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
        with pytest.raises(WorkspaceError, match=r"git ls-files in .* took more than 0\.05 s"):
            git(repo, "ls-files", timeout_s=0.05)

    @pytest.mark.usefixtures("no_git")
    def test_no_git_is_a_clear_error(self, repo: Path) -> None:
        with pytest.raises(WorkspaceError, match=r"git cannot be run in .*; install git, or check PATH"):
            git(repo, "ls-files")

    def test_another_owner_is_refused_with_the_command_that_trusts(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        with pytest.raises(WorkspaceError) as refused:
            work_tree(repo / "src")
        assert str(refused.value) == (
            f"{repo} belongs to another user; if you trust it: git config --global --add safe.directory '{repo}'"
        )

    @pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"])
    def test_an_inherited_repository_is_not_ours(
        self, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(name, str(tmp_path / "other"))
        workspace = find_workspace(None, repo)
        assert workspace == Workspace(repo, git=True)
        assert "a.py" in tracked_files(workspace)

    def test_the_environment_can_be_added_to(self, repo: Path, tmp_path: Path) -> None:
        assert git(repo, "ls-files", env={"GIT_INDEX_FILE": str(tmp_path / "empty")}) == ""

    def test_no_program_of_the_repository_runs(self, repo: Path, tmp_path: Path) -> None:
        marker = tmp_path / "ran"
        program = hostile(tmp_path / "program", marker)
        hostile(repo / ".git" / "hooks" / "post-index-change", marker)
        for setting in ("core.fsmonitor", "core.pager", "diff.external", "gpg.program", "core.editor"):
            run_git(repo, "config", setting, program)
        run_git(repo, "config", "log.showSignature", "true")
        sign_head(repo)
        workspace = find_workspace(None, repo)
        assert workspace is not None
        tracked_files(workspace)
        (repo / "a.py").touch()
        git(repo, "update-index", "--refresh")
        git(repo, "log", "--oneline")
        assert not marker.exists()

    def test_no_transport_runs(self, repo: Path, tmp_path: Path) -> None:
        program = hostile(tmp_path / "program", tmp_path / "ran")
        run_git(repo, "config", "protocol.ext.allow", "always")
        with pytest.raises(WorkspaceError, match=r"git ls-remote failed in .*ext"):
            git(repo, "ls-remote", f"ext::{program}")
        assert not (tmp_path / "ran").exists()

    def test_outside_of_every_repository_git_is_not_even_started(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(git_adapter, "git", lambda *_: pytest.fail("git was started"))
        assert work_tree(tmp_path.resolve()) is None


class TestPlaces:
    def test_a_written_path_leads_from_the_current_folder_before_the_root(self, repo: Path) -> None:
        workspace = Workspace(repo, git=True)
        write_files(repo, {"src/a.py": ""})
        assert written_path("a.py", workspace, repo / "src") == repo / "src" / "a.py"
        assert written_path("src/b.py", workspace, repo / "src") == repo / "src/b.py"
        assert written_path("nope.py", workspace, repo / "src") == repo / "src" / "nope.py"

    def test_places_are_relative_inside_and_absolute_outside(self, repo: Path, tmp_path: Path) -> None:
        base = base_of(Workspace(repo, git=True), tmp_path)
        assert place_below(repo / "src" / "b.py", base) == "src/b.py"
        assert place_below(tmp_path.resolve() / "x", base) == (tmp_path.resolve() / "x").as_posix()
        assert base_of(None, tmp_path) == tmp_path.resolve()


@pytest.mark.parametrize("text", ["w" * 5_000, "w/" * 5_000, "a\0b"], ids=ascii)
def test_a_text_that_can_name_no_place_lies_in_no_workspace(tmp_path: Path, text: str) -> None:
    assert workspace_of_files([text], tmp_path) is None
    if "\0" not in text:
        assert find_workspace(None, tmp_path / text) is None


def test_for_an_answer_of_one_moment_each_folder_is_listed_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    plain, inner = Workspace(tmp_path, git=False), Workspace(tmp_path / "a", git=False)
    with listed_once():
        before = [tracked_files(plain), tracked_files(inner)]
        (tmp_path / "a" / "new.py").write_text("")
        assert [tracked_files(plain), tracked_files(inner)] == before == [(), ()]
    assert [tracked_files(plain), tracked_files(inner)] == [("a/new.py",), ("new.py",)]
    with pytest.raises(ValueError, match="x"), listed_once():
        raise ValueError("x")
    (tmp_path / "b.py").write_text("")
    assert tracked_files(plain) == ("a/new.py", "b.py")
