"""`profile-router purge`: remove what is kept of threads and of their runs, and say what it was."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

from profile_router.api.task_fields import DAYS, number_in
from profile_router.core.days import DAY_S
from profile_router.errors import StateError, UsageError
from profile_router.evidence.locating import INDEX_FOLDER
from profile_router.folders import CONFIGS, POLICIES, our_folder
from profile_router.ledger.retention import Chosen, begin_day_anew, purge
from profile_router.ledger.spending import Ledger
from profile_router.repository.bounds import forget_indexes
from profile_router.state.folder import state_dir
from profile_router.state.kept_files import forget_kept
from profile_router.threads.file import ThreadFile
from profile_router.threads.threads import Row, Threads


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("thread", nargs="?", metavar="THREAD", help="remove this thread alone")
    parser.add_argument(
        "--older-than", type=number_in, metavar="DAYS", help="remove what was not used for so many days"
    )
    parser.add_argument("--all", action="store_true", help="remove every thread, run, repository index and kept policy")
    parser.add_argument("--reset-budget", action="store_true", help="forget what was spent today")


def run(arguments: argparse.Namespace) -> int:
    """Remove the threads that are named, print each, and return 0."""
    file = ThreadFile(state=state_dir(os.environ))
    if arguments.reset_budget:
        begin_day_anew(file.state, now=file.clock())
        print("today's spending is forgotten: the budget begins anew")
        if arguments.thread is None and arguments.older_than is None and not arguments.all:
            return 0
    wanted = _wanted(arguments, file.clock())
    threads = Threads(file=file, serializer=None)
    if file.path.exists():
        with file.door():
            file.make_ready(None)
    removed = threads.purge(wanted)
    Ledger(state=file.state, clock=file.clock).forget_names()
    chosen = _chosen(arguments, file.clock())
    runs = purge(file.state, chosen, now=file.clock(), at_work=[row.thread for row in threads.rows()])
    if arguments.thread is not None and not (removed or runs):
        raise _not_removed(threads, arguments.thread)
    left = threads.sweep() if arguments.all and file.state.is_dir() else 0
    indexes = _indexes() if arguments.all else 0
    readings = _readings() if arguments.all else 0
    for thread, files in removed:
        with_files = f" and {files} file{'s' if files != 1 else ''} kept of it" if files else ""
        print(f"removed thread {thread}{with_files}")
    for notice in file.notices:
        print(notice)
    if indexes:
        print(f"removed {indexes} ind{'exes' if indexes != 1 else 'ex'} of repositories")
    if readings:
        print(f"removed {readings} file{'s' if readings != 1 else ''} of how policies and configs were read")
    if left:
        print(f"removed {left} file{'s' if left != 1 else ''} and folders left of earlier threads")
    if runs:
        print(f"removed {runs} run{'s' if runs != 1 else ''} from the ledger")
    if not (removed or left or runs or indexes or readings):
        print("no thread to remove")
    return 0


def _indexes() -> int:
    folder = our_folder("CACHE", os.environ) / INDEX_FOLDER
    try:
        return forget_indexes(folder)
    except OSError as error:
        raise StateError(f"the indexes in {folder} are not removed: {error.strerror}; remove that folder") from error


def _readings() -> int:
    """Remove how each policy and config was read; return how many files that were. The next call reads them anew."""
    cache = our_folder("CACHE", os.environ)
    try:
        return sum(forget_kept(cache / name) for name in (POLICIES, CONFIGS))
    except OSError as error:
        raise StateError(f"how policies and configs were read, in {cache}, is not removed: {error}") from error


def _chosen(arguments: argparse.Namespace, now: float) -> Chosen:
    days = arguments.older_than
    before = None if days is None else now - DAYS(days, "--older-than") * DAY_S
    return Chosen(thread=arguments.thread, before=before)


def _wanted(arguments: argparse.Namespace, now: float) -> Callable[[Row], bool]:
    given = [arguments.thread is not None, arguments.older_than is not None, arguments.all]
    if sum(given) != 1:
        raise UsageError("purge needs exactly one of THREAD, --older-than DAYS, --all")
    if arguments.thread is not None:
        return lambda row: row.thread == arguments.thread
    if arguments.all:
        return lambda row: True
    before = now - DAYS(arguments.older_than, "--older-than") * DAY_S
    return lambda row: row.updated < before


def _not_removed(threads: Threads, thread: str) -> Exception:
    if threads.file.notices:
        return StateError("; ".join(threads.file.notices))
    row = next((row for row in threads.rows() if row.thread == thread), None)
    if row is None:
        return UsageError(f"no thread is named {thread}; `profile-router threads` lists them")
    return UsageError(f"thread {thread} is being run by process {row.pid}; it is not removed: end it first")
