"""What the doctor says of the programs that a repository's own settings name."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.doctor.scene import Row, Scene, ids
from tests.git.git_repository import repository, run_git

from profile_router.doctor.facts import DoctorFacts
from profile_router.doctor.repository_programs import programs


def with_settings(scene: Scene, *settings: str) -> DoctorFacts:
    """Return facts of a doctor in a repository with *settings*, each with a program."""
    folder = repository(scene.root / "repo", {"a.txt": "a\n"})
    for name in settings:
        run_git(folder, "config", name, "program")
    return scene.facts(folder=folder)


def of_the_user(scene: Scene) -> DoctorFacts:
    """The user's own filter, in the file that git reads because HOME says so."""
    facts = with_settings(scene)
    scene.put({".gitconfig": '[filter "lfs"]\n\tclean = git-lfs clean\n'})
    return facts


def included(scene: Scene) -> DoctorFacts:
    facts = with_settings(scene)
    run_git(facts.folder, "config", "--file", "more.cfg", "diff.x.y.textconv", "program")
    run_git(facts.folder, "config", "include.path", str(facts.folder / "more.cfg"))
    return facts


def nowhere(scene: Scene) -> None:
    scene.state.mkdir()


def not_a_program(scene: Scene) -> DoctorFacts:
    return with_settings(scene, "filter.x.required")


def odd(scene: Scene) -> DoctorFacts:
    return with_settings(scene, "filter.odd\tname.process")


def hooks(scene: Scene) -> DoctorFacts:
    return with_settings(scene, "core.hooksPath", "merge.m.driver")


def many(scene: Scene) -> DoctorFacts:
    return with_settings(scene, *(f"filter.f{number}.clean" for number in range(9)))


ROWS = [
    Row(rule="outside of git", check=programs, given=nowhere, level="pass", says="in no git repository"),
    Row(rule="none", check=programs, given=not_a_program, level="pass", says="start no program"),
    Row(rule="the user's own", check=programs, given=of_the_user, level="pass", says="start no program"),
    Row(rule="an odd name", check=programs, given=odd, level="warn", says="(filter.odd\\tname.process)", fix="config --edit"),
    Row(rule="hooks and a driver", check=programs, given=hooks, level="warn", says="(core.hookspath, merge.m.driver)"),
    Row(rule="included", check=programs, given=included, level="warn", says="(diff.x.y.textconv): profile-router runs none"),
    Row(rule="many", check=programs, given=many, level="warn", says="filter.f4.clean and 4 more)"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_row(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "machine"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "machine"))
    assert row.holds(tmp_path)
