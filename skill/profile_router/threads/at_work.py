"""Runs of other threads that are at work, or were killed at it, and what they wrote by their records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from profile_router.state.copy_folders import living
from profile_router.threads.file import RUNS_FOLDER, ThreadFile
from profile_router.threads.pulse import last_pulse
from profile_router.threads.records import Before, StoredRecords
from profile_router.threads.threads import Row, Run, Threads
from profile_router.threads.traces import traces_of
from profile_router.values import frozen


@frozen
class AtWork:
    """A run of *thread* in the folder *workspace* that has no end yet.

    `edited` are files that its tools wrote, relative to that folder. `unsure`: commands or Hermes may write others.
    """

    thread: str
    workspace: str
    edited: frozenset[str]
    unsure: bool


def others_at_work(state: Path, run: Run, since: int) -> Iterator[AtWork]:
    """Yield the runs of other threads than that of *run* that may have written anything *since*, in ns since 1970.

    What is held in memory alone, another process cannot know of. Raises StateError.
    """
    if not isinstance(run.records, StoredRecords):
        return
    file = ThreadFile(state=state)
    for row in Threads(file=file, serializer=None).rows():
        if row.thread != run.thread and row.status == "running" and _meanwhile(file, row, since):
            records = run.records.of_run(row.thread, row.run)
            try:
                traces, edited = traces_of(records), frozenset(Before(records))
                begun = bool(records.names("attempt ") or edited or records.names("hermes "))
            finally:
                records.close()
            unsure = begun if traces is None else bool(traces.around)
            edited |= traces.edited if traces else frozenset()
            if edited or unsure:
                yield AtWork(thread=row.thread, workspace=row.workspace, edited=edited, unsure=unsure)


def _meanwhile(file: ThreadFile, row: Row, since: int) -> bool:
    """Tell whether the run *row* worked after *since*: it does now, or began later, or was seen later."""
    folder = file.state / RUNS_FOLDER / row.thread
    with file.door():
        alive = living(folder)
    return alive or row.started * 1e9 >= since or last_pulse(folder) >= since
