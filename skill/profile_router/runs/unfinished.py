"""Runs that were interrupted: how to go on with them or drop them, and what was changed by then."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from profile_router.copies.thread_copies import original_of
from profile_router.core.telling.ways_out import drop
from profile_router.errors import RouterError
from profile_router.git.between import changed_later
from profile_router.git.marks import GitSnapshots
from profile_router.ledger.history import SqliteHistory
from profile_router.ports import Emit
from profile_router.state.folder import state_dir
from profile_router.threads.file import ThreadFile
from profile_router.threads.pulse import last_pulse
from profile_router.threads.threads import Row, Run, Threads
from profile_router.threads.traces import close_spans, open_spans

_NAMED = 8  # threads in one line


def resumable(threads: Threads) -> list[Row]:
    """Return the threads whose run was interrupted, and not undone since: `resume` goes on with them."""
    return [row for row in threads.unfinished() if not undone_by(threads, row)]


def undone_by(threads: Threads, row: Row) -> str:
    """Return the id of the undo that took the run *row* back; empty where none did that stands."""
    return SqliteHistory(state=threads.file.state).undone_by(row.run, row.thread)


def tell_unfinished(threads: Threads, workspace: str, thread: str, emit: Emit) -> None:
    """Tell, in one event, which other threads of *workspace* than *thread* were interrupted.

    It is said when one is new among them, and not again. What they had at work is settled. Raises StateError.
    """
    state = threads.file.state
    rows = [row for row in resumable(threads) if row.thread != thread]
    here = [row for row in rows if original_of(state, row.workspace) == workspace]
    settle_left(threads, [row for row in here if row.workspace == workspace])
    if here and threads.note_told([row.run for row in here]):
        names = [row.thread for row in here]
        were = f"thread {names[0]} was" if len(names) == 1 else f"{len(names)} threads were"
        line = f"{were} interrupted; {how_to_go_on(names)}"
        emit({"event": "unfinished", "line": line, "thread": names[0], "threads": names})


def how_to_go_on(names: Sequence[str]) -> str:
    """Return what goes on with the threads *names*, and what drops them."""
    it, name, list_of_them = ("it", names[0], "") if len(names) == 1 else ("one", "THREAD", f": {_named(names)}")
    return (
        f"`profile-router resume {name}` goes on with {it}, `profile-router undo {name}` takes back what it changed, "
        f"{drop(name)}{list_of_them}"
    )


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def next_for(threads: Threads, run: str) -> str:
    """Return how to go on with the *run* that has no end, why nobody can, or who is at it.

    Empty where its thread is not kept, or another run was begun on it. Raises StateError.
    """
    row = next((row for row in threads.rows() if row.run == run and row.status == "running"), None)
    if row is None:
        return ""
    if row not in threads.left():
        return f"process {row.pid} is at work on it"
    return f"it cannot be resumed: {row.why}" if row.why else how_to_go_on([row.thread])


def left_by_this_process(environ: Mapping[str, str]) -> str:
    """Return what is said of the runs that this process leaves interrupted; empty where it leaves none."""
    try:
        threads = Threads(file=ThreadFile(state=state_dir(environ)), serializer=None)
        left = [row for row in threads.left() if row.pid == os.getpid()] if threads.rows() else []
    except (RouterError, OSError):  # whoever pressed Ctrl-C wants it to end
        return ""
    lost = [
        _lost([row.thread for row in left if row.why == why], why) for why in dict.fromkeys(row.why for row in left)
    ]
    names = [row.thread for row in left if not row.why]
    resumable = f"thread {names[0]} is kept" if len(names) == 1 else f"{len(names)} threads are kept"
    return "; ".join([*filter(None, lost), *([f"{resumable}; {how_to_go_on(names)}"] if names else [])])


def _lost(names: Sequence[str], why: str) -> str:
    """Return *why* the threads *names* cannot be resumed; empty where they can."""
    return why and f"thread{'s' if len(names) > 1 else ''} {_named(names)} cannot be resumed: {why}"


def settle_spans(run: Run, root: Path) -> None:
    """Note how what was at work left the files below *root*, where the process before this one was killed meanwhile.

    A command, or a turn of Hermes, ends with its process. What changed by then is taken for its work; what changed
    later may be anybody's. The sooner this is asked, the less that is. Where git cannot tell, nothing is noted.
    """
    spans = open_spans(run.records)
    if not spans:
        return
    try:
        snapshots = GitSnapshots(root, run.folder)
        after, moment = snapshots.take(), _last_at_work(run, root)
        later = (changed_later(snapshots.trees, root, before, after, moment) for before in spans.values())
        close_spans(run.records, after, frozenset().union(*later))
    except (RouterError, OSError):  # then nobody knows what was written, and `undo` says so
        return


def _last_at_work(run: Run, root: Path) -> int:
    """Return when *run* was last at work, to compare with changes below *root*, in ns since 1970; 0: nobody knows.

    Another file system may have another clock. A moment to come tells that the clock was set back.
    """
    moment = last_pulse(run.folder)
    one_clock = run.folder.stat().st_dev == root.stat().st_dev
    return moment if one_clock and moment <= time.time_ns() else 0


def settle_left(threads: Threads, rows: Iterable[Row]) -> None:
    """Settle the interrupted runs *rows*, before another one changes files in their folder."""
    for row in rows:
        with suppress(RouterError):  # another process is at it, or its records cannot be read
            run = threads.take_up(row, to_go_on=False)
            try:
                settle_spans(run, Path(row.workspace))
            finally:
                threads.leave(run)
