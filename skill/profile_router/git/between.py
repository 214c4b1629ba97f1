"""Which files a program wrote that may write anything: those that differ between a mark before it and one after."""

from __future__ import annotations

import os
import stat
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
    been moved there, alone or with a folder above. What is gone shows in the folder that it was in. Raises
    WorkspaceError.
    """
    top, start = trees.repository.top, trees.start(root)
    return frozenset(
        path for path in _differing(trees, root, before, after) if _time_of(top, f"{start}{path}") > moment
    )


def _time_of(top: Path, path: str) -> int:
    """Return when *path* below *top* was last changed, moved, made or removed, as far as the file system tells. In ns.

    Nobody can set such a time back, as one can that of the content. A folder that is moved gets one, and so does the
    folder that it comes into. So it takes both for what lies below to be new: a file made beside makes one of them new.
    """
    found = os.lstat(top)
    # The folder above *top* is busy with other work. Where only the entry of *top* is new, it was moved.
    latest = found.st_ctime_ns if found.st_ctime_ns != found.st_mtime_ns else 0
    above, here = found.st_ctime_ns, top
    for part in PurePosixPath(path).parts:
        here /= part
        try:
            found = os.lstat(here)
        except OSError:
            return max(latest, above)
        if not stat.S_ISDIR(found.st_mode):  # the file; or what stands where a folder was: nothing is asked through it
            return max(latest, found.st_ctime_ns)
        latest = max(latest, min(above, found.st_ctime_ns))
        above = found.st_ctime_ns
    return max(latest, above)


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
