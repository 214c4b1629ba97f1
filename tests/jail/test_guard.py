"""A command without a jail is guarded: what it starts ends with it and with us, however that is hidden."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.processes import is_gone

from profile_router.jail import guard, left, process
from profile_router.jail.left import held_by_children, said_of_children, told_at_every_end
from profile_router.jail.process import ProcessEnd, run_bounded

ROOT = Path(__file__).resolve().parents[2]
ENVIRON = {"PATH": os.environ["PATH"]}
HIDDEN = {
    "in a session of its own": "setsid sleep 60 & echo $! > child",
    "without its parents and its environment": "(setsid env -i sleep 60 & echo $! > child) & wait",
    "in its group": "sleep 60 & echo $! > child",
}
LOST = "the guard of a check was ended: what the check started may still run (`ps -ef`)"
OUR_KILLED_SELF = """
import asyncio, os, sys
from pathlib import Path
from profile_router.jail.process import run_bounded
words = ["/bin/sh", "-c", sys.argv[1]]
asyncio.run(run_bounded(words, Path(sys.argv[2]), dict(os.environ), seconds=60, most_bytes=1, flood=False, guarded=True))
"""


def guarded(script: str, folder: Path, seconds: float = 20.0) -> ProcessEnd:
    words = ["/bin/sh", "-c", script]
    return asyncio.run(
        run_bounded(words, folder, ENVIRON, seconds=seconds, most_bytes=9_999, flood=False, guarded=True)
    )


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("end", ["", "; touch at-work; wait; sleep 60"], ids=["it ends", "it takes too long"])
def test_when_a_command_ends_so_does_what_it_started(hidden: str, end: str, tmp_path: Path) -> None:
    ended = guarded(f"{hidden}{end}", tmp_path, seconds=1.0 if end else 20.0)
    assert (ended.exit_code, ended.outlived) == (None if end else 0, False)
    assert not Path(f"/proc/{(tmp_path / 'child').read_text().strip()}").exists()
    assert said_of_children() == "nothing is left running"


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
def test_when_this_process_is_killed_so_is_all_of_the_command(hidden: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "started")
    script = f"{hidden.replace('wait', 'true')}; echo $$ > started; sleep 60"
    environ = {**ENVIRON, "PYTHONPATH": str(ROOT / "skill")}
    with subprocess.Popen([sys.executable, "-c", OUR_KILLED_SELF, script, str(tmp_path)], env=environ) as ours:
        shell = int((tmp_path / "started").read_text())
        ours.kill()
    assert is_gone(shell)
    assert is_gone(int((tmp_path / "child").read_text()))


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 7", 7), ("kill -9 $$", -signal.SIGKILL), ("kill -15 $$", -signal.SIGTERM), ("kill 0", -signal.SIGTERM)],
)
def test_it_ends_as_its_command_did(script: str, code: int, tmp_path: Path) -> None:
    assert guarded(script, tmp_path).exit_code == code


def test_a_command_hears_a_broken_pipe_and_has_no_descriptor_of_ours(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("ab") as lock, held_by_children(lock):
        ended = guarded("yes | head -n 1; ls -l /proc/self/fd", tmp_path)
    assert ended.output.startswith(b"y\n")
    assert b"Broken pipe" not in ended.output
    assert b"lock" not in ended.output
    assert b"socket" not in ended.output


def test_what_a_killed_guard_guarded_is_ended_by_its_tag_and_each_end_tells_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left, "_unknown", [])
    ended = guarded("setsid sleep 60 & echo $! > child; kill -9 $PPID; sleep 60", tmp_path)
    assert (ended.exit_code, ended.outlived) == (-signal.SIGKILL, True)
    assert is_gone(int((tmp_path / "child").read_text()))
    assert said_of_children() == told_at_every_end() == LOST


def test_a_guard_that_its_command_stops_goes_on_and_ends_all(tmp_path: Path) -> None:
    ended = guarded("setsid sleep 60 & echo $! > child; kill -STOP $PPID; exit 0", tmp_path, seconds=0.5)
    assert (ended.ended_for, ended.outlived) == ("time", False)
    assert is_gone(int((tmp_path / "child").read_text()))
    assert (said_of_children(), told_at_every_end()) == ("nothing is left running", "")


def test_a_guard_that_stays_stopped_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left, "_unknown", [])
    monkeypatch.setattr(process, "_ENDING_SECONDS", 0.2)
    monkeypatch.setattr(signal, "SIGCONT", 0)
    stop = "kill -STOP $PPID; "
    ended = guarded(
        f"{stop}setsid sleep 60 & echo $! > child; setsid env -i sleep 60 & echo $! > bare; wait", tmp_path, 0.5
    )
    assert ended.outlived
    assert is_gone(int((tmp_path / "child").read_text()))
    assert is_gone(int((tmp_path / "bare").read_text()))
    assert told_at_every_end() == LOST


def test_a_system_that_lacks_what_a_guard_asks_of_it_still_runs_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "_ctypes", None)
    assert not guard._adopt()
    real = os.posix_spawnp

    def older(*words: Any, setsid: bool = False, **how: Any) -> int:
        if setsid:
            raise NotImplementedError
        return real(*words, **how)

    monkeypatch.setattr(os, "posix_spawnp", older)
    command = guard._spawned(["/bin/true"])
    assert os.waitpid(command, 0) == (command, 0)


def test_where_nobody_tells_of_processes_the_group_is_ended_and_nothing_more_is_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS: no /proc, and no prctl by which a guard becomes the parent of what loses its own."""
    beside = Path(guard.__file__).parent
    (tmp_path / "guard.py").write_text((beside / "guard.py").read_text().replace('"prctl"', '"no_such_call"'))
    (tmp_path / "family.py").write_text((beside / "family.py").read_text() + "\n_parents = lambda: iter(())\n")
    monkeypatch.setattr(process, "_GUARD", tmp_path / "guard.py")
    monkeypatch.setattr(left, "_unknown", [])
    ended = guarded("sleep 60 & echo $! > child; exit 3", tmp_path)
    assert ended.exit_code == 3
    assert is_gone(int((tmp_path / "child").read_text()))
    assert said_of_children() == "what a check started may still run (`ps -ef`)"
    assert told_at_every_end() == ""


def test_a_command_that_is_not_there_leaves_nothing_running(tmp_path: Path) -> None:
    words = [str(tmp_path / "none")]
    run = run_bounded(words, tmp_path, ENVIRON, seconds=20.0, most_bytes=9_999, flood=False, guarded=True)
    ended = asyncio.run(run)
    assert (ended.exit_code, ended.output) == (127, f"{words[0]}: No such file or directory\n".encode())
    assert said_of_children() == "nothing is left running"


def test_what_could_not_be_ended_is_named_while_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left, "_left", {os.getpid(), 2**22 + 1})
    assert said_of_children() == f"not ended: process {os.getpid()} (`kill -9 {os.getpid()}`)"
