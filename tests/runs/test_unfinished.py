"""What was at work when a run was killed is settled: its work, and what came later."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.cli.stage import workspace

from profile_router.git.between import marking
from profile_router.git.marks import GitSnapshots
from profile_router.runs.undo import _by_traces
from profile_router.runs.unfinished import settle_spans
from profile_router.threads.pulse import last_pulse, pulse
from profile_router.threads.records import MemoryRecords
from profile_router.threads.traces import open_spans, traces_of


class Elsewhere(type(Path())):  # type: ignore[misc]  # the class of this system's paths
    """A path on another disk than all others are on."""

    def stat(self, **how: bool) -> os.stat_result:
        """Return what is known of it, the disk of another number."""
        found = super().stat(**how)
        rest = {name: getattr(found, name) for name in dir(found) if name.startswith("st_")}
        return os.stat_result((*found[:2], found.st_dev + 1, *found[3:]), rest)


@pytest.mark.parametrize("by", ["1/began tool x", "hermes 1/around"])
@pytest.mark.parametrize("beats", [True, False])
def test_what_changed_by_the_last_beat_is_its_work_and_only_what_came_later_is_unsure(
    tmp_path: Path, by: str, beats: bool
) -> None:
    root = workspace(tmp_path / "ws", {"a.py": "x = 1\n", "mine.py": "m\n"})
    run = SimpleNamespace(folder=tmp_path / "run", records=MemoryRecords())
    run.folder.mkdir()
    mark = marking(root, run.folder)
    snapshot = mark()
    run.records.keep(by, (snapshot, "") if by.startswith("hermes") else (0, snapshot, ""))
    with pulse(run.folder if beats else None):
        (root / "a.py").write_text("command\n")
        while beats and last_pulse(run.folder) <= (root / "a.py").stat().st_ctime_ns:
            pass
    (root / "mine.py").write_text("mine\n")
    settle_spans(cast("Any", run), root)
    traces = traces_of(run.records)
    assert traces is not None
    assert (open_spans(run.records), set(traces.unsure)) == ({}, {"mine.py"} if beats else {"a.py", "mine.py"})
    undo = _by_traces(GitSnapshots(root, run.folder).trees, root, snapshot, traces)
    assert (set(undo.before), set(undo.unsure)) == ({"a.py", "mine.py"}, set(traces.unsure))


@pytest.mark.parametrize(
    ("ahead_s", "one_disk", "unsure"),
    [(0, True, set()), (3600, True, {"a.py"}), (0, False, {"a.py"})],
    ids=["one clock", "a clock that was set back", "two file systems"],
)
def test_where_two_moments_cannot_be_compared_all_is_unsure(
    tmp_path: Path, ahead_s: int, one_disk: bool, unsure: set[str]
) -> None:
    root = workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    folder = tmp_path / "run"
    folder.mkdir()
    mark = marking(root, folder)
    run = SimpleNamespace(folder=folder, records=MemoryRecords({"1/began tool x": (0, mark(), "")}))
    (root / "a.py").write_text("command\n")
    with pulse(folder):
        while last_pulse(folder) <= (root / "a.py").stat().st_ctime_ns:
            pass
    if ahead_s:
        os.utime(folder / "at-work", (time.time() + ahead_s,) * 2)
    run.folder = folder if one_disk else Elsewhere(folder)
    settle_spans(cast("Any", run), root)
    traces = traces_of(run.records)
    assert traces is not None
    assert set(traces.unsure) == unsure


def test_outside_of_git_nothing_is_settled(tmp_path: Path) -> None:
    run = SimpleNamespace(folder=tmp_path, records=MemoryRecords({"1/began tool x": (0, "1", "")}))
    settle_spans(cast("Any", run), tmp_path)
    assert open_spans(run.records) == {"1/began tool x": "1"}
