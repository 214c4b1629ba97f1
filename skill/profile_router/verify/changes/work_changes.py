"""What changed in a workspace: what git sees between two marks, and what the tools wrote besides."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import chain
from pathlib import Path

from profile_router.core.ladder.receipt import ChangedFile
from profile_router.errors import WorkspaceError
from profile_router.git.command import git
from profile_router.git.left_files import left_files
from profile_router.git.marks import GitSnapshots, Mark, path_as_text
from profile_router.values import mutable
from profile_router.verify.changes.diffs import changed_since_journal, not_by_line
from profile_router.verify.changes.others_here import OthersHere

_LARGEST_DIFFED = 2_000_000


@mutable(kw_only=False)
class WorkChanges:
    """Changes below *root*. *journal* holds what files were before the tools wrote them (None: absent). *scratch* is a
    folder for git's marks: a run that was killed finds there those of the process before it."""

    root: Path
    scratch: Path
    journal: Mapping[str, bytes | None]
    _snapshots: GitSnapshots | None = field(default=None, init=False)

    @property
    def marks(self) -> GitSnapshots:
        """What takes marks; only where there is a repository."""
        if self._snapshots is None:
            self._snapshots = GitSnapshots(self.root, self.scratch)
        return self._snapshots

    def written(self) -> tuple[ChangedFile, ...]:
        """Return what the tools changed: all that is known outside of git."""
        return tuple(_counted(*file) for file in changed_since_journal(self.root, self.journal))

    def between(self, snapshot: str, after: str) -> tuple[ChangedFile, ...]:
        """Return what changed between two marks, and what the tools changed besides."""
        known = self.marks.changes(snapshot, after)
        return tuple(sorted((*known, *(_counted(*file) for file in self._unseen(known))), key=lambda file: file.path))

    def written_by_run(
        self, snapshot: str, after: str, wrote: Sequence[str] | None, others: OthersHere
    ) -> Sequence[str] | None:
        """Return the files between two marks that this run *wrote*: where nobody knows, all that are not of *others*.

        None: nobody knows, and nobody else is known to have written anything.
        """
        if wrote is not None or not others.files:
            return wrote
        paths = self.marks.paths(snapshot, after)
        theirs = others.theirs(paths, wrote, self.journal)
        return [*(path for path in paths if path not in theirs), *self.journal] if theirs else None

    def beside(self, snapshot: str, after: str) -> dict[str, bytes | None]:
        """Return what the files were that the tools changed between two marks, and that git does not look into."""
        return {path: before for path, before, _ in self._unseen(self.marks.changes(snapshot, after))}

    def _unseen(self, seen: Sequence[ChangedFile]) -> Iterator[tuple[str, bytes | None, bytes | None]]:
        """Yield the files that the tools changed besides those that git has *seen*. They lie in submodules, in other
        repositories inside of this one, and where git ignores them."""
        names = {file.path for file in seen}
        found = changed_since_journal(self.root, self.journal)
        yield from (file for file in found if path_as_text(file[0]) not in names)

    def inside_others(self, snapshot: str, since: int, seen: Sequence[ChangedFile]) -> tuple[ChangedFile, ...]:
        """Return the files in submodules and other repositories inside of this one that changed *since* then (ns since
        1970; 0: nobody knows).

        Whoever changed a file, its time alone counts, so a removed one is not among them. Those *seen* already are left
        out, and what such a repository ignores. *snapshot* tells where the repositories lie. One with more files than
        can be named stands for them itself.
        """
        if not since:
            return ()
        trees, known = self.marks.trees, {file.path for file in seen}
        start, found = trees.start(self.root), []
        for link in trees.gitlinks(Mark.read(snapshot).files):
            place = self.root / link.removeprefix(start)
            if link.startswith(start) and place.is_dir() and not place.is_symlink():
                found += [f"{link.removeprefix(start)}/{name}" for name in _changed_since(place, since)]
        paths = sorted({path_as_text(path.removesuffix("/.")) for path in found} - known)
        return tuple(ChangedFile(path=path, lines_added=None, lines_removed=None) for path in paths)

    def contents(
        self,
        snapshot: str,
        after: str | None,
        *,
        most: int,
        rank: Callable[[str], int],
    ) -> Iterator[tuple[str, bytes | None, bytes]]:
        """Yield each file that changed and is still there: its path, and its content before (None: new) and after.

        Between both marks at *most* so many files are read, those of the lowest *rank* first. What the tools
        wrote and git does not see is read, too. Without marks it is all that the tools changed.
        """
        found: Iterable[tuple[str, bytes | None, bytes | None]] = changed_since_journal(self.root, self.journal)
        if snapshot and after is not None:
            read, told = self.marks.contents(snapshot, after, most=most, rank=rank), set[str]()
            if self.journal:
                told = {*self.marks.paths(snapshot, after)}
            found = chain(read, (one for one in found if one[0] not in told))
        yield from ((path, before, now) for path, before, now in found if now is not None)


def _changed_since(place: Path, since: int) -> list[str]:
    """Return the files below *place*, a repository, that changed *since* and that it does not ignore; `.` for many."""
    try:
        found = left_files(place, since, ())
    except WorkspaceError:
        return ["."]
    words = ("check-ignore", "-z", "--stdin")  # no program of its settings runs for that
    ignored = git(place, *words, ok=(0, 1, 128), send="".join(f"{name}\0" for name in found)) if found else ""
    return [name for name in found if name not in ignored.split("\0")]


def _counted(path: str, before: bytes | None, after: bytes | None) -> ChangedFile:
    if not_by_line(before, after, _LARGEST_DIFFED):
        return ChangedFile(path=path_as_text(path), lines_added=None, lines_removed=None)
    marks = [line[0] for line in difflib.ndiff(_lines(before), _lines(after)) if line[:2] in {"+ ", "- "}]
    return ChangedFile(path=path_as_text(path), lines_added=marks.count("+"), lines_removed=marks.count("-"))


def _lines(data: bytes | None) -> list[str]:
    return (data or b"").decode("utf-8", "replace").splitlines()
