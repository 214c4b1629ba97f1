"""A linter that the project configures is run jailed on the changed files, can write nothing, and proves little."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.git.git_repository import repository, write_files

from profile_router.checks.find_check import find_check
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.weak_check import WeakCheck
from profile_router.core.task import Task
from profile_router.verify.verifier import WorkspaceVerifier
from profile_router.workspace.folder import Workspace

ROOTS = {"go.mod": "", "pyproject.toml": "[tool.ruff]\n", "eslint.config.js": "", "tsconfig.json": "{}", ".flake8": ""}


def found(tmp_path: Path, files: dict[str, str], *installed: str, of: str) -> FoundCheck | None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in installed:
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    (tmp_path / "ws").mkdir(exist_ok=True)
    write_files(tmp_path / "ws", files)
    task = Task(goal="fix it", files=(of,), folder="")
    return find_check(task, Workspace(tmp_path / "ws", git=False), {"PATH": str(programs)})


@pytest.mark.parametrize(
    ("of", "installed", "command"),
    [
        ("a.py", ("ruff", "flake8"), "ruff check --no-cache --quiet"),
        ("a.py", ("flake8",), "flake8"),
        ("a.ts", ("eslint", "tsc"), "eslint --no-color"),
        ("a.ts", ("tsc",), "tsc --noEmit"),
        ("a.py", (), None),
        ("a.go", ("go",), "go vet ./..."),
        ("a.rb", ("ruff",), None),
        ("README.md", ("ruff",), "ruff check --no-cache --quiet"),
    ],
)
def test_without_a_test_the_configured_linter_that_is_installed_is_found(
    tmp_path: Path, of: str, installed: tuple[str, ...], command: str | None
) -> None:
    check = found(tmp_path, {**ROOTS, of: ""}, *installed, of=of)
    assert (check.command if check else None) == command
    assert check is None or (check.weak, Task(goal="", found=check).to_check) == (True, None)


def test_a_test_comes_before_any_linter(tmp_path: Path) -> None:
    check = found(tmp_path, {**ROOTS, "a.py": "", "test_a.py": "import unittest\n"}, "ruff", of="a.py")
    assert check is not None
    assert (check.runner, check.weak) == ("unittest", False)


@pytest.mark.jail
@pytest.mark.parametrize(
    ("script", "passed", "said"),
    [
        ('test "$1" = a.py', True, "`.venv/bin/ruff check --no-cache --quiet` finds nothing"),
        ("echo Found 2 errors.; exit 1", False, "`.venv/bin/ruff check --no-cache --quiet`: exit 1 · Found 2 errors."),
        ("echo x > a.py", False, "`.venv/bin/ruff check --no-cache --quiet`: exit 2 · "),
    ],
    ids=["content", "not content", "writes"],
)
def test_what_it_says_of_the_changed_files_is_told(tmp_path: Path, script: str, passed: bool, said: str) -> None:
    root = repository(tmp_path / "ws", {"a.py": "x = 1\n", "b.py": ""})
    program = root / ".venv" / "bin" / "ruff"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\nshift 3\n{script}\n")
    program.chmod(0o755)
    words = (".venv/bin/ruff", "check", "--no-cache", "--quiet")
    linter = FoundCheck(runner="ruff", words=words, whole=words, source="", weak=True)
    (tmp_path / "scratch").mkdir()
    verifier = WorkspaceVerifier(
        workspace=Workspace(root, git=True), scratch=tmp_path / "scratch", environ={}, journal={}, linter=linter
    )
    mark = verifier.snapshot()
    write_files(root, {"a.py": "x = 2\n"})
    weak = asyncio.run(verifier.verify(mark, "done", None, seconds=20.0)).weak
    assert weak[0] == WeakCheck(kind="parses", passed=True, said="1 changed file parses")
    assert (weak[1].kind, weak[1].passed) == ("linted", passed)
    assert weak[1].said.startswith(said)
    assert (root / "a.py").read_text() == "x = 2\n"
