"""However a turn ends, nothing that it started runs on: not even a command in its own session."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import BURST, BURST_ORDER, LOCAL, Heard
from tests.runners.hermes.a_router import busy_errand
from tests.runners.hermes.stage import Stage, an_errand
from tests.scripted_provider import Answer, ScriptedProvider, call, say

from profile_router.core.ladder.receipt import Attempt
from profile_router.jail.family import family
from profile_router.runners.hermes.child_process import CHILD, home_of_profile, started
from profile_router.runners.hermes.turn_account import Account

AT_MOST = 60.0
# Tells who it is, and whom it started in an own session without an environment to be found by.
BUSY = """\
import os, subprocess, sys
started = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True, env={})
with open("pids", "w") as told:
    told.write(f"{os.getpid()} {started.pid}")
started.wait()
"""


class Busy:
    """A turn in the middle of a command. `processes` are the child, the command, and what the command started."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        (stage.workspace / "busy.py").write_text(BUSY)
        os.mkfifo(stage.workspace / "pids")
        self.order = busy_errand()
        self.processes: dict[int, int] = {}

    def wait(self) -> int:
        """Wait until the command runs. Return the child's pid."""
        with (self.stage.workspace / "pids").open("rb") as fifo:
            command, started = map(int, fifo.read().split())
        child = next(pid for pid in _ancestors(command) if str(CHILD) in _command_line(pid))
        self.processes = {pid: os.pidfd_open(pid) for pid in (child, command, started)}
        return child

    def left(self) -> list[int]:
        """Return the processes that do not end."""
        return [pid for pid, handle in self.processes.items() if not select.select([handle], [], [], AT_MOST)[0]]


@pytest.fixture
def busy(stage: Stage) -> Iterator[Busy]:
    with ScriptedProvider([call("terminal", {"command": f"{sys.executable} busy.py"})]) as provider:
        stage.profile(provider.base_url)
        busy = Busy(stage)
        yield busy
        for handle in busy.processes.values():
            with suppress(ProcessLookupError):  # what should have ended must not outlive a test that failed
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            os.close(handle)


def _ancestors(pid: int) -> Iterator[int]:
    while pid > 1:
        yield pid
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])


def _children() -> list[int]:
    tasks = Path("/proc/self/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


def _command_line(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


@pytest.mark.nightly
def test_a_cancelled_turn_ends_all_that_it_started(busy: Busy) -> None:
    async def cancelled() -> None:
        running = asyncio.create_task(busy.stage.runner().run(busy.order, Heard()))
        await asyncio.to_thread(busy.wait)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancelled())
    assert busy.left() == []


@pytest.mark.nightly  # by day test_any_child.py has it
def test_a_child_that_is_killed_leaves_nothing_behind_and_its_attempt_says_so(busy: Busy) -> None:
    async def killed() -> None:
        running = asyncio.create_task(busy.stage.runner().run(busy.order, Heard()))
        os.kill(await asyncio.to_thread(busy.wait), signal.SIGKILL)
        attempt = await running
        assert attempt.failure is not None
        assert (attempt.failure.cause, attempt.receipt.turns) == ("interrupted", 1)
        assert "Hermes ended by signal 9 before it had a result" in attempt.failure.message
        assert (attempt.receipt.tokens_in, attempt.receipt.tokens_out) == (10, 5)

    asyncio.run(killed())
    assert busy.left() == []


def test_when_the_router_is_killed_the_child_ends_itself_and_all_that_it_started(busy: Busy, tmp_path: Path) -> None:
    """Its temporary files go too: Hermes keeps its shell's environment among them."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    hermes = busy.stage.hermes
    command = [sys.executable, "-m", "tests.runners.hermes.a_router", str(busy.stage.folder), str(hermes.python)]
    environ = {**busy.stage.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(scratch)}
    with subprocess.Popen(command, env=environ) as router:
        busy.wait()
        assert list(scratch.glob("profile-router-*/tmp/*"))
        router.kill()
    assert busy.left() == []
    deadline = time.monotonic() + AT_MOST
    while list(scratch.iterdir()):
        assert time.monotonic() < deadline, "its temporary files are still there"
        time.sleep(0.05)


def test_a_child_without_an_order_ends_with_its_pipe(stage: Stage) -> None:
    stage.profile("http://127.0.0.1:9/v1")
    home = home_of_profile(LOCAL, stage.root)
    with started(stage.hermes.python, home, stage.environ, stage.workspace) as child:
        assert child.process.stdin is not None
        assert child.process.stdout is not None
        assert select.select([child.process.stdout], [], [], AT_MOST)[0]  # it has said its version
        child.process.stdin.close()
        assert child.process.wait(AT_MOST) is not None


def test_a_turn_has_no_more_time_than_its_order(stage: Stage) -> None:
    stage.profile("http://127.0.0.1:9/v1")
    attempt = stage.run(an_errand(seconds=0.2))
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.outcome) == ("timeout", "unavailable")
    assert "Hermes was not done in time" in attempt.failure.message


@pytest.mark.nightly  # by day test_account.py has it
@pytest.mark.parametrize(
    ("last", "kind", "least_out"),
    [(say("half " * 500, ends="stalls", usage=None), "coming", 500), (Answer(stall=True), "asked", 0)],
    ids=["in the middle of an answer", "before one began"],
)
def test_a_turn_that_is_cut_off_pays_for_what_it_asked_and_what_had_come(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, last: Answer, kind: str, least_out: int
) -> None:
    there = threading.Event()
    hear = Account.__call__

    def heard(account: Account, event: Mapping[str, Any]) -> bool:
        may_go = hear(account, event)
        if account.turns == 2 and event["event"] == kind and event.get("written", 0) >= least_out:
            there.set()
        return may_go

    async def killed() -> Attempt:
        running = asyncio.create_task(stage.runner().run(an_errand(**BURST_ORDER), Heard()))
        assert await asyncio.to_thread(there.wait, AT_MOST)
        [child] = [pid for pid in _children() if str(CHILD) in _command_line(pid)]
        os.kill(child, signal.SIGKILL)
        return await running

    monkeypatch.setattr(Account, "__call__", heard)
    with ScriptedProvider([call("read_file", {"path": "a.txt"}), last]) as provider:
        stage.profile(provider.base_url, BURST)
        attempt = asyncio.run(killed())
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.turns, attempt.receipt.outcome) == ("interrupted", 2, "failed")
    assert attempt.receipt.tokens_in > 1_000  # the first request took 10, as its provider said
    assert attempt.receipt.tokens_out >= 5 + least_out
    assert attempt.receipt.cost_usd > 0
    assert [note for note in attempt.notes if "was cut off in one" in note]


def test_nobody_carries_a_tag_that_was_never_given() -> None:
    assert family("never given") == frozenset()
