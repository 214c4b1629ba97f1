"""SIGTERM and SIGHUP end a process as Ctrl-C does, once, and its exit code says which it was."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from profile_router.machine import end_signals
from profile_router.machine.end_signals import interrupted_code, take_end_signals, told_to_end
from profile_router.runs.interrupt import one_interrupt

SKILL = Path(__file__).resolve().parents[2] / "skill"
CODES = [(signal.SIGTERM, 143), (signal.SIGHUP, 129)]
# The terminal of this process goes away, as when its window is closed.
HUNG_UP = """
import fcntl, os, pty, sys, termios
from profile_router.machine.end_signals import interrupted_code, take_end_signals
os.setsid()
master, terminal = pty.openpty()
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
for number in (1, 2):
    os.dup2(terminal, number)
os.close(terminal)
take_end_signals()
try:
    os.close(master)
except KeyboardInterrupt:
    print("tidied", flush=True)
    os._exit(interrupted_code())
"""


@pytest.fixture(autouse=True)
def _taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(end_signals, "_told", [])
    before = {number: signal.signal(number, signal.SIG_DFL) for number, _ in CODES}
    interrupt = signal.getsignal(signal.SIGINT)
    yield
    for number, handler in (*before.items(), (signal.SIGINT, interrupt)):
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "code"), CODES)
@pytest.mark.parametrize("ctrl_c", [signal.default_int_handler, signal.SIG_IGN], ids=["heard", "ignored"])
def test_it_is_a_ctrl_c_with_a_code_of_its_own(number: signal.Signals, code: int, ctrl_c: signal.Handlers) -> None:
    signal.signal(signal.SIGINT, ctrl_c)
    take_end_signals()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    signal.raise_signal(number)  # it comes twice: `timeout` and a shell send it so
    assert (interrupted_code(), told_to_end()) == (code, number.name)


def test_a_ctrl_c_alone_keeps_its_code() -> None:
    take_end_signals()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert (interrupted_code(), told_to_end()) == (130, "")


def test_what_nohup_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    take_end_signals()
    signal.raise_signal(signal.SIGHUP)
    assert told_to_end() == ""


@pytest.mark.parametrize("ctrl_c", [signal.default_int_handler, signal.SIG_IGN], ids=["heard", "ignored"])
def test_a_run_is_cancelled_and_tidies_off_whole(ctrl_c: signal.Handlers) -> None:
    signal.signal(signal.SIGINT, ctrl_c)
    take_end_signals()
    happened: list[str] = []

    async def task() -> None:
        with one_interrupt():
            try:
                signal.raise_signal(signal.SIGTERM)
                await asyncio.Event().wait()
            finally:
                signal.raise_signal(signal.SIGHUP)
                await asyncio.sleep(0)
                happened.append("tidied")

    with pytest.raises((KeyboardInterrupt, asyncio.CancelledError)):
        asyncio.run(task())
    assert (happened, interrupted_code()) == (["tidied"], 143)


def test_a_closed_terminal_breaks_no_tidying_off() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HUNG_UP], env={"PYTHONPATH": str(SKILL)}, stderr=subprocess.PIPE, check=False
    )
    assert (done.returncode, done.stderr) == (129, b"")
