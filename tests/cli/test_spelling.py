"""What a person is told to type works where they are: a plain copy has no `profile-router` on PATH."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.command import ROOT, environment
from tests.cli.stage import nobody, profile

from profile_router.cli.spelling import as_called

COPY = str(ROOT / "skill")


def _copied(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run *words* as `python3 skill …` in *folder*, in this environment; nobody serves its local profile."""
    (folder / "skill").symlink_to(COPY)
    environ = environment(folder, {"PROFILE_ROUTER_ENV": sys.prefix, "PYTHONPATH": ""})
    with nobody() as address:
        profile(folder, "coding-local", address)
        return subprocess.run(
            [sys.executable, "skill", *words], cwd=folder, env=environ, capture_output=True, text=True, timeout=120,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["doctor"], "fix: python3 skill llama-server --model FILE --run"),
        (["route", "x", "--profile", "coding-burst"], "bring it with `python3 skill install`"),
        (["route", "x", "--policy", "/nope"], "make one: `python3 skill policy show --shipped > /nope`"),
        (["graph", "--bogus"], "(see `python3 skill graph --help`)"),
    ],
)
def test_a_plain_copy_names_commands_as_it_was_called(words: list[str], told: str, tmp_path: Path) -> None:
    done = _copied(tmp_path, *words)
    assert told in done.stdout + done.stderr
    assert "profile-router llama-server" not in done.stdout


def test_json_keeps_the_plain_name(tmp_path: Path) -> None:
    assert '"profile-router llama-server --model FILE --run"' in _copied(tmp_path, "doctor", "--json").stdout


@pytest.mark.parametrize(
    ("program", "spelled"),
    [
        (COPY, f"run `python3 {os.path.relpath(COPY)} doctor`"),
        ("/usr/bin/profile-router", "run `profile-router doctor`"),
        ("-c", "run `profile-router doctor`"),
    ],
)
def test_a_command_is_spelled_as_the_program_was_called(
    program: str, spelled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", [program])
    spelled = spelled.replace(os.path.relpath(COPY, ROOT), "skill")
    assert as_called("run `profile-router doctor`") == spelled


def test_a_copy_far_away_is_named_whole_and_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy = tmp_path / "a copy" / "skill"
    copy.mkdir(parents=True)
    (copy / "__main__.py").touch()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(sys, "argv", [str(copy)])
    assert as_called("profile-router install") == f"python3 {shlex.quote(str(copy))} install"


@pytest.mark.parametrize(
    "words",
    [
        "profile-router: no task was given",
        "hermes profile-router doctor",
        "~/.config/profile-router run",
        "plugins/profile-router install",
        "'profile-router' is on the list",
        "another profile-router has been busy",
        "hermes-profile-router install",
    ],
)
def test_what_only_looks_like_a_command_of_ours_stays(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [COPY])
    assert as_called(words) == words
