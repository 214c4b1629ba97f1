"""What a check's environment has installed is known by its names."""

from __future__ import annotations

from pathlib import Path

import pytest

from profile_router.verify.checking.installed import installed_modules


def packages(prefix: Path, *names: str) -> None:
    folder = prefix / "lib/python3.11/site-packages"
    folder.mkdir(parents=True)
    (prefix / "bin").mkdir()
    for name in names:
        (folder / name).mkdir()


@pytest.mark.parametrize("command", ["env/x/bin/pytest -q", "env/x/bin/python3 -m pytest", "sh -c 'a", ""])
def test_the_environments_of_a_command_and_of_its_folder_are_listed(tmp_path: Path, command: str) -> None:
    packages(tmp_path / "env/x", "flask", "flask-3.0.dist-info", "__pycache__")
    packages(tmp_path / ".venv", "click", "_yaml.cpython-311.so")
    (tmp_path / "empty").mkdir()
    found = installed_modules(command, tmp_path, str(tmp_path / "empty"))
    assert found == ({"flask"} if "env/x" in command else set()) | {"click", "_yaml"}


def test_the_python_on_the_path_counts(tmp_path: Path) -> None:
    packages(tmp_path / "usr", "django")
    program = tmp_path / "usr/bin/pytest"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "here").mkdir()
    assert installed_modules("make test", tmp_path / "here", str(program.parent)) == {"django"}
