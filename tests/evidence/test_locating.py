"""Every folder that a task works in is asked where, with or without git. What was passed over is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes import a_policy, a_task
from tests.git.git_repository import repository, write_files

from profile_router.core.evidence import Evidence
from profile_router.evidence.locating import with_located
from profile_router.evidence.measure import Surroundings, may_be_located, measure
from profile_router.repository import sources
from profile_router.workspace.folder import Workspace

TASK = a_task("Our vat_rate knows no Malta")
SHOP = {"shop/money.py": "def vat_rate(country):\n    return RATES[country]\n", "shop/mail.py": "def send(): ...\n"}


def located(root: Path, *, git: bool) -> Evidence:
    around = Surroundings(workspace=Workspace(root, git=git), cwd=root, windows=())
    evidence = measure(TASK, a_policy(), around)
    assert may_be_located(evidence, around, 1.0)
    return with_located(TASK, evidence, around, a_policy(), root.parent / "cache", None)


def first(found: Evidence) -> tuple[str, ...]:
    assert found.located is not None
    return found.located.first


def test_a_folder_without_git_is_asked_and_its_missing_history_is_said(tmp_path: Path) -> None:
    write_files(tmp_path / "plain", SHOP)
    found = located(tmp_path / "plain", git=False)
    assert first(found) == ("shop/money.py",)
    assert found.notes == ("of the folder: a folder without git has no history",)


def test_many_files_without_git_are_not_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path / "plain", SHOP)
    monkeypatch.setattr(sources, "MOST_LOOSE", 1)
    found = located(tmp_path / "plain", git=False)
    assert first(found) == ()
    assert "has over 1 files, and no git: not indexed" in found.notes[0]


@pytest.mark.parametrize("modules", [False, True])
def test_submodules_are_not_looked_into_and_that_is_said(tmp_path: Path, modules: bool) -> None:
    root = repository(tmp_path / "shop", {**SHOP, **({".gitmodules": "[submodule]\n"} if modules else {})})
    found = located(root, git=True)
    assert first(found) == ("shop/money.py",)
    assert ("of the repository what its submodules hold was not looked into" in found.notes) is modules
