"""What runs of other threads wrote in a run's workspace meanwhile, by their records and by the ledger."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from profile_router.errors import RouterError
from profile_router.git.command import work_tree
from profile_router.git.left_files import beginning
from profile_router.ledger.undoing import written_since
from profile_router.ledger.words import Seal
from profile_router.outside.places import is_folder_named
from profile_router.threads.at_work import others_at_work
from profile_router.threads.threads import Run
from profile_router.verify.changes.others_here import OthersHere


def others_here(state: Path, seal: Seal, run: Run, root: Path) -> OthersHere:
    """Return what others than *run* wrote below *root* since that began. Where that cannot be read, it is nobody."""
    since = beginning(run.folder)
    if not since:
        return OthersHere()
    threads: dict[str, None] = {}
    files: set[str] = set()
    unsure = False
    try:
        for thread, place, paths, doubt in _others(state, seal, run, since):
            inside = _below(root, place, paths)
            doubt = doubt and (Path(place) == root or root in Path(place).parents or Path(place) in root.parents)
            if inside or doubt:
                threads[thread] = None
                files |= inside
                unsure = unsure or doubt
    except (RouterError, OSError):  # the work is done, and is told as if nobody else had been there
        return OthersHere()
    return OthersHere(threads=tuple(threads), files=frozenset(files), unsure=unsure)


def _others(state: Path, seal: Seal, run: Run, since: int) -> Iterator[tuple[str, str, Iterable[str], bool]]:
    """Yield thread and folder of each other run, its files below that folder, and if more may be its."""
    # Those at work come first: one that ends in between stands in the ledger before its records go.
    for other in others_at_work(state, run, since):
        yield other.thread, other.workspace, other.edited, other.unsure
    for thread, place, undo in written_since(state, run.thread, since / 1e9, seal):
        top = work_tree(Path(place)) if is_folder_named(place) else None
        doubted = {*undo.during, *((undo.unsure or undo.before) if undo.anyones else ())}
        yield thread, str(top or place), undo.before.keys() - doubted, bool(doubted)


def _below(root: Path, place: str, paths: Iterable[str]) -> set[str]:
    """Return those of *paths*, relative to the folder *place*, that lie below *root*, relative to it."""
    start = f"{root}{os.sep}"
    whole = (os.path.normpath(f"{place}{os.sep}{path}") for path in paths)
    return {path.removeprefix(start) for path in whole if path.startswith(start)}
