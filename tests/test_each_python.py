"""A Python is found by its name, on PATH or at pyenv, and only if it answers by that version."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.each_python import ROOT, end_group, environment_beside, interpreters, named_minors, run_each

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


def test_the_versions_are_those_that_the_package_names() -> None:
    assert named_minors((ROOT / "pyproject.toml").read_text()) == [*MINORS]
    assert environment_beside(Path("/copy/.venv"), "3.12") == Path("/copy/.venv-3.12")


def a_suite(home: Path, **does: str) -> Path:
    """Make a copy that names `MINORS` in *home*. Each version of *does* is a Python that does this for a suite.

    It answers what it is, and notes with what it was called; `make` is what it does to make its environment.
    """
    copy = home / "copy"
    copy.mkdir()
    named = "".join(f'"Programming Language :: Python :: {minor}"\n' for minor in MINORS)
    (copy / "pyproject.toml").write_text(named)
    make = does.pop("make", ":")
    for name, suite in does.items():
        minor = f"3.{name.removeprefix('py')}"
        path = python(home / f"bin/python{minor}", "")
        path.write_text(
            f"#!/bin/sh\nPATH=/usr/bin:/bin\n"
            f'case "$1 $2" in\n"-I -c") echo {minor}.4 ;;\n-c*) {make} ;;\n'
            f'*) echo "$PROFILE_ROUTER_ENV $*" >>{copy}/calls; {suite} ;;\nesac\n'
        )
    return copy


def last_lines(said: str) -> list[str]:
    return said.partition("the suite of a change on each other Python:\n")[2].splitlines()


def test_each_other_python_runs_the_whole_suite_in_an_environment_of_its_own_and_a_line_tells_its_code(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    copy = a_suite(tmp_path, py12="exit 0", py13="exit 5")
    hermes = copy / ".hermes-env" / "pyvenv.cfg"
    hermes.parent.mkdir()
    hermes.write_text("home = /x\nversion = 3.11.7\n")
    assert run_each(copy / ".venv", "3.11", environ(tmp_path), root=copy) == 1
    told = last_lines(capfd.readouterr().out)
    assert [line.partition(", after")[0].strip() for line in told] == [
        *("Python 3.12.4: well", "Python 3.13.4: failed with 5"),
        "Hermes in .hermes-env: by its own Python 3.11.7 each time",
    ]
    called = [f"{copy}/.venv-{minor} {copy}/tests -p no:cacheprovider" for minor in ("3.12", "3.13")]
    assert (copy / "calls").read_text().splitlines() == called


def test_a_python_that_is_not_there_is_named_and_fails_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    copy = a_suite(tmp_path, py12="exit 0")
    assert run_each(copy / ".venv", "3.11", environ(tmp_path), root=copy) == 0
    assert last_lines(capfd.readouterr().out)[1:] == ["  Python 3.13: not run, for it is not on this machine"]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (
            "echo 'ERROR: No matching distribution found for xllamacpp==1' >&2; echo 'it could not be made' >&2; exit 1",
            "No matching distribution found for xllamacpp==1",
        ),
        ("echo 'profile-router: no place for its environment' >&2; exit 1", "no place for its environment"),
        ("exit 1", "no word"),
    ],
    ids=["a wheel is missing", "no place", "silent"],
)
def test_what_cannot_be_installed_there_is_named_and_fails_the_run(
    make: str, why: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    copy = a_suite(tmp_path, py12="exit 0", make=make)
    assert run_each(copy / ".venv", "3.11", environ(tmp_path), root=copy) == 1
    (told, *_) = last_lines(capfd.readouterr().out)
    assert told.startswith("  Python 3.12.4: not run, for its environment could not be made: ")
    assert told.endswith(why)
    assert not (copy / "calls").exists()


def test_a_suite_without_end_is_stopped_and_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "never")
    copy = a_suite(tmp_path, py12=f"read word <{tmp_path}/never")
    assert run_each(copy / ".venv", "3.11", environ(tmp_path), root=copy, run_s=0.05) == 1
    assert last_lines(capfd.readouterr().out)[0] == "  Python 3.12.4: failed: no end after 0.05 s"


def test_what_is_stopped_leaves_nothing_that_it_started(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never")
    script = "(trap '' INT; echo here; read word <never) & wait"  # it is asked to end, and does not
    with subprocess.Popen(
        ["sh", "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        end_group(process)
        assert process.stdout.read() == ""  # which ends when nobody holds it any more
