"""The README's commands do what it says, in a folder as it describes it."""

import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tests.cli.command import ROOT, call, environment
from tests.cli.stage import profile, workspace
from tests.scripted_provider import ScriptedProvider, say

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    re.sub(r"\s+#.*$", "", line) for line in re.findall(r"^\s*(python3 (?:skill|tests).*)$", README, re.MULTILINE)
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {"src/http.py": "DELAY = 0.5\n", "test_http.py": "import unittest\n", "model.gguf": "GGUF"}
    (tmp_path / "ws").mkdir()
    (tmp_path / ".config" / "profile-router").mkdir(parents=True)
    (tmp_path / "ws" / "skill").symlink_to(ROOT / "skill")
    return workspace(tmp_path / "ws", files)


def test_the_readme_has_one_command_for_the_main_job_and_one_for_the_tests() -> None:
    assert COMMANDS.count("python3 skill demo") == 1
    assert COMMANDS.count("python3 tests") == 1


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "python3 tests"])
def test_a_command_of_the_readme_works(command: str, folder: Path, tmp_path: Path) -> None:
    with ScriptedProvider(answers=[say("The delay is configurable now.")] if " run " in command else []) as local:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", "http://127.0.0.1:9/v1")
        if "policy check" in command:
            _run(command.replace("check", "show --shipped >", 1), folder, tmp_path)
        done = _run(_unattended(command), folder, tmp_path)
    # the doctor says what is wrong with this scratch machine, and that something is
    assert done.returncode == (1 if "doctor" in command else 0), done.stderr


def _unattended(command: str) -> str:
    """Return *command* with its check made to pass here, and with nobody to be asked."""
    asks = " --dry-run" if re.search(r"skill (un)?install", command) else ""
    return command.replace("python3 -m pytest -q", "true") + asks


def test_the_session_at_the_top_of_the_readme_is_what_the_program_prints(tmp_path: Path) -> None:
    shown = re.search(r"^    \$ profile-router (route .*)\n((?:    .*\n)+)", README, re.MULTILINE)
    assert shown is not None
    folder = tmp_path / "ws"
    folder.mkdir()
    workspace(folder, {"src/http.py": "# what the example stands for\n" * 100})
    done = call(*shlex.split(shown[1]), home=tmp_path, cwd=folder)
    assert done.out == textwrap.dedent(shown[2])


def _run(command: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    words = command.replace("python3", sys.executable, 1)
    extra = {"PROFILE_ROUTER_ENV": str(Path(sys.prefix))}
    return subprocess.run(
        ["sh", "-c", words],
        cwd=folder,
        env=environment(home, extra) | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
