"""SKILL.md as others take it: the format's own validator, and the real Hermes: its guard, its hub, its index."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml
from tests.runners.hermes.installed import installed_hermes
from tests.scripted_provider import ScriptedProvider, say

from profile_router import __version__

NAME = "hermes-profile-router"
FILE = Path(__file__).resolve().parents[1] / "SKILL.md"
TEXT = FILE.read_text(encoding="utf-8")
TRIGGER = "Use before delegating a coding task to a subagent."
SECTIONS = (
    "Overview", "When to use", "Prerequisites", "Workflow", "How it decides", "Common failures", "Output format",
    "Safety rules", "Verification",
)  # fmt: skip
_SCAN = """
import json, sys
from pathlib import Path
from tools.skills_guard import scan_skill, should_allow_install
result = scan_skill(Path(sys.argv[1]), source="community")
print(json.dumps([result.verdict, should_allow_install(result)[0], [finding.severity for finding in result.findings]]))
"""
# `hermes skills install URL`, without the catalogues that it would ask first: each waits for a network.
_FROM_HUB = """
import sys
import tools.skills_hub as hub
hub.create_source_router = lambda auth=None: [hub.UrlSource()]
from hermes_cli.skills_hub import do_install
do_install(sys.argv[1], skip_confirm=True)
"""


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """Return a folder of the skill's name with what a hub takes: SKILL.md and its references, nothing else."""
    folder = tmp_path / NAME
    folder.mkdir()
    (folder / "SKILL.md").write_text(TEXT, encoding="utf-8")
    return folder


@pytest.fixture
def url(alone: Path) -> Iterator[str]:
    """Serve that folder on loopback; return the address of its SKILL.md."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(alone.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/{NAME}/SKILL.md"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an empty Hermes home."""
    folder = tmp_path / "hermes"
    folder.mkdir()
    return folder


def environ(home: Path) -> dict[str, str]:
    """Return the environment of a Hermes whose ways out of this machine are closed."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home.parent),
        "HERMES_HOME": str(home),
        "HERMES_DISABLE_LAZY_INSTALLS": "1",
        "HERMES_ALLOW_PRIVATE_URLS": "true",  # Hermes fetches from loopback only where its operator allows it
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"),
        "NO_PROXY": "127.0.0.1",
        "COLUMNS": "200",
    }


def run(command: Sequence[str], home: Path) -> str:
    done = subprocess.run(
        command, cwd=home.parent, env=environ(home), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_sections_come_in_the_order_in_which_they_are_needed() -> None:
    assert tuple(re.findall(r"^## (.+)$", TEXT, re.MULTILINE)) == SECTIONS
    assert len(TEXT.splitlines()) < 500


def test_the_first_57_characters_of_the_description_hold_the_trigger() -> None:
    description = re.search(r"^description: (.+)$", TEXT, re.MULTILINE)
    assert description
    assert description[1][:57].startswith(TRIGGER)


def test_its_version_is_the_programs() -> None:
    assert yaml.safe_load(TEXT.split("---\n", 2)[1])["metadata"]["version"] == __version__


def test_the_validator_of_the_format_takes_it(alone: Path) -> None:
    validator = Path(sys.executable).with_name("agentskills")
    done = subprocess.run([validator, "validate", str(alone)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.startswith("Valid skill")) == (0, True), done.stdout + done.stderr


def test_hermes_guard_finds_nothing_above_medium(alone: Path, home: Path) -> None:
    verdict, allowed, severities = json.loads(run([str(installed_hermes().python), "-c", _SCAN, str(alone)], home))
    assert (verdict, allowed) == ("safe", True)
    assert set(severities) <= {"low", "medium"}


def test_it_needs_no_file_that_a_hub_would_not_bring() -> None:
    assert not re.search(r"\b(?:references|templates|scripts|assets|examples)/", TEXT)
    needing = [line for line in TEXT.splitlines() if "HERMES_SKILL_DIR" in line]
    assert len(needing) == 1
    assert "where this folder is a copy of the whole repository" in needing[0]


def test_it_says_how_to_get_the_program_where_only_this_file_arrived() -> None:
    needs = TEXT.partition("## Prerequisites")[2].partition("\n## ")[0]
    for way in ("pipx install ./CLONE", "uv tool install ./CLONE", "pip install ./CLONE", "a clone", "unasked"):
        assert way in needs
    steps = TEXT.partition("## Workflow")[2].partition("\n## ")[0]
    assert re.search(r"^1\. Find the program", steps.strip(), re.MULTILINE)


@pytest.mark.nightly
def test_hermes_hub_installs_it_by_its_address_alone_and_shows_the_trigger(url: str, home: Path) -> None:
    hermes = installed_hermes()
    said = run([str(hermes.python), "-c", _FROM_HUB, url], home)
    [installed] = home.glob(f"skills/**/{NAME}")
    assert [path.name for path in installed.iterdir()] == ["SKILL.md"], said
    assert (installed / "SKILL.md").read_text(encoding="utf-8") == TEXT
    with ScriptedProvider([say("done")] * 2) as provider:
        model = {"provider": "custom", "base_url": provider.base_url, "default": "m", "context_length": 65_536}
        config = {"model": model, "agent": {"environment_probe": False}, "security": {"tirith_enabled": False}}
        (home / "config.yaml").write_text(json.dumps(config))
        run([*hermes.command, "chat", "-q", "hi", "-Q", "-t", "skills"], home)
        system = provider.chats[0]["messages"][0]["content"]
    assert [line for line in system.splitlines() if NAME in line and TRIGGER in line]
