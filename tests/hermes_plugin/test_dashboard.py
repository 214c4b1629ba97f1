"""The tab of Hermes' dashboard is the page of `report`. Anybody may ask its route, so it shows nothing of a task."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import ROOT
from tests.hermes_plugin.browser import CHROMIUM, browser
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

PAGE = Path(__file__).with_name("dashboard_page.html")
# What the tab uses of React: elements, state, and an effect that runs when what it depends on changes.
A_LITTLE_REACT = """<script>
const React = (() => {
  let states, effects, at, again;
  const slot = (first) => { const number = at++; if (!(number in states)) states[number] = first; return number; };
  return {
    createElement: (kind, props, ...children) => ({ kind, props: props || {}, children }),
    useState: (first) => { const number = slot(first); return [states[number], (value) => { states[number] = value; again(); }]; },
    useEffect: (run, needs) => { const number = slot(null); const old = states[number];
      if (!old || needs.some((need, place) => need !== old[place])) { states[number] = needs; effects.push(run); } },
    begin: (redraw) => { states = []; again = redraw; },
    drawn: (tab) => { at = 0; effects = []; const element = tab(); queueMicrotask(() => effects.forEach((run) => run())); return element; },
  };
})();
window.draw = (element, where) => {
  const made = (one) => {
    if (typeof one === "string") return document.createTextNode(one);
    const node = document.createElement(one.kind);
    for (const [name, value] of Object.entries(one.props)) {
      if (name === "style") Object.assign(node.style, value);
      else if (name === "onClick") node.addEventListener("click", value);
      else if (name === "srcDoc") node.srcdoc = value;
      else node.setAttribute(name, value);
    }
    node.append(...one.children.map(made));
    return node;
  };
  let waits = false;
  const redraw = () => { if (waits) return; waits = true;
    queueMicrotask(() => { waits = false; where.replaceChildren(made(React.drawn(element.kind))); }); };
  React.begin(redraw);
  redraw();
};
</script>"""
# Hermes' own program; this build of 0.22.2 names `Path` in a module that does not import it, and its dashboard ends.
DASHBOARD = "import builtins, pathlib; builtins.Path = pathlib.Path; from hermes_cli.main import main; main()"


def program(folder: Path, state: Path) -> Path:
    """Write a program that is the router of this checkout, on the ledger in *state*."""
    path = folder / "profile-router"
    paths = os.pathsep.join((str(ROOT / "skill"), str(ROOT / "graphs")))
    path.write_text(
        f'#!/bin/sh\nHOME={folder} PROFILE_ROUTER_STATE={state} PYTHONPATH={paths} exec {sys.executable} -m profile_router "$@"\n'
    )
    path.chmod(0o755)
    return path


@contextmanager
def dashboard(folder: Path, home: Path) -> Iterator[str]:
    """Give the address of the real dashboard of the Hermes home *home*, its page the one beside this file."""
    (folder / "dist").mkdir()
    (folder / "dist" / "index.html").write_text(PAGE.read_text().replace("\nREACT\n", f"\n{A_LITTLE_REACT}\n"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "HERMES_HOME": str(home), "HERMES_WEB_DIST": str(folder / "dist"),
    }  # fmt: skip
    words = [
        str(installed_hermes(NEW).python),
        "-c",
        DASHBOARD,
        "dashboard",
        "--skip-build",
        "--no-open",
        "--port",
        port,
    ]
    with (folder / "log").open("wb") as log, subprocess.Popen(
        words, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
    ) as process:  # fmt: skip
        try:
            while process.poll() is None:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30).close()
                    break
                except OSError:
                    threading.Event().wait(0.3)
            assert process.poll() is None, (folder / "log").read_text()[-3000:]
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


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
    page = api.report_page()["page"]
    assert all(f'id="{name}"' in page for name in ("saved", "wrong", "change"))
    for bad in (SECRET, "/home/u", "thread-", str(tmp_path)):
        assert bad not in page
    monkeypatch.setenv("PROFILE_ROUTER_COMMAND", "/nowhere")
    assert api.report_page()["page"] == page


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
    found = api.report_page()
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


@pytest.mark.nightly
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")
def test_the_tab_answers_three_questions_in_a_browser_and_says_what_keeps_it_back(tmp_path: Path) -> None:
    home = tmp_path / "hermes"
    fill(tmp_path / "state", 30, now=time.time(), days=3)
    router = program(tmp_path, tmp_path / "state")
    whole = router.read_text()
    write_plugin(home / "plugins" / "profile-router", {"command": [str(router)]})
    (home / "config.yaml").write_text("plugins:\n  enabled: [profile-router]\n")
    router.write_text("#!/bin/sh\nexit 2\n")
    frame, alert = "document.querySelector('iframe')", "document.querySelector('[role=alert]')"
    with dashboard(tmp_path, home) as address, browser(tmp_path) as tab:
        tab.open(f"{address}/profile-router", width=400)
        assert "the router ended with 2" in tab.until(f"{alert}.textContent")
        router.write_text(whole)
        tab.until(f"{frame} || ({alert} && {alert}.querySelector('button').click(), false)")
        for width, scheme in ((400, "light"), (1000, "dark")):
            tab.open(f"{address}/profile-router?{scheme}", width=width)
            tab.until(f"{frame} !== null && location.search === '?{scheme}'")
            page = tab.text_of_frame()
            assert all(f'id="{name}"' in page for name in ("saved", "wrong", "change"))
            assert tab.value(f"[{frame}.style.colorScheme, document.documentElement.scrollWidth]") == [scheme, width]
        assert tab.wrong == []
