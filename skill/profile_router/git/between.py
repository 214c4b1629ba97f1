"""Which files a program wrote that may write anything: those that differ between a mark before it and one after."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from profile_router.errors import RouterError
from profile_router.git.marks import GitSnapshots, Mark, differing, facts_of, take_mark
from profile_router.git.trees import Trees
from profile_router.git.undo import Undo

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


def written_during(
    trees: Trees, root: Path, snapshot: str, spans: Iterable[tuple[str, str]], edited: Collection[str]
) -> frozenset[str] | None:
    """Return the files below *root*, relative to it, that changed within one of *spans*: a mark before, one after.

    Return None where one of them also changed since *snapshot* outside of these, and no tool of ours *edited* it.
    Nobody knows then whose the file is. Raises WorkspaceError.
    """
    within: set[str] = set()
    others: set[str] = set()
    last = snapshot
    for before, after in spans:
        # A file that is as it was when the run began was taken back in between. It is nobody's work.
        others |= _differing(trees, root, last, before) & _differing(trees, root, snapshot, before)
        within |= _differing(trees, root, before, after)
        last = after
    return None if (others - {*edited}) & within else frozenset(within)


def stands_as_left(
    trees: Trees, root: Path, undo: Undo, marks: Iterable[str], left: Mapping[str, Collection[str]]
) -> bool:
    """Tell whether each path of *undo* holds what the run left there.

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
    return not unknown


def _differing(trees: Trees, root: Path, before: str, after: str) -> set[str]:
    if before == after:
        return set()
    first, second = Mark.read(before), Mark.read(after)
    start = trees.start(root)
    found = {*trees.differences(first.files, second.files)}
    found |= {*differing(facts_of(trees, first), facts_of(trees, second))}
    return {path.removeprefix(start) for path in found if path.startswith(start)}
