"""`profile-router install` and `uninstall` as a person types them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli import forked
from tests.cli.command import Done, call, environment
from tests.cli.stage import nobody
from tests.examples import by_night
from tests.install.trees import PARENT, tree
from tests.scripted_provider import ScriptedProvider, say

from profile_router.cli.commands.install import differences
from profile_router.install.changes import Change, Insertion

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
        with forked.start(*arguments, cwd=home, environ=environment(home), terminal=theirs, shown=(0,)) as fork:
            outputs = fork.communicate()
            return Done.of(fork.wait(0), *outputs)
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(("config", "said"), [("model:\n  default: gemma\n", True), (SEED, False)])
def test_migrate_says_so_where_nothing_is_to_be_pasted(home: Path, config: str, said: bool) -> None:
    (home / "hermes" / "profiles" / "coding-local" / "config.yaml").write_text(config)
    done = call("install", "--migrate", "--dry-run", home=home)
    assert done.code == 0
    assert ("nothing to paste: Hermes honours each profile as it is spelled" in done.out) is said


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
    assert on_a_terminal("install", "--no-live", home=home, answer="y\n").code == 0
    again = call("install", home=home)
    assert (again.code, "nothing to do" in again.out) == (0, True)
    assert call("uninstall", home=home).code == 2
    done = call("uninstall", "--yes", home=home)
    assert (done.code, done.err) == (0, "")
    assert tree(home) == before
    assert "nothing to do" in call("uninstall", home=home).out


POOL = {"openrouter": [{"access_token": KEY, "auth_type": "api_key", "base_url": "https://openrouter.ai/api/v1"}]}
AGREED = "profile-router/root-keys.json"


def with_hermes(home: Path) -> None:
    """Put a `hermes` on PATH whose delegation can lead to us."""
    packages = home / "env" / "lib" / "python3.11" / "site-packages"
    (packages / "hermes_cli").mkdir(parents=True)
    (packages / "providers").mkdir()
    (packages / "providers" / "base.py").write_text("class ProviderProfile:\n    def create_client(self): ...\n")
    (home / "env" / "bin").mkdir()
    for name in ("python", "hermes"):
        program = home / "env" / "bin" / name
        program.write_text(f"#!{home / 'env' / 'bin' / 'python'}\n" if name == "hermes" else "#!/bin/sh\n")
        program.chmod(0o755)


@pytest.mark.parametrize(
    ("flag", "answers", "mode", "led"),
    [
        ([], "y\ny\n", "observe", False),
        ([], "n\ny\n", "on", True),
        (["--observe", "--yes"], "", "observe", False),
        (["--yes"], "", "on", True),
        by_night(["--no-observe", "--yes"], "", "on", True),
    ],
)
def test_the_first_week_is_offered_and_in_it_no_line_of_the_delegation_is_ours(
    home: Path, monkeypatch: pytest.MonkeyPatch, flag: list[str], answers: str, mode: str, led: bool
) -> None:
    with_hermes(home)
    monkeypatch.setenv("PATH", str(home / "env" / "bin"), prepend=os.pathsep)
    monkeypatch.delenv("PROFILE_ROUTER_HERMES_PYTHON", raising=False)
    done = (
        on_a_terminal("install", "--no-live", *flag, home=home, answer=answers)
        if answers
        else call("install", "--no-live", *flag, home=home)
    )
    assert done.code == 0, done.err
    text = next(home.rglob("policy.yaml")).read_text()
    assert f"\nhermes_plugin: {mode}" in text
    assert ("provider: profile-router" in (home / "hermes" / "config.yaml").read_text()) is led
    asked = "Begin with a week of looking on?" in done.out
    assert asked is bool(answers)
    if flag == ["--yes"]:
        assert "profile-router install --observe" in done.out


@pytest.fixture
def with_pool(home: Path) -> Path:
    (home / "hermes" / "auth.json").write_text(json.dumps({"version": 1, "credential_pool": POOL}))
    return home


@pytest.mark.parametrize(("answer", "agreed"), [("y\ny\n", True), ("n\ny\n", False), ("\ny\n", False)])
def test_a_person_is_asked_before_the_root_pool_is_used(answer: str, agreed: bool, with_pool: Path) -> None:
    done = on_a_terminal("install", "--no-live", home=with_pool, answer=answer)
    assert (done.code, done.err) == (0, "")
    question = "coding-burst, review-cheap: no key of their own; Hermes' root pool has 1 key for openrouter: "
    assert question in done.out
    assert "No key is copied. [y/N]" in done.out
    assert (with_pool / "hermes" / AGREED).exists() is agreed
    assert KEY not in done.out


def test_yes_does_not_agree_to_the_root_pool_and_the_flag_does(with_pool: Path) -> None:
    done = call("install", "--yes", home=with_pool)
    assert "does not use it" in done.out
    assert not (with_pool / "hermes" / AGREED).exists()
    assert call("install", "--yes", "--use-root-keys", home=with_pool).code == 0
    assert json.loads((with_pool / "hermes" / AGREED).read_text())["agreed"] == {
        "openrouter": ["coding-burst", "review-cheap"]
    }
    asked = on_a_terminal("install", "--no-live", home=with_pool, answer="\x04")
    assert "No key is copied" not in asked.out  # what was agreed on is not asked again


def test_dry_run_asks_nothing(with_pool: Path) -> None:
    done = on_a_terminal("install", "--dry-run", home=with_pool, answer="\x04")
    assert (done.code, "[y/N]" in done.out) == (0, False)


@pytest.fixture
def served(home: Path) -> Iterator[tuple[Path, ScriptedProvider]]:
    """Give a home whose three profiles are served on loopback; by the policy only the first is free."""
    with ScriptedProvider([say("ok")] * 3) as server, nobody() as closed:
        for name, base_url in (("coding-local", server.base_url), ("coding-burst", closed), ("review-cheap", "")):
            place = f"provider: custom\n  base_url: {base_url}" if base_url else "provider: openrouter"
            folder = home / "hermes" / "profiles" / name
            folder.mkdir(exist_ok=True)
            (folder / "config.yaml").write_text(f"model:\n  {place}\n  default: m\n  api_key: ${{OWN_KEY}}\n")
            (folder / ".env").write_text(f"OWN_KEY={KEY}\n" if base_url else "")
        yield home, server


def test_live_says_the_cost_calls_each_profile_once_and_says_what_fixes_it(
    served: tuple[Path, ScriptedProvider],
) -> None:
    home, server = served
    done = call("install", "--yes", "--live", home=home)
    announced, _, results = done.out.partition("one minimal model call per profile:\n")[2].partition("✓ ")
    assert re.search(r"^  coding-local +m at 127\.0\.0\.1:\d+: free$", announced, re.MULTILINE)
    assert re.search(r"^  review-cheap +m at openrouter\.ai: no key, not called$", announced, re.MULTILINE)
    assert re.search(r"^coding-local live +\S+ answered in .* tokens", results, re.MULTILINE)
    assert re.search(r"^✗ coding-burst live +no answer: .*\s+fix: ", results, re.MULTILINE)
    assert re.search(
        r"^! review-cheap live +not called: it has no key.*\s+fix: .*review-cheap/\.env$", results, re.MULTILINE
    )
    assert (done.code, len(server.chats)) == (1, 1)
    assert KEY not in done.out + done.err


@pytest.mark.parametrize("arguments", [("--yes",), ("--yes", "--no-live")])
def test_nobody_who_was_not_asked_pays_for_a_call(
    arguments: tuple[str, ...], served: tuple[Path, ScriptedProvider]
) -> None:
    home, server = served
    assert call("install", *arguments, home=home).code == 0
    assert server.requests == []


@pytest.mark.parametrize(("answer", "calls"), [("y\ny\n", 1), ("y\n\n", 0)])
def test_a_person_is_asked_before_the_calls(answer: str, calls: int, served: tuple[Path, ScriptedProvider]) -> None:
    home, server = served
    done = on_a_terminal("install", home=home, answer=answer)
    assert "Make these calls? [y/N]" in done.out
    assert len(server.chats) == calls
    assert done.code == calls  # the second profile has no server


def test_a_paid_call_is_called_so_before_it_is_made(with_pool: Path) -> None:
    done = on_a_terminal("install", "--use-root-keys", home=with_pool, answer="y\nn\n")
    assert re.search(
        r"^  coding-burst +\S+ at openrouter\.ai: paid, 16 tokens .* ≈ \$0\.\d+ \(.+\)$", done.out, re.MULTILINE
    )
    assert "no call made" in done.out


def test_migrate_prints_the_block_to_paste_and_the_copy_to_keep_and_edits_no_profile(home: Path) -> None:
    path = home / "hermes" / "profiles" / "coding-local" / "config.yaml"
    done = call("install", "--migrate", "--yes", home=home)
    assert done.code == 0
    assert path.read_text() == SEED
    assert done.out.partition("\ndone: ")[0].endswith(
        f"{path}: Hermes does not honour all of it. Keep a copy:\n"
        f"  cp -p {path} {path}.before-profile-router\n"
        "then take out tool_use_enforcement\n"
        "then paste this, each key in place of the one of its name:\n"
        "  model:\n    provider: custom\n  agent:\n    tool_use_enforcement: true"
    )
    assert KEY not in done.out + done.err
    assert "nothing to do: what is left is yours to paste" in call("install", "--migrate", home=home).out


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
        kind="change",
        path="c",
        before=f"{line}\n".encode(),
        content=f"{line}\nadded: 1\n".encode(),
        insertions=(Insertion(at=len(line) + 1, text="added: 1\n"),),
    )
    assert [text[1:] for text in differences([change])][3:] == [shown, "added: 1"]


def test_a_broken_config_is_one_line_and_nothing_is_written(home: Path) -> None:
    (home / "hermes" / "config.yaml").write_text("a: [\n")
    before = tree(home)
    done = call("install", "--yes", home=home)
    assert (done.code, done.out.count("\n"), done.err.count("\n")) == (2, 0, 1)
    assert "not valid YAML" in done.err
    assert tree(home) == before


def test_a_hermes_home_that_is_named_and_not_there_is_one_line_with_the_next_command(tmp_path: Path) -> None:
    done = call("install", "--yes", home=tmp_path)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.endswith(f"which is not a folder; make it: `mkdir -p {tmp_path}/hermes`\n")


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
