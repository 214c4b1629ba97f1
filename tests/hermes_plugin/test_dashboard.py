"""The tab of Hermes' dashboard: the page of `report`, by a route that anybody may ask, so with nothing of a task in it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import ROOT
from tests.hermes_plugin.parent import PLUGIN, write_plugin
from tests.ledger.many_runs import SECRET, fill
from tests.runners.hermes.installed import NEW, installed_hermes

from profile_router import __version__

MANIFEST = json.loads((PLUGIN / "dashboard" / "manifest.json").read_text())
# As Hermes mounts it: found below its home, enabled, imported by its file, asked over HTTP.
MOUNTED = """
import json
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hermes_cli.web_server_dashboard import _discover_dashboard_plugins, _mount_one_plugin_api
[plugin] = [one for one in _discover_dashboard_plugins() if one["name"] == "profile-router"]
app = FastAPI()
refused = _mount_one_plugin_api(app, plugin, set(), set())
mounted = _mount_one_plugin_api(app, plugin, {"profile-router"}, set())
answer = TestClient(app).get("/api/plugins/profile-router/report")
print(json.dumps({"plugin": plugin, "refused": refused, "mounted": mounted, "status": answer.status_code, "answer": answer.json()}))
"""


def program(folder: Path, state: Path) -> Path:
    """Write a program that is the router of this checkout, on the ledger in *state*."""
    path = folder / "profile-router"
    paths = os.pathsep.join((str(ROOT / "skill"), str(ROOT / "graphs")))
    path.write_text(
        f'#!/bin/sh\nHOME={folder} PROFILE_ROUTER_STATE={state} PYTHONPATH={paths} exec {sys.executable} -m profile_router "$@"\n'
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give the module as Hermes loads it: by its file, under a name of Hermes' own."""
    write_plugin(tmp_path / "plugin", {})
    spec = importlib.util.spec_from_file_location(
        "hermes_dashboard_plugin", tmp_path / "plugin" / "dashboard" / "plugin_api.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = set(sys.modules)
    spec.loader.exec_module(module)
    yield module
    for name in set(sys.modules) - before:
        if name.startswith("profile_router_plugin_of_the_dashboard"):
            del sys.modules[name]


def test_the_page_of_the_report_is_given_once_for_all_that_ask_in_a_while(
    api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "state", 30, now=time.time(), days=3)
    monkeypatch.setenv("PROFILE_ROUTER_COMMAND", str(program(tmp_path, tmp_path / "state")))
    page = api.report()["page"]
    assert all(f'id="{name}"' in page for name in ("saved", "wrong", "change"))
    for bad in (SECRET, "/home/u", "thread-", str(tmp_path)):
        assert bad not in page
    monkeypatch.setenv("PROFILE_ROUTER_COMMAND", "/nowhere")
    assert api.report()["page"] == page


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 2", "the router ended with 2"),
        ("head -c 3000000 /dev/zero", "the router ended with 0"),
        (None, "the router is not set up"),
    ],
)
def test_what_keeps_the_page_back_is_said_without_its_words(
    api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, says: str
) -> None:
    if script is not None:
        (tmp_path / "broken").write_text(f"#!/bin/sh\necho a-secret >&2\n{script}\n")
        (tmp_path / "broken").chmod(0o755)
        monkeypatch.setenv("PROFILE_ROUTER_COMMAND", str(tmp_path / "broken"))
    found = api.report()
    assert says in found["problem"]
    assert "a-secret" not in found["problem"]


def test_the_manifest_says_what_is_there() -> None:
    for name in ("entry", "api"):
        assert (PLUGIN / "dashboard" / MANIFEST[name]).is_file()
    assert (MANIFEST["name"], MANIFEST["version"]) == ("profile-router", __version__)
    script = (PLUGIN / "dashboard" / MANIFEST["entry"]).read_text()
    assert 'sandbox: ""' in script
    assert "dangerouslySetInnerHTML" not in script
    assert f'register("{MANIFEST["name"]}"' in script


@pytest.mark.nightly
def test_hermes_finds_the_tab_and_serves_its_page_once_the_plugin_is_enabled(tmp_path: Path) -> None:
    home = tmp_path / "hermes"
    fill(tmp_path / "state", 30, now=time.time(), days=3)
    write_plugin(home / "plugins" / "profile-router", {"command": [str(program(tmp_path, tmp_path / "state"))]})
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HERMES_HOME": str(home)}
    done = subprocess.run(
        [str(installed_hermes(NEW).python), "-c", MOUNTED],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["refused"], found["mounted"], found["status"]) == (False, True, 200)
    assert (found["plugin"]["tab"]["path"], found["plugin"]["has_api"]) == ("/profile-router", True)
    assert 'id="change"' in found["answer"]["page"]
