"""A process ends at once, and nothing is lost: what it printed, its threads, what is registered for its end."""

import atexit
import os
import subprocess
import sys
from pathlib import Path

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
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before), str(SKILL)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.rstrip(";").split(";") == said


def test_a_process_whose_reader_has_left_still_ends_with_its_code() -> None:
    before = "reader, writer = os.pipe(); os.dup2(writer, 1); os.close(writer); os.close(reader)"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before), str(SKILL)], capture_output=True, text=True, check=False
    )
    assert done.returncode in (3, 120)  # 120 is Python's own, for what it could not write


def test_a_process_that_a_profiler_looks_at_is_not_ended_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atexit, "_ncallbacks", lambda: 0)
    monkeypatch.setattr(os, "_exit", lambda code: pytest.fail(f"ended at once with {code}"))
    before = sys.getprofile()
    sys.setprofile(lambda *_: None)
    try:
        with pytest.raises(SystemExit) as ended:
            end_process(3)
    finally:
        sys.setprofile(before)
    assert ended.value.code == 3
