"""What was at work when a run was killed is settled: its work, and what came later."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.cli.stage import nobody, profile, workspace
from tests.ledger.a_ledger import NOON, SEAL, a_ledger, begin

from profile_router.core.task import Task
from profile_router.git.between import marking
from profile_router.git.marks import GitSnapshots
from profile_router.git.undo import Undo
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.undoing import begin_undo, end_undo
from profile_router.runs.context import run_context
from profile_router.runs.job import Job
from profile_router.runs.setup import prepare
from profile_router.runs.undo import _by_traces
from profile_router.runs.unfinished import settle_spans, tell_unfinished
from profile_router.threads.file import ThreadFile
from profile_router.threads.pulse import last_pulse, pulse
from profile_router.threads.records import MemoryRecords
from profile_router.threads.threads import Threads
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


def undone(state: Path, run: str, thread: str = "t") -> str:
    """Note in the ledger that *run* of *thread* was taken back; return the undo's id."""
    begin(a_ledger(state, run, thread))
    undo = begin_undo(state, SqliteHistory(state=state).find(run), Undo(before={}, after={}), SEAL, now=NOON)
    end_undo(state, undo, now=NOON, done=True)
    return undo


def test_a_run_knows_its_id_and_which_runs_of_its_thread_were_undone(tmp_path: Path) -> None:
    environ = {
        "HOME": str(tmp_path),
        "HERMES_HOME": str(tmp_path / "hermes"),
        "PROFILE_ROUTER_STATE": str(tmp_path / "s"),
    }
    with nobody() as url:
        for name in ("coding-local", "coding-burst"):
            profile(tmp_path, name, url)
    for run, thread in (("ab12" * 4, "t"), ("cd34" * 4, "t"), ("ef56" * 4, "another")):
        undone(tmp_path / "s", run, thread)
    setup = prepare(Task(goal="any"), None, environ, tmp_path)
    job = Job(task=setup.task, setup=setup, thread="t", emit=lambda _: None)
    this = SimpleNamespace(
        id="ff" * 8, thread="t", folder=tmp_path, records=MemoryRecords(), clock=time.monotonic, resumed=False
    )
    context = run_context(job, cast("Any", this), a_ledger(tmp_path / "s"))
    assert (context.run, sorted(context.undone)) == ("ff" * 8, ["ab12" * 4, "cd34" * 4])


def test_of_other_interrupted_runs_those_are_told_that_resume_goes_on_with(tmp_path: Path) -> None:
    file = ThreadFile(state=tmp_path)
    with file.door():
        file.make_ready(None)
    threads, told = Threads(file=file, serializer=None), list[Any]()
    for thread, place in (("left", "/ws"), ("taken back", "/ws"), ("elsewhere", "/other"), ("mine", "/ws")):
        run = threads.begin(thread, place)
        threads.leave(run)
        if thread == "taken back":
            undone(tmp_path, run.id, thread)
    for _ in range(2):  # it is said once
        tell_unfinished(threads, "/ws", "mine", told.append)
    assert [event["threads"] for event in told] == [["left"]]
    assert "`profile-router undo left`" in told[0]["line"]
