"""The real Hermes finds what was installed, honours what was pasted, and finds nothing after uninstall."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.examples import each
from tests.git.git_repository import repository
from tests.install.trees import Stage, pasted
from tests.runners.hermes.installed import installed_hermes
from tests.scripted_provider import ScriptedProvider, say

from profile_router.install.sources import plugin_files
from profile_router.resources import shipped

NAMES = ("coding-burst", "coding-local", "review-cheap")
PARENT = "model:\n  provider: custom\n  base_url: http://127.0.0.1:9/v1\n  default: x\n"
QUICK = "agent:\n  api_max_retries: 1\n  environment_probe: false\nsecurity: {tirith_enabled: false}\n"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(user=tmp_path)
    stage.write("config.yaml", PARENT)
    return stage


def hermes(stage: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real Hermes on the home of *stage*; what would leave this machine meets a closed door."""
    nowhere = "http://127.0.0.1:9"
    environ = {"PATH": os.environ["PATH"], "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "NO_PROXY": "127.0.0.1"}
    return subprocess.run(
        [*installed_hermes().command, *arguments],
        env={**environ, **stage.environ, "COLUMNS": "200"}, cwd=stage.user,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def listed(stage: Stage) -> dict[str, bool]:
    """Return which of our things Hermes lists."""
    profiles = hermes(stage, "profile", "list").stdout
    plugins = hermes(stage, "plugins", "list", "--plain", "--no-bundled").stdout
    skills = hermes(stage, "skills", "list").stdout
    return {
        **{name: name in profiles for name in NAMES},
        "plugin": any("profile-router" in line and "not enabled" not in line for line in plugins.splitlines()),
        "skill": any("hermes-profile-router" in line and "enabled" in line for line in skills.splitlines()),
    }


def paste(stage: Stage, name: str) -> None:
    """Do to the profile *name* what `install --migrate` says, its copy first."""
    path = stage.root / "profiles" / name / "config.yaml"
    told = stage.install(migrate=True).paste
    subprocess.run(shlex.split(told[1]), check=True)
    before = path.read_text()
    assert path.with_name("config.yaml.before-profile-router").read_text() == before
    path.write_text(yaml.safe_dump(pasted(yaml.safe_load(before), told)))


def test_hermes_lists_what_was_installed(stage: Stage) -> None:
    stage.install()
    assert set(listed(stage).values()) == {True}


@pytest.mark.nightly  # by day test_round_trip.py finds the home as it was
def test_hermes_lists_no_more_of_it_after_uninstall(stage: Stage) -> None:
    stage.install()
    stage.uninstall()
    assert set(listed(stage).values()) == {False}


@pytest.mark.parametrize("name", each(len(NAMES), NAMES, str))
def test_a_profile_of_ours_has_the_files_that_hermes_own_install_leaves(
    stage: Stage, tmp_path: Path, name: str
) -> None:
    stage.install()
    other = Stage(user=tmp_path / "other")
    other.write("config.yaml", PARENT)
    assert hermes(other, "profile", "install", str(shipped("profiles") / name), "--yes").returncode == 0
    theirs, ours = other.root / "profiles" / name, stage.root / "profiles" / name
    assert {path.name for path in ours.iterdir()} == {path.name for path in theirs.iterdir()}
    assert (ours / "config.yaml").read_bytes() == (theirs / "config.yaml").read_bytes()


@pytest.mark.nightly
def test_hermes_honours_a_profile_that_it_refused_once_the_block_is_pasted(stage: Stage) -> None:
    with ScriptedProvider([say("from the spare")] * 4) as spare:
        chain = f"  fallback_providers:\n    - {{provider: openai, base_url: '{spare.base_url}', model: spare}}\n"
        model = "model:\n  provider: openai\n  base_url: http://127.0.0.1:9/v1\n  default: m\n  context_length: 65536\n"
        stage.write("profiles/seed/config.yaml", model + chain + "tool_use_enforcement: true\n" + QUICK)
        ask = ("-p", "seed", "chat", "-q", "hi", "-Q", "-t", "file")
        before = hermes(stage, *ask)
        assert (before.returncode, "Unknown provider" in before.stdout + before.stderr) == (1, True)
        paste(stage, "seed")
        after = hermes(stage, *ask)
        assert (after.returncode, "from the spare" in after.stdout) == (0, True)


@pytest.mark.nightly
def test_hermes_sends_the_preferences_that_it_ignored_before(stage: Stage) -> None:
    with ScriptedProvider([say("ok")] * 4) as provider:
        model = f"model:\n  provider: openrouter\n  base_url: {provider.base_url}\n  default: a/b\n  context_length: 65536\n"
        stage.write("profiles/seed/config.yaml", model + "openrouter: {sort: throughput}\n" + QUICK)
        stage.write("profiles/seed/.env", f"OPENROUTER_API_KEY=k\nOPENROUTER_BASE_URL={provider.base_url}\n", 0o600)
        ask = ("-p", "seed", "chat", "-q", "hi", "-Q", "-t", "file")
        assert hermes(stage, *ask).returncode == 0
        paste(stage, "seed")
        assert hermes(stage, *ask).returncode == 0
        assert [chat.get("provider") for chat in provider.chats] == [None, {"sort": "throughput"}]


def test_the_plugin_alone_is_installed_by_hermes_and_says_how_to_get_the_program(stage: Stage, tmp_path: Path) -> None:
    folder = "skill/profile_router/hermes_plugin"
    files = {f"{folder}/{name}": content for name, content in plugin_files(()).items() if name != "router.json"}
    published = repository(tmp_path / "published", files)
    done = hermes(stage, "plugins", "install", f"{published.as_uri()}#{folder}", "--enable")
    assert done.returncode == 0, done.stdout
    asked = hermes(stage, "profile-router", "setup")
    assert (asked.returncode, "hermes profile-router setup --from FOLDER" in asked.stderr) == (2, True)
