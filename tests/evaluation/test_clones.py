"""A row's repository is laid out as it was, and its clone stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.evaluation.made_rows import FILES, shop
from tests.git.git_repository import run_git

from profile_router.errors import WorkspaceError
from profile_router.evaluation.clones import Clones


def seen(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts}


def clones(tmp_path: Path, repos: Path) -> Clones:
    (tmp_path / "scratch").mkdir()
    return Clones(repos, tmp_path / "scratch")


def test_each_commit_is_laid_out_as_it_was(tmp_path: Path) -> None:
    commits = shop(tmp_path / "repos")
    before = run_git(tmp_path / "repos/acme/shop", "status", "--porcelain=v2", "--branch")
    found = clones(tmp_path, tmp_path / "repos")
    for commit in (commits[2], commits[0], commits[1]):
        folder = found.at("acme/shop", commit)
        assert run_git(folder, "rev-parse", "HEAD").strip() == commit
        assert run_git(folder, "status", "--porcelain") == ""
    assert "shop/late.py" in seen(found.at("acme/shop", commits[1]))
    assert seen(found.at("acme/shop", commits[0])) == {*FILES}
    assert run_git(tmp_path / "repos/acme/shop", "status", "--porcelain=v2", "--branch") == before


@pytest.mark.parametrize("place", ["acme/shop", "acme/shop.git", "acme+shop/repo", "acme+shop", "acme__shop", "shop"])
def test_a_clone_is_found_by_usual_names_bare_or_not(tmp_path: Path, place: str) -> None:
    commit = shop(tmp_path / "made")[0]
    target = tmp_path / "repos" / place
    target.parent.mkdir(parents=True)
    run_git(tmp_path, "clone", "--quiet", "--bare", str(tmp_path / "made/acme/shop"), str(target))
    assert (clones(tmp_path, tmp_path / "repos").at("acme/shop", commit) / "shop/cart.py").is_file()


def test_a_clone_that_lacks_a_file_lays_out_the_others(tmp_path: Path) -> None:
    commit = shop(tmp_path / "repos")[0]
    clone = tmp_path / "repos/acme/shop"
    name = run_git(clone, "rev-parse", f"{commit}:shop/users.py").strip()
    (clone / ".git/objects" / name[:2] / name[2:]).unlink()
    assert seen(clones(tmp_path, tmp_path / "repos").at("acme/shop", commit)) == {*FILES} - {"shop/users.py"}


def test_a_link_of_a_repository_leads_nowhere(tmp_path: Path) -> None:
    shop(tmp_path / "repos")
    clone = tmp_path / "repos/acme/shop"
    (clone / "out").symlink_to("/etc/passwd")
    run_git(clone, "add", "--all")
    run_git(clone, "commit", "--quiet", "--message=link")
    folder = clones(tmp_path, tmp_path / "repos").at("acme/shop", run_git(clone, "rev-parse", "HEAD").strip())
    assert not (folder / "out").is_symlink()


def test_programs_that_a_clone_names_are_not_run(tmp_path: Path) -> None:
    shop(tmp_path / "repos")
    clone = tmp_path / "repos/acme/shop"
    (clone / ".gitattributes").write_text("*.py filter=bad\n")
    run_git(clone, "add", "--all")
    run_git(clone, "commit", "--quiet", "--message=filter")
    run_git(clone, "config", "filter.bad.smudge", f"touch {tmp_path / 'ran'}; cat")
    hook = clone / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    hook.chmod(0o755)
    clones(tmp_path, tmp_path / "repos").at("acme/shop", run_git(clone, "rev-parse", "HEAD").strip())
    assert not (tmp_path / "ran").exists()


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    shop(tmp_path / "repos")
    found = clones(tmp_path, tmp_path / "repos")
    assert not found.has("acme/other")
    with pytest.raises(WorkspaceError, match="no clone of acme/other"):
        found.at("acme/other", "a" * 40)
    with pytest.raises(WorkspaceError, match=f"lacks the commit {'b' * 40}"):
        found.at("acme/shop", "b" * 40)


def test_a_commit_is_asked_for_its_files_without_a_work_tree(tmp_path: Path) -> None:
    commits = shop(tmp_path / "repos")
    found = clones(tmp_path, tmp_path / "repos")
    paths = [
        "shop/cart.py",
        "shop/late.py",
        "shop",
        "no\nfile.py",
        "../etc/passwd",
        "/etc/passwd",
        "shop/../shop/cart.py",
    ]
    assert found.tree("acme/shop", commits[0]).has(paths) == ["shop/cart.py"]
    assert found.tree("acme/shop", commits[2]).has(paths) == ["shop/cart.py", "shop/late.py"]
    assert not any((tmp_path / "scratch").iterdir())
    with pytest.raises(WorkspaceError, match="lacks the commit"):
        found.tree("acme/shop", "b" * 40).has(paths)
