"""A Python is found by the name that it has, on PATH or at pyenv, and only if it answers as what it is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.each_python import PART, ROOT, environment_beside, interpreters, named_minors

MINORS = ("3.11", "3.12", "3.13")


def python(path: Path, said: str, code: int = 0) -> Path:
    """Make a program at *path* that says *said* and ends with *code*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{said}'\nexit {code}\n")
    path.chmod(0o755)
    return path


def environ(home: Path) -> dict[str, str]:
    return {"PATH": str(home / "bin"), "HOME": str(home)}


def found(home: Path, **more: str) -> list[tuple[str, str]]:
    return [(one.minor, one.version) for one in interpreters(MINORS, environ(home) | more)]


def test_on_path_and_at_pyenv_each_is_found_once_the_newest_of_a_version(tmp_path: Path) -> None:
    python(tmp_path / "bin/python3.11", "3.11.7")
    for version in ("3.12.1", "3.12.10", "3.12.9", "3.11.2", "3.9.1"):
        python(tmp_path / f".pyenv/versions/{version}/bin/python{version.rpartition('.')[0]}", version)
    assert found(tmp_path) == [("3.11", "3.11.7"), ("3.12", "3.12.10")]


@pytest.mark.parametrize(
    ("said", "code"),
    [("3.12.1", 127), ("pyenv: python3.12: command not found", 0), ("3.13.0", 0), ("", 0), ("3.12.1; rm", 0)],
    ids=["ends with 127", "a shim without a version", "another version", "silent", "odd"],
)
def test_what_does_not_answer_as_it_is_called_is_passed_by_for_the_next(tmp_path: Path, said: str, code: int) -> None:
    python(tmp_path / "bin/python3.12", said, code)
    assert found(tmp_path) == []
    python(tmp_path / "elsewhere/versions/3.12.4/bin/python3.12", "3.12.4")
    assert found(tmp_path, PYENV_ROOT=str(tmp_path / "elsewhere")) == [("3.12", "3.12.4")]


def test_a_file_that_cannot_be_started_is_passed_by(tmp_path: Path) -> None:
    place = tmp_path / ".pyenv/versions/3.12.1/bin/python3.12"
    python(place, "3.12.1").chmod(0o600)
    assert found(tmp_path) == []


def test_the_versions_are_those_that_the_package_names_and_the_part_is_there() -> None:
    assert named_minors((ROOT / "pyproject.toml").read_text()) == [*MINORS]
    assert [name for name in PART if not (ROOT / name).exists()] == []
    assert environment_beside(Path("/copy/.venv"), "3.12") == Path("/copy/.venv-3.12")
