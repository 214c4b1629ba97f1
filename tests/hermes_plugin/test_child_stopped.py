"""A child that is stopped: all that its run started ends within two seconds. Its cost is not lost."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import Parent, server
from tests.runners.hermes.installed import NEW, installed_hermes
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import call, say

from profile_router.hermes_plugin import board, provider
from profile_router.hermes_plugin.children import CHILDREN
from profile_router.hermes_plugin.settings import COMMAND_VARIABLE

GOAL = "Refactor the session handling across all 60 files of the service"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with Stage(tmp_path / "stage", installed_hermes(NEW)) as stage:
        CHILDREN.clear()
        yield stage
        CHILDREN.clear()


def of_router(name: str) -> list[str]:
    """Return the command lines of the processes that have *name* in theirs, and of their families by the mark."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if name.encode() in line:
            found.append(line.replace(b"\0", b" ").decode(errors="replace")[:200])
    return found


@pytest.mark.nightly
def test_a_stopped_child_ends_in_two_seconds_and_its_cost_stands_in_the_ledger(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = threading.Event()
    with (
        server() as model,
        server(call("list_files", {"path": "."}), say("too late", gate=hangs)) as burst,
        server() as others,
    ):
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: others, BURST: burst, CHEAP: others})
        program = stage.folder / "router"
        program.write_text(f'#!/bin/sh\nexec {" ".join(parent.router())} "$@"\n')
        program.chmod(0o755)
        for name, value in {**stage.environ, COMMAND_VARIABLE: str(program)}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(stage.workspace)
        CHILDREN.made(child_session_id="s", parent_session_id="p", child_goal=GOAL)
        client, raised = provider.Client(), []

        def ask() -> None:
            try:
                client.chat.completions.create(
                    messages=[{"role": "user", "content": GOAL}], extra_body={"profile_router_session": "s"}
                )
            except provider.ChildFailed as error:
                raised.append(str(error))

        asking = threading.Thread(target=ask)
        asking.start()
        until = time.monotonic() + 60
        while len(burst.chats) < 2 and time.monotonic() < until:
            threading.Event().wait(0.05)
        [child] = CHILDREN.shown()
        assert child.running
        assert child.thread in board.children_told()
        begun = time.monotonic()
        client.cancel()
        asking.join(30)
        took = time.monotonic() - begun
    assert took < 2, took
    [why] = raised
    assert why.startswith("stopped")
    shown = board.children_told()
    [line] = [line for line in shown.splitlines() if "  stopped  " in line]
    assert not line.endswith("$0.00")
    assert GOAL[:20] not in line  # one Hermes may serve several people
    assert of_router(str(program)) == []
