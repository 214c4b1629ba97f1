"""Which files a program wrote that may write anything: those that differ between a mark before it and one after."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath

from profile_router.errors import RouterError
from profile_router.git.marks import GitSnapshots, Mark, differing, facts_of, take_mark
from profile_router.git.trees import Trees
from profile_router.git.undo import Undo
from profile_router.values import frozen

LARGEST_INDEX = 8 * 1024 * 1024  # bytes: of about 80,000 files, for which a mark takes half a second


def marking(root: Path, scratch: Path) -> Callable[[], str]:
    """Return what takes a mark of *root*, in the store *scratch*; nothing comes where it costs much, or fails."""
    made: list[GitSnapshots] = []

    def mark() -> str:
        try:
            if not made:
                made.append(GitSnapshots(root, scratch))
            index = made[0].trees.repository.git_dir / "index"
            return "" if index.exists() and index.stat().st_size > LARGEST_INDEX else made[0].take()
        except (RouterError, OSError):  # then nobody knows what was written, and `undo` says so
            return ""

    return mark


@frozen
class Written:
    """The files that were written within spans of time, relative to the root; of which it is `unsure` by whom."""

    paths: frozenset[str]
    unsure: frozenset[str]


def written_during(
    trees: Trees, root: Path, snapshot: str, spans: Iterable[tuple[str, str]], edited: Collection[str]
) -> Written:
    """Return the files below *root* that changed within one of *spans*: a mark before, one after.

    Unsure are those of them that also changed since *snapshot* outside of these, where no tool of ours *edited* them.
    Nobody knows then whose such a file is. Raises WorkspaceError.
    """
    within: set[str] = set()
    others: set[str] = set()
    last = snapshot
    for before, after in spans:
        # A file that is as it was when the run began was taken back in between. It is nobody's work.
        others |= _differing(trees, root, last, before) & _differing(trees, root, snapshot, before)
        within |= _differing(trees, root, before, after)
        last = after
    return Written(paths=frozenset(within), unsure=frozenset((others - {*edited}) & within))


def changed_later(trees: Trees, root: Path, before: str, after: str, moment: int) -> frozenset[str]:
    """Return the files below *root* that differ between two marks, the later of now, and changed after *moment*.

    *moment* is in ns since 1970, by the clock of the file system; 0: all of them, as nobody knows. What is new may have
    been moved there with its folder. What is gone shows in the folder that it was in. Raises WorkspaceError.
    """
    found = _differing(trees, root, before, after)
    start = trees.start(root)
    folders = {*trees.folders(Mark.read(before).files)} if found else set()
    return frozenset(path for path in found if _time_of(trees.repository.top, f"{start}{path}", folders) > moment)


def _time_of(top: Path, path: str, folders: Collection[str]) -> int:
    """Return when *path* below *top* was last changed, made or removed; *folders* were there before. In ns."""
    try:
        times = [os.lstat(top / path).st_ctime_ns]
    except OSError:
        above = next(one for one in (top / path).parents if one.is_dir())
        return above.stat().st_mtime_ns
    new = (str(one) for one in PurePosixPath(path).parents if str(one) != "." and str(one) not in folders)
    return max(times + [os.lstat(top / one).st_ctime_ns for one in new])


def not_as_left(
    trees: Trees, root: Path, undo: Undo, marks: Iterable[str], left: Mapping[str, Collection[str]]
) -> frozenset[str]:
    """Return the paths of *undo*, relative to *root*, that do not hold what the run left there.

    The run left it at one of its *marks*, or its own tools did. *left* holds the SHA-256 of what these wrote, by path
    below *root*. Raises WorkspaceError.
    """
    start = trees.start(root)
    unknown = {
        path.removeprefix(start)
        for path, known in undo.after.items()
        if known.rpartition(" ")[2] not in left.get(path.removeprefix(start), ())
    }
    now = str(take_mark(trees, root)) if unknown else ""
    for mark in dict.fromkeys(marks):
        unknown &= _differing(trees, root, mark, now) if unknown else set()
    return frozenset(unknown)


def _differing(trees: Trees, root: Path, before: str, after: str) -> set[str]:
    if before == after:
        return set()
    first, second = Mark.read(before), Mark.read(after)
    start = trees.start(root)
    found = {*trees.differences(first.files, second.files)}
    found |= {*differing(facts_of(trees, first), facts_of(trees, second))}
    return {path.removeprefix(start) for path in found if path.startswith(start)}
