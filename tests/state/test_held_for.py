"""A lock is held for its owner, and by what a killed owner had started, until that ends."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from profile_router.state import copy_folders
from profile_router.state.copy_folders import held_for, hold

NOBODY = 2**22 + 1  # more than any process has for its number


def _held_by_a_child(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    with hold(folder) as lock:
        return subprocess.Popen(command, pass_fds=[lock.fileno()])


def test_nobody_waits_for_an_owner_that_lives(tmp_path: Path) -> None:
    with hold(tmp_path):
        assert held_for(tmp_path, os.getpid())
    assert not held_for(tmp_path, os.getpid())


def test_what_a_killed_owner_had_started_is_waited_for(tmp_path: Path) -> None:
    with _held_by_a_child(tmp_path, "sleep", "0.1"):
        assert not held_for(tmp_path, NOBODY)


def test_what_does_not_end_keeps_others_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_folders, "_ORPHANS_S", 0.05)
    with _held_by_a_child(tmp_path, "sleep", "60") as orphan:
        assert held_for(tmp_path, NOBODY)
        orphan.kill()


def test_an_owner_that_has_ended_is_none_while_its_parent_has_not_asked(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        with _held_by_a_child(tmp_path, "sleep", "0.1"):
            assert not held_for(tmp_path, ended.pid)
