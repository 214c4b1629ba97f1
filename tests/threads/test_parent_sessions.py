"""What is remembered of a parent's sessions: that they had private work, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from profile_router.errors import StateError
from profile_router.threads import parent_sessions
from profile_router.threads.parent_sessions import SESSIONS_FOLDER, ParentSessions


@pytest.fixture
def sessions(tmp_path: Path) -> ParentSessions:
    return ParentSessions(state=tmp_path / "state")


def test_a_session_is_open_until_it_is_marked_and_then_for_ever_in_any_process(sessions: ParentSessions) -> None:
    assert sessions.why_local(["one"]) == ""
    sessions.note_private(["one"])
    sessions.note_private(["one"])
    assert ParentSessions(state=sessions.state).why_local(["one"]) == "a task of its session was private"
    assert sessions.why_local(["other"]) == ""


def test_a_session_that_goes_on_with_a_marked_one_is_marked(sessions: ParentSessions) -> None:
    sessions.note_private(["one"])
    assert sessions.why_local(["three", "two", "one"])


def test_what_is_unknown_stays_here(sessions: ParentSessions, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not known" in sessions.why_local([])
    for name in ("one", "two"):
        sessions.note_private([name])
    monkeypatch.setattr(parent_sessions, "MOST_SESSIONS", 2)
    assert "no more are remembered" in sessions.why_local(["other"])
    monkeypatch.undo()
    folder = sessions.state / SESSIONS_FOLDER
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    folder.write_text("no folder")
    assert "cannot be told" in sessions.why_local(["other"])
    with pytest.raises(StateError):
        sessions.note_private(["one"])


def test_no_session_is_named_in_the_state_and_only_its_owner_reads_it(sessions: ParentSessions) -> None:
    sessions.note_private(["20261128_payroll"])
    [file] = (sessions.state / SESSIONS_FOLDER).iterdir()
    assert "payroll" not in file.name
    assert file.read_bytes() == b""
    assert (file.stat().st_mode & 0o077, file.parent.stat().st_mode & 0o077) == (0, 0)
