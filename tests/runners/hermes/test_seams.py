"""Which seam a Hermes has is read from its files, wherever it lies, never from its version's name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.git.git_repository import write_files
from tests.runners.hermes.installed import NEW, OLD, installed_hermes

from profile_router.runners.hermes.seams import Seam, Seams, find_seams

CLIENT = "class ProviderProfile:\n    def create_client(self, **kwargs):\n        return None\n"
PLUGINS = "class PluginContext:\n    def register_delegation_provider(self, provider):\n        pass\n"
BASE, CONTEXT = "providers/base.py", "hermes_cli/plugins.py"
LIBRARY = "lib/python3.14/site-packages"


@pytest.mark.parametrize(("version", "seam"), [(OLD, "middleware"), (NEW, "model provider")])
def test_the_real_ones_have_what_they_have(version: str, seam: Seam) -> None:
    found = find_seams(installed_hermes(version).python)
    assert (found.used, (found.version or "").startswith(version)) == (seam, True)


@pytest.mark.parametrize(
    ("files", "seam"),
    [
        ({BASE: CLIENT, CONTEXT: PLUGINS}, "delegation provider"),
        ({BASE: CLIENT, CONTEXT: ""}, "model provider"),
        ({BASE: "", CONTEXT: ""}, "middleware"),
        ({BASE: "", CONTEXT: PLUGINS}, "middleware"),
        ({CONTEXT: ""}, "middleware"),
        ({BASE: CLIENT, CONTEXT: "", "hermes_cli/plugins_context.py": PLUGINS}, "delegation provider"),
    ],
)
def test_the_best_seam_that_is_there_is_used(files: Mapping[str, str], seam: Seam, tmp_path: Path) -> None:
    write_files(tmp_path / LIBRARY, files)
    assert find_seams(tmp_path / "bin" / "python3").used == seam


@pytest.mark.parametrize("where", ["beside its environment", "where the installation says"])
def test_a_hermes_from_git_is_read_where_it_lies(where: str, tmp_path: Path) -> None:
    source = tmp_path / "hermes-agent"
    write_files(source, {BASE: CLIENT, CONTEXT: PLUGINS})
    environment = source / "venv" if where.startswith("beside") else tmp_path / "elsewhere"
    about = environment / LIBRARY / "hermes_agent-0.22.5.dist-info" / "direct_url.json"
    about.parent.mkdir(parents=True)
    if not where.startswith("beside"):
        about.write_text(json.dumps({"url": source.as_uri(), "dir_info": {"editable": True}}))
    wanted = Seams(version="0.22.5", provider_client=True, delegation_provider=True)
    assert find_seams(environment / "bin" / "python") == wanted


@pytest.mark.parametrize("told", ["{", "[]", '{"url": 7}', '{"url": "https://h.example/x"}'])
def test_what_cannot_be_read_counts_as_not_there(told: str, tmp_path: Path) -> None:
    about = tmp_path / LIBRARY / "hermes_agent-1.0.dist-info" / "direct_url.json"
    about.parent.mkdir(parents=True)
    about.write_text(told)
    assert find_seams(tmp_path / "bin" / "python") == Seams(version="1.0")
