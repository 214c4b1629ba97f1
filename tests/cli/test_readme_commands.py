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
from tests.examples import by_night
from tests.scripted_provider import ScriptedProvider, say
from tests.scripted_provider import call as tool

README = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = [
    re.sub(r"\s+#.*$", "", line)
    for line in re.findall(r"^ *((?:profile-router|python3|pipx|pip|uv|mkdir) .*)$", README, re.MULTILINE)
]
INLINE = re.findall(r"`(profile-router [^`A-Z]+)`", README)
EXAMPLE = "skill/__main__.py"
CODES = {
    "profile-router doctor": 1,
    "profile-router resume": 2,
    "profile-router check": 1,
}  # faults, no killed run, no tests
EDIT = {"path": EXAMPLE, "old": "import sys\n", "new": "import sys  # for the code\n"}
POLICY = ".config/profile-router"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return what the commands need of a fresh clone, in a home with `profile-router` as pip installs it on PATH."""
    program = tmp_path / "bin" / "profile-router"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom profile_router.cli import main\nraise SystemExit(main())\n")
    program.chmod(0o755)
    (tmp_path / "ws").mkdir()
    return workspace(tmp_path / "ws", {EXAMPLE: (ROOT / EXAMPLE).read_text(encoding="utf-8")})


def test_the_value_comes_first_then_the_installation_then_the_rest() -> None:
    assert "$ profile-router route" in "\n".join(README.splitlines()[:15])
    assert LINES[:2] == ["pipx install .", "profile-router demo"]
    assert README.index("## The real thing") < README.index("## Run the tests")


def test_the_command_is_spelled_one_way() -> None:
    assert {line.split()[0] for line in LINES[2:] if line != "python3 tests"} == {"mkdir", "profile-router"}
    assert "python3 skill" not in README


COMMANDS = [line for line in (*LINES, *INLINE) if line.startswith("profile-router")]


@pytest.mark.parametrize("command", [one if " route " in one else by_night(one) for one in COMMANDS])
def test_a_command_of_the_readme_works_as_written(command: str, clone: Path, tmp_path: Path) -> None:
    edits = [tool("edit_file", EDIT), say("The code is configurable now.")]  # words alone would be no change
    with ScriptedProvider(answers=edits if " run " in command else []) as local:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", "http://127.0.0.1:9/v1")
        if POLICY in command:
            for before in LINES[LINES.index(f"mkdir -p ~/{POLICY}") : LINES.index(command)]:
                assert _run(before, clone, tmp_path).returncode == 0
        asks = " --dry-run" if re.search(r"r (un)?install\b", command) else ""
        done = _run(command + asks, clone, tmp_path)
    assert done.returncode == CODES.get(command, 0), done.stderr


# A session is a command behind `$ `, with what it prints below it. No document shows that in another way.
PAGES = [ROOT / name for name in ("README.md", "SKILL.md", "SECURITY.md")] + sorted((ROOT / "docs").glob("*.md"))
SESSION = re.compile(r"^    \$ profile-router (.*)\n((?:    .*\n)+)", re.MULTILINE)
SESSIONS = [(page.name, *found.groups()) for page in PAGES for found in SESSION.finditer(page.read_text("utf-8"))]
PRINTED = re.compile(r"likely \$\d|^ *(?:why|flips|costs) {5}|^ *[✓✗●→!] \w+ {3}|^ *coding-\w+  ·  ", re.MULTILINE)


@pytest.mark.parametrize(("page", "command", "shown"), SESSIONS, ids=[f"{page} {words}" for page, words, _ in SESSIONS])
def test_a_session_in_a_document_is_what_the_program_prints(
    page: str, command: str, shown: str, clone: Path, tmp_path: Path
) -> None:
    done = call(*shlex.split(command), home=tmp_path, cwd=clone)
    assert done.out == textwrap.dedent(shown), f"{page} shows another answer of `profile-router {command}`"


def test_no_document_shows_what_is_printed_outside_of_a_session_that_is_run() -> None:
    assert SESSIONS[0][0] == "README.md"
    assert all(PRINTED.search(shown) for _, _, shown in SESSIONS)
    assert {page.name for page in PAGES if PRINTED.search(SESSION.sub("", page.read_text("utf-8")))} == set()


def _run(command: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment(home) | {"PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
