"""The graph for LangGraph Studio: its context is plain data, its schemas answer, and it runs a task."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.api.on_stage import DONE, stage
from tests.cli.command import ROOT

from profile_router.api.studio import StudioContext, StudioInput, fields_of_task, graph

GOAL: StudioInput = {"goal": "fix add in calc.py", "files": ["calc.py"]}


def test_the_file_of_the_server_names_this_graph() -> None:
    (named,) = json.loads((ROOT / "graphs" / "langgraph.json").read_text())["graphs"].values()
    module, _, name = named.partition(":")
    assert getattr(importlib.import_module(module), name) is graph


def test_its_context_is_plain_data_that_a_form_can_show() -> None:
    context = graph.get_context_jsonschema() or {}
    kinds = {name: one.get("type") for name, one in context["properties"].items()}
    assert kinds == {"workspace": "string", "policy": "string", "local_only": "boolean", "max_cost": None}
    assert set(graph.get_output_jsonschema()["properties"]) == {"verdict", "summary", "result"}


@pytest.mark.parametrize(
    ("context", "fields"),
    [
        (StudioContext(), {"max_cost": None}),
        (StudioContext(workspace="/w", local_only=True), {"workspace": "/w", "local_only": True, "max_cost": None}),
        (StudioContext(max_cost=0.5), {"max_cost": 0.5}),
    ],
    ids=str,
)
def test_the_context_becomes_fields_of_the_task(context: StudioContext, fields: dict[str, Any]) -> None:
    given = {"files": ["calc.py"], "check": None, **fields}
    assert fields_of_task({"goal": "x", "files": ["calc.py"]}, context) == given


def test_it_runs_a_task_and_tells_its_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(context: Any) -> list[Any]:
        return [one async for one in graph.astream(GOAL, context=context, stream_mode=["custom", "values"])]

    with stage(tmp_path, *DONE) as on:
        for name, value in on.environ.items():
            monkeypatch.setenv(name, value)
        told = asyncio.run(run({"workspace": str(on.root)}))
    events = [one["event"] for mode, one in told if mode == "custom"]
    assert events[:3] == ["classify", "begin", "turn"]
    assert told[-1][1]["summary"] == "`add` adds now."
    assert told[-1][1]["result"]["verified"]["files_changed"]


@pytest.mark.nightly
def test_the_server_of_langgraph_answers_schemas_and_runs_a_task(tmp_path: Path) -> None:
    pytest.importorskip("langgraph_cli", reason="LangGraph's server is there with `pip install .[studio]`")
    config = tmp_path / "langgraph.json"
    config.write_text(
        json.dumps({**json.loads((ROOT / "graphs" / "langgraph.json").read_text()), "dependencies": ["."]})
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["-m", "langgraph_cli", "dev", "--no-browser", "--no-reload", "--allow-blocking", "--config", str(config)]
    with stage(tmp_path, *DONE) as on:
        environ = {**on.environ, "LANGSMITH_TRACING": "false", "LANGGRAPH_NO_VERSION_CHECK": "true"}
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, (environ["PYTHONPATH"], os.environ.get("PYTHONPATH"))))
        log = (tmp_path / "log").open("wb")
        with log, subprocess.Popen([sys.executable, *words, "--port", str(port)], cwd=tmp_path, env=environ,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log) as server:  # fmt: skip
            try:
                (named,) = _asked(port, "/assistants/search", {}, server)
                schemas = _asked(port, f"/assistants/{named['assistant_id']}/schemas", None, server)
                task = {"assistant_id": "profile-router", "input": GOAL, "context": {"workspace": str(on.root)}}
                ended = _asked(port, "/runs/wait", task, server)
            finally:
                server.send_signal(signal.SIGINT)
    assert schemas["input_schema"]["required"] == ["goal"]
    assert set(schemas["context_schema"]["properties"]) == {"workspace", "policy", "local_only", "max_cost"}
    assert ended["summary"] == "`add` adds now."
    assert [one["path"] for one in ended["result"]["verified"]["files_changed"]] == ["calc.py"]


def _asked(port: int, path: str, body: Any, server: subprocess.Popen[bytes]) -> Any:
    """Return what the server says; one that has not begun yet is asked again, for as long as it lives."""
    data = None if body is None else json.dumps(body).encode()
    while server.poll() is None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", data=data, headers={"content-type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)
        except urllib.error.URLError as error:
            if isinstance(error, urllib.error.HTTPError):
                raise
            threading.Event().wait(0.2)
    raise AssertionError("the server has ended")
