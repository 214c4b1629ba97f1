"""What holds of a child whatever it does: a real process, but a script where Hermes is. By night Hermes does the same."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import Heard, a_task
from tests.processes import is_gone
from tests.runners.hermes.stage import Stage, an_errand
from tests.scripted_provider import CHAT, Answer, ScriptedProvider

from profile_router.machine.hermes_program import Hermes
from profile_router.ports import Stopped
from profile_router.threads.records import MemoryRecords

AT_MOST = 10.0
ASKED = {"event": "asked", "turn": 1, "sent": 700}
ANSWERED = {"event": "answered", "turn": 1, "tokens_in": 10, "tokens_out": 5, "first_s": 0.1, "tools": ["terminal"]}


def acting(folder: Path, then: str, *events: Mapping[str, Any]) -> Hermes:
    """Return a Hermes whose child takes its order, tells *events* and does *then*, which is shell."""
    (folder / "events").write_text("".join(f"{json.dumps(event)}\n" for event in events))
    program = folder / "child"
    program.write_text(f'#!/bin/sh\nread order\ncat "{folder}/events"\n{then}\n')
    program.chmod(0o755)
    return Hermes(python=program, command=())


def test_one_that_is_killed_leaves_nothing_behind_and_its_attempt_says_so(stage: Stage, tmp_path: Path) -> None:
    """What it had started is in a session of its own, as Hermes' commands are."""
    started = tmp_path / "started"
    child = acting(tmp_path, f'setsid sleep 600 >/dev/null 2>&1 &\necho $! > "{started}"\nkill -9 $$', ASKED, ANSWERED)
    with ScriptedProvider() as provider:
        stage.profile(provider.base_url)
        attempt = stage.run(hermes=child)
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.turns) == ("interrupted", 1)
    assert "Hermes ended by signal 9 before it had a result" in attempt.failure.message
    assert (attempt.receipt.tokens_in, attempt.receipt.tokens_out) == (10, 5)
    assert is_gone(int(started.read_text()))


def test_one_that_speaks_without_an_end_is_left_in_time(stage: Stage, tmp_path: Path) -> None:
    coming = json.dumps({"event": "coming", "written": 1})
    child = acting(tmp_path, f"while :; do echo '{coming}'; sleep 0.1; done", ASKED)
    with ScriptedProvider() as provider:
        stage.profile(provider.base_url)
        attempt = stage.run(an_errand(seconds=0.5), hermes=child)
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.turns) == ("timeout", 1)


def test_one_whose_server_drips_without_an_end_is_left_in_time_and_hangs_up(stage: Stage, tmp_path: Path) -> None:
    """The client is one of Python's own here, which no token and no silence ends; by night it is Hermes'."""
    with ScriptedProvider([Answer(trickle=True)]) as provider:
        stage.profile(provider.base_url)
        asks = f"import urllib.request as http; http.urlopen('{provider.base_url}/chat/completions', b'{{}}').read()"
        child = acting(tmp_path, f'exec "{sys.executable}" -ISc "{asks}"', ASKED)
        attempt = stage.run(an_errand(seconds=2.0), hermes=child)
        [request] = provider.to(CHAT)
        assert request.hung_up.wait(AT_MOST)
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.turns) == ("timeout", 1)


def test_one_is_told_an_order_that_no_pipe_holds_at_once(stage: Stage, tmp_path: Path) -> None:
    read = tmp_path / "read"
    with ScriptedProvider() as provider:
        stage.profile(provider.base_url)
        child = acting(tmp_path, f'echo "$order" > "{read}"')
        stage.run(an_errand(a_task("x" * 200_000, toolsets=("file",))), hermes=child)
    assert "x" * 200_000 in read.read_text()


def test_a_turn_that_was_answered_counts_as_interrupted_with_its_tokens_and_asks_nobody(
    stage: Stage, tmp_path: Path
) -> None:
    answered = asyncio.Event()
    with ScriptedProvider() as provider:
        stage.profile(provider.base_url)
        runner = replace(
            stage.runner(hermes=acting(tmp_path, "exec sleep 600", ASKED, ANSWERED)), records=MemoryRecords()
        )

        async def cut_off() -> None:
            running = asyncio.create_task(runner.run(an_errand(), lambda _: answered.set()))
            await asyncio.wait_for(answered.wait(), AT_MOST)
            running.cancel()
            with pytest.raises(Stopped) as stopped:
                await running
            taken = stopped.value.receipt
            assert (taken.verdict, taken.turns, taken.tokens_in, taken.tokens_out) == ("interrupted", 1, 10, 5)

        asyncio.run(cut_off())
        begun = len(provider.requests)
        attempt = asyncio.run(replace(runner, hermes=acting(tmp_path, "echo never")).run(an_errand(), Heard()))
        assert provider.requests[begun:] == []
    assert attempt.failure is not None
    assert attempt.failure.cause == "interrupted"
    assert "in the middle of Hermes' turn, after 1 model calls" in attempt.failure.message
    receipt = attempt.receipt
    assert (receipt.outcome, receipt.turns, receipt.tokens_in, receipt.tokens_out) == ("failed", 1, 10, 5)
