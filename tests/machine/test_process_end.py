"""A process ends at once, and nothing is lost: what it printed, its threads, what is registered for its end."""

import atexit
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from profile_router.machine.process_end import end_process

SKILL = Path(__file__).resolve().parents[2] / "skill"
PROGRAM = """
import atexit, os, sys, threading
sys.path.insert(0, sys.argv[1])
from profile_router.machine.process_end import end_process

class Kept:
    def __del__(self):
        os.write(1, b"taken apart;")

kept = Kept()
print("said", end=";")
{before}
end_process(3)
"""
LATE = "threading.Thread(target=lambda: (threading.main_thread().join(), print('by a thread', end=';'))).start()"


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("", ["said"]),
        ("print('and that', end=';', file=sys.stdout)", ["said", "and that"]),
        ("atexit.register(print, 'at the end', end=';')", ["said", "at the end", "taken apart"]),
        (LATE, ["said", "by a thread", "taken apart"]),
    ],
    ids=["nothing is left", "more is printed", "something is registered", "a thread is at work"],
)
def test_a_process_ends_with_its_code_when_all_is_said_and_done(before: str, said: list[str]) -> None:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    words = [sys.executable, "-c", PROGRAM.format(before=before), str(SKILL)]
    done = subprocess.run(words, env=buffered, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.rstrip(";").split(";") == said


def test_a_process_whose_reader_has_left_still_ends_with_its_code() -> None:
    before = "reader, writer = os.pipe(); os.dup2(writer, 1); os.close(writer); os.close(reader)"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before), str(SKILL)], capture_output=True, text=True, check=False
    )
    assert done.returncode in (3, 120)  # 120 is Python's own, for what it could not write


@pytest.mark.parametrize("by", ["interactive", "inspect", "getprofile", "gettrace"])
def test_a_process_that_somebody_looks_on_at_is_not_ended_at_once(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = {"flags": SimpleNamespace(interactive=0, inspect=0), "getprofile": lambda: None, "gettrace": lambda: None}
    looks_on: dict[str, object] = {"getprofile": lambda: print, "gettrace": lambda: print}
    at_once: list[int] = []
    monkeypatch.setattr(atexit, "_ncallbacks", lambda: 0)
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(os, "_exit", at_once.append)
    for name, value in nobody.items():
        monkeypatch.setattr(sys, name, value)
    with pytest.raises(SystemExit):
        end_process(3)
    assert at_once == [3], "with nobody it ends at once"
    if by in looks_on:
        monkeypatch.setattr(sys, by, looks_on[by])
    else:
        monkeypatch.setattr(sys.flags, by, 1)
    with pytest.raises(SystemExit) as ended:
        end_process(3)
    assert (ended.value.code, at_once) == (3, [3])
