"""`profile-router install` and `uninstall` as a person types them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.command import Done, call, environment
from tests.install.trees import PARENT, tree

from profile_router.cli.install import differences
from profile_router.core.changes import Change

KEY = "sk-or-v1-0123456789abcdef"
SEED = (
    f"model:\n  provider: openai\n  base_url: http://127.0.0.1:8080/v1\n  default: gemma\n  api_key: {KEY}   # mine\n"
    "tool_use_enforcement: true\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "hermes" / "profiles" / "coding-local").mkdir(parents=True)
    (tmp_path / "hermes" / "config.yaml").write_text(PARENT)
    (tmp_path / "hermes" / "profiles" / "coding-local" / "config.yaml").write_text(SEED)
    return tmp_path


def on_a_terminal(*arguments: str, home: Path, answer: str) -> Done:
    """Run the command with a terminal as its standard input, on which *answer* is typed."""
    ours, theirs = os.openpty()
    try:
        os.write(ours, answer.encode())
        done = subprocess.run(
            [sys.executable, "-m", "profile_router", *arguments],
            env=environment(home), cwd=home, stdin=theirs, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_dry_run_lists_every_path_and_writes_nothing(home: Path) -> None:
    before = tree(home)
    done = call("install", "--dry-run", home=home)
    assert (done.code, done.err) == (0, "")
    assert tree(home) == before
    for line in (
        r"  create +\S+/hermes/profiles/coding-burst/\{\.env\.EXAMPLE,SOUL\.md,config\.yaml,distribution\.yaml\}",
        r"  create +\S+/hermes/skills/hermes-profile-router/SKILL\.md",
        r"  create +\S+/\.config/profile-router/policy\.yaml  \(yours to edit\)",
        r"  change +\S+/hermes/config\.yaml",
        r"  keep +\S+/hermes/profiles/coding-local/config\.yaml  \(a profile of your own: .*\)",
        r"\+    - profile-router",
    ):
        assert re.search(f"^{line}", done.out, re.MULTILINE), line
    assert done.out.endswith("nothing written (--dry-run)\n")


def test_without_a_terminal_and_without_yes_it_ends_with_2_and_one_line(home: Path) -> None:
    before = tree(home)
    done = call("install", home=home)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "--yes" in done.err
    assert tree(home) == before


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"])
def test_whoever_does_not_say_yes_gets_nothing(home: Path, answer: str) -> None:
    before = tree(home)
    done = on_a_terminal("install", home=home, answer=answer)
    assert (done.code, done.err) == (1, "")
    assert done.out.endswith("nothing written\n")
    assert tree(home) == before


def test_yes_installs_and_the_second_time_there_is_nothing_to_do_and_uninstall_takes_it_back(home: Path) -> None:
    before = tree(home)
    assert on_a_terminal("install", home=home, answer="y\n").code == 0
    again = call("install", home=home)
    assert (again.code, "nothing to do" in again.out) == (0, True)
    assert call("uninstall", home=home).code == 2
    done = call("uninstall", "--yes", home=home)
    assert (done.code, done.err) == (0, "")
    assert tree(home) == before
    assert "nothing to do" in call("uninstall", home=home).out


def test_migrate_shows_a_diff_without_the_key_and_names_the_backup(home: Path) -> None:
    done = call("install", "--migrate", "--yes", home=home)
    assert done.code == 0
    assert "-  provider: openai\n+  provider: custom\n" in done.out
    assert "  api_key: ***   # mine" in done.out
    assert KEY not in done.out + done.err
    assert "config.yaml.before-profile-router" in done.out
    assert call("profiles", home=home).out.count("custom · gemma") == 1


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("api_key: 'a b'  # c", "api_key: ***  # c"),
        ('{"api_key": abc, model: m}', '{"api_key": ***, model: m}'),
        ("api_key: ${KEY}", "api_key: ${KEY}"),
        ('api_key: "${KEY}"', 'api_key: "${KEY}"'),
        ("key_env: KEY", "key_env: KEY"),
        ("max_tokens: 12", "max_tokens: 12"),
        ("  - sk-or-v1-0123456789", "  - ***"),
    ],
)
def test_a_diff_shows_what_changes_but_no_key(line: str, shown: str) -> None:
    change = Change(
        kind="change", path="c", before=f"{line}\n".encode(), content=f"{line}\nadded: 1\n".encode(), backup="b"
    )
    assert [text[1:] for text in differences([change])][3:] == [shown, "added: 1"]


def test_a_broken_config_is_one_line_and_nothing_is_written(home: Path) -> None:
    (home / "hermes" / "config.yaml").write_text("a: [\n")
    before = tree(home)
    done = call("install", "--yes", home=home)
    assert (done.code, done.out.count("\n"), done.err.count("\n")) == (2, 0, 1)
    assert "not valid YAML" in done.err
    assert tree(home) == before


def test_no_hermes_home_is_one_line(tmp_path: Path) -> None:
    done = call("install", "--yes", home=tmp_path)
    assert done.code == 2
    assert "no Hermes home" in done.err


def test_every_command_in_the_installed_skill_runs_from_anywhere_without_our_environment(home: Path) -> None:
    assert call("install", "--yes", home=home).code == 0
    text = (home / "hermes/skills/hermes-profile-router/SKILL.md").read_text()
    command = json.loads((home / "hermes/plugins/profile-router/router.json").read_text())["command"]
    spelled = shlex.join(command)
    assert text.count(f"`{spelled} ") >= 3
    assert f"The program is installed: `{spelled} doctor`" in text
    assert "HERMES_SKILL_DIR" not in text
    environ = {name: value for name, value in environment(home).items() if name != "PYTHONPATH"}
    # the environment that runs the tests is the one that a first start would make
    environ["PROFILE_ROUTER_ENV"] = sys.prefix
    done = subprocess.run(
        [*command, "route", "fix the typo in README.md", "--json"],
        env=environ, cwd=home, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, json.loads(done.stdout)["tier"]) == (0, "local")
