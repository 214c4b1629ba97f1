"""The workspace's own check in a real Hermes: who is asked, where failure leads, what the parent hears."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_found_check import CLAIM, FILES, FIX, GOAL
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import Parent, delegates, server
from tests.hermes_plugin.test_provider_chat import Watched
from tests.runners.hermes.installed import NEW, OLD, installed_hermes
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import ScriptedProvider, call, say

pytestmark = [pytest.mark.nightly, pytest.mark.jail]
UNFIXED = call("edit_file", {"path": "calc.py", "old": "return a - b", "new": "return a - b  # fixed"})
TASK = {"goal": GOAL}


@pytest.fixture(params=[NEW, OLD])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Stage, bool]]:
    with Stage(tmp_path / "stage", installed_hermes(request.param)) as stage:
        yield stage, request.param == NEW


@pytest.fixture
def today(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "stage", installed_hermes(NEW)) as stage:
        yield stage


def set_up(parent: Parent, local: ScriptedProvider, burst: ScriptedProvider, check: str) -> None:
    parent.set_up()
    parent.profiles({LOCAL: local, BURST: burst, CHEAP: burst})
    parent.policy(check=check)
    for name, text in FILES.items():
        file = parent.stage.workspace / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("add", "-A"), (*identity, "commit", "-qm", "calc")):
        subprocess.run(["git", *words], cwd=parent.stage.workspace, check=True)


def told_of(stage: Stage, native: bool, local: ScriptedProvider, burst: ScriptedProvider) -> dict[str, Any]:
    """Return what a parent is told of the one task that it delegates."""
    script = delegates(tasks=[TASK]) if native else delegates(**TASK)
    with ScriptedProvider(script) as model:
        parent = Parent(stage, model, native=native)
        set_up(parent, local, burst, "auto")
        parent.say()
        [entry] = parent.told["results"]
    return dict(entry)


def test_a_failed_check_is_repaired_once_and_the_parent_gets_the_verdict_first(either: tuple[Stage, bool]) -> None:
    stage, native = either
    with server(UNFIXED, CLAIM, FIX, say("now it adds")) as local, server() as burst:
        entry = told_of(stage, native, local, burst)
        assert (len(local.chats), burst.chats) == (4, [])
        again = json.dumps(local.chats[2]["messages"])
    assert "AssertionError" in again  # what the check said is what the repair is told
    assert entry["status"] == "completed"
    verdict = entry["summary"].splitlines()[0] if native else entry["verdict"]
    assert verdict.startswith("verified: python3 -m unittest discover -s tests")
    assert "now it adds" in entry["summary"]
    assert "return a + b" in (stage.workspace / "calc.py").read_text()


def test_what_no_model_fixed_comes_back_as_failed_whatever_the_models_claim(either: tuple[Stage, bool]) -> None:
    stage, native = either
    with server(UNFIXED, CLAIM, CLAIM) as local, server(CLAIM, CLAIM) as burst:
        entry = told_of(stage, native, local, burst)
        assert (len(local.chats), len(burst.chats) >= 1) == (3, True)
    assert entry["status"] == "failed"
    told = entry["error"] if native else entry["verdict"]
    assert "python3 -m unittest discover -s tests" in told


@pytest.mark.parametrize(("key", "ran"), [(b"\r", True), (b"\x1b[B\x1b[B\x1b[B\r", False)], ids=["yes", "no"])
def test_in_a_chat_a_person_is_asked_before_the_check_runs_for_the_first_time(
    today: Stage, key: bytes, ran: bool
) -> None:
    again = [] if ran else [call("delegate_task", {"tasks": [TASK]})]
    script = [call("delegate_task", {"tasks": [TASK]}), *again, say("it runs"), say("it is back")]
    with ScriptedProvider(script) as model, server(FIX, say("now it adds")) as local, server() as burst:
        parent = Parent(today, model, native=True)
        set_up(parent, local, burst, "ask")
        with Watched(parent) as chat:
            chat.say("please do it", model, 1)
            chat.wait_for("own check:")
            chat.press(key)
            chat.wait_for("it is back")
        told = str(model.chats[-1]["messages"][-1]["content"])
    verdict = "verified: python3 -m unittest" if ran else "unverified: the check"
    assert verdict in told
    checks = json.loads((today.folder / "state" / "checks.json").read_text())["checks"]
    assert [one["agreed"] for one in checks] == [ran]
    assert checks[0]["folder"] == str(today.workspace)
