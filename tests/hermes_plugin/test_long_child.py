"""A child of 15 minutes on the real Hermes 0.22: one run, one receipt, and no limit cuts it."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import Parent, delegates, server
from tests.runners.hermes.installed import NEW, installed_hermes
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import ScriptedProvider, call, say

TURNS = 30  # each of which the server keeps for half a minute


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "stage", installed_hermes(NEW)) as stage:
        yield stage


@pytest.mark.nightly
def test_a_child_of_a_quarter_of_an_hour_is_one_run(stage: Stage) -> None:
    slow = [call("list_files", {"path": "."}, gate=threading.Event()) for _ in range(TURNS)]
    with (
        ScriptedProvider(delegates(tasks=[{"goal": "Find the typo in README.md"}])) as model,
        server(*slow, say("it is in line one")) as local,
        server() as others,
    ):
        parent = Parent(stage, model, native=True)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: others, CHEAP: others})
        begun = time.monotonic()
        ended = subprocess.run(
            [*stage.hermes.command, "-z", "please do it"], cwd=stage.workspace, env=stage.environ,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1_800, check=False,
        )  # fmt: skip
        took = time.monotonic() - begun
        assert "the parent is done" in ended.stdout, ended.stdout + ended.stderr
        [entry] = parent.told["results"]
        assert (len(local.chats), others.chats, len(model.chats)) == (TURNS + 1, [], 2)
    assert took > 15 * 60
    assert (entry["status"], "it is in line one" in entry["summary"]) == ("completed", True)
    assert f"{TURNS + 1} turns" in entry["summary"]
    told = parent.run("profile-router", "history", "--json")
    assert len(json.loads(told.stdout)["runs"]) == 1
