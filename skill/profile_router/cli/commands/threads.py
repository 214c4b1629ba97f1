"""`profile-router threads`: the threads that are kept, and which of them were interrupted."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from profile_router.cli.commands.history import print_told
from profile_router.cli.json_answer import print_json
from profile_router.cli.progress import folded
from profile_router.cli.spelling import as_called
from profile_router.cli.usual_options import add_json
from profile_router.copies.thread_copies import original_of
from profile_router.core.telling.ways_out import bring_back
from profile_router.core.text import about
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.schema import moments
from profile_router.runs.unfinished import undone_by
from profile_router.state.folder import state_dir
from profile_router.threads.file import ThreadFile
from profile_router.threads.threads import Threads

_NOTHING = 'no thread is kept; begin one: `profile-router run --thread NAME "TASK"`'


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_json(parser, "them")
    parser.epilog = "`profile-router purge THREAD` removes one"


def run(arguments: argparse.Namespace) -> int:
    """Print the threads, the one that ran last first; return 0."""
    file = ThreadFile(state=state_dir(os.environ))
    rows = _rows(file)
    for notice in file.notices:
        print(f"profile-router: {notice}", file=sys.stderr)
    print_told()
    if arguments.json:
        print_json({"threads": rows})
    else:
        print("\n".join(map(_line, rows)) or folded(as_called(_NOTHING), sys.stdout, indent=2))
    return 0


def _rows(file: ThreadFile) -> list[dict[str, Any]]:
    if not file.path.exists():
        return []
    with file.door():
        file.make_ready(None)
    threads = Threads(file=file, serializer=None)
    left = threads.left()
    undone = {row.thread: undone_by(threads, row) for row in left if not row.why}
    stopped = {row.thread for row in left if row.why}
    counted = SqliteHistory(state=file.state).by_thread()
    rows = []
    for row in threads.rows():
        runs, usd, exact = counted.get(row.thread, (0, 0.0, True))
        undo = undone.get(row.thread)
        status = row.status if undo is None else "undone" if undo else "interrupted"
        status = "stopped" if row.thread in stopped else status
        why = f"it was undone; {bring_back(undo)}" if undo else row.why
        why = f"process {row.pid} is at work on it" if status == "running" else why
        rows.append({
            "thread": row.thread, "status": status, "why": why, "run": row.run,
            "workspace": original_of(file.state, row.workspace), "runs": runs, "cost_usd": usd, "cost_exact": exact,
            **moments(row.started, row.updated), "since": row.since,
        })  # fmt: skip
    return rows


def _line(row: dict[str, Any]) -> str:
    runs = f"{row['runs']} run{'s' if row['runs'] != 1 else ''}"
    cost = about(row["cost_usd"], exact=row["cost_exact"])
    line = f"{row['thread']:<16} {row['status']:<11} {row['since'][5:16]}  {runs:<7} {cost}"
    more = as_called(f"  `profile-router resume {row['thread']}`") if row["status"] == "interrupted" else ""
    more = f"  {row['why']}" if row["status"] in ("stopped", "running") else more
    return folded(f"{line}{more}", sys.stdout, indent=17)
