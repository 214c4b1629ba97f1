"""The pulse says when a run was last at work: it beats as long as that lasts, and no longer."""

from __future__ import annotations

import threading
from pathlib import Path

from profile_router.threads.pulse import last_pulse, pulse


def later(folder: Path, than: int) -> int:
    """Wait until the pulse in *folder* is later *than* that, and return it."""
    while (found := last_pulse(folder)) <= than:
        pass
    return found


def test_it_beats_while_something_is_at_work_and_then_stands_still(tmp_path: Path) -> None:
    assert last_pulse(tmp_path) == 0
    with pulse(tmp_path):
        second = later(tmp_path, later(tmp_path, 0))
        written = tmp_path / "written"
        written.touch()
        assert later(tmp_path, written.stat().st_ctime_ns) > second
    stood = last_pulse(tmp_path)
    assert "pulse" not in [one.name for one in threading.enumerate()]
    assert last_pulse(tmp_path) == stood


def test_where_there_is_no_folder_nothing_beats_and_nothing_fails(tmp_path: Path) -> None:
    with pulse(tmp_path / "gone"), pulse(None):
        pass
    assert last_pulse(tmp_path / "gone") == 0
