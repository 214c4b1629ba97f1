"""What a run changed in a work tree, to take it back whole: each path's content before, and now.

All of it is taken back, or nothing. One path that is not as the run left it stops all of them.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from profile_router.git.marks import Mark, take_mark
from profile_router.git.modes import modes_of
from profile_router.git.trees import GITLINK_MODE, Entry, FilesTree, Trees
from profile_router.git.writes import Changed, Found, found_at, is_nothing_of_git, write_all
from profile_router.values import frozen

MOST_UNDO_BYTES = 16 * 1024 * 1024  # bytes of all files as they were before: they are kept in the ledger
_Pairs = Mapping[str, tuple[Entry | None, Entry | None]]
_UNDO = "undo"  # the index that what was before is written out of


@frozen
class Undo:
    """What takes a run back. `before`: what stood at each path, relative to the top of its work tree; None: nothing.

    `after` tells what the run left there, as `fingerprint` has it. `left` are changes that are not taken back; `why`
    says why nothing can be. `anyones`: nobody knows who changed what: of the files that are `unsure`, of all without.
    `during` are files that count as the run's because they changed while its commands, or Hermes, were at work.
    """

    before: Mapping[str, Found | None]
    after: Mapping[str, str]
    left: tuple[str, ...] = ()
    why: str = ""
    anyones: bool = False
    during: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()

    def doubting(self, paths: Collection[str]) -> Undo:
        """Return this undo, which is unsure of those of *paths* besides that it takes back."""
        unsure = tuple(sorted({*self.unsure, *(path for path in paths if path in self.before)}))
        return replace(self, unsure=unsure, anyones=self.anyones or bool(unsure))


def none(why: str) -> Undo:
    """Return that nothing can be taken back, and *why*."""
    return Undo(before={}, after={}, why=why)


def _too_much() -> Undo:
    return none(f"what was there before is more than {MOST_UNDO_BYTES // (1024 * 1024)} MB")


def fingerprint(found: Found | None) -> str:
    """Return what tells two contents of a path apart: kind, executable bit and content; empty for none."""
    if found is None:
        return ""
    kind = "link" if found.link else "program" if found.mode & 0o100 else "file"
    return f"{kind} {hashlib.sha256(found.content).hexdigest()}"


def standing(top: Path, path: str) -> Found | None:
    """Return the file or link at *path* below *top*, None without one. None for a folder, too: what is in it has a path
    of its own. None for a pipe or a device, which has no content. Raises Changed where it cannot be read."""
    return None if is_nothing_of_git(top / path) else found_at(top, path)


def undo_of(
    trees: Trees,
    mark: str,
    root: Path,
    wrote: Sequence[str] | None,
    *,
    marked: Collection[str] = (),
    until: str = "",
    late: bool = False,
) -> Undo:
    """Return what takes the changes below *root* since *mark* back, for the files of the run, relative to *root*.

    Its tools *wrote* some; *marked* are those that marks around its commands tell.

    With None for *wrote*, nobody knows what the run wrote, so it is for all changes. *until* is the mark that the run
    left; empty: one is taken. *late*: the work tree may have been changed since that mark, and it alone tells what the
    run left. Raises WorkspaceError.
    """
    top, start = trees.repository.top, trees.start(root)
    was = Mark.read(mark).files
    left = Mark.read(until).files if until else take_mark(trees, root).files
    modes = modes_of(trees, was)
    pairs = trees.differences(was, left)
    mine = None if wrote is None else _files_of(top, root, wrote, pairs) | {_at(root, path) for path in marked}
    pairs = {
        path: pair
        for path, pair in pairs.items()
        if path.startswith(start) and (mine is None or _at(top, path) in mine)
    }
    inner = tuple(sorted(path for path, pair in pairs.items() if any(one and one.mode == GITLINK_MODE for one in pair)))
    paths = [path for path in pairs if path not in inner]
    try:
        stood = _stood(trees, was, [path for path in paths if pairs[path][0] is not None])
        if stood is None:
            return _too_much()
        before = {path: found and replace(found, mode=modes.get(path, found.mode)) for path, found in stood.items()}
        now: Mapping[str, Found | None] | None = {path: standing(top, path) for path in paths if not late}
        if late:
            now = _stood(trees, left, [path for path in paths if pairs[path][1] is not None])
        if now is None:
            return _too_much()
    except Changed as odd:
        return none(f"{odd.path} is neither a file nor a link")
    return Undo(
        before={path: before.get(path) for path in paths},
        after={path: fingerprint(now.get(path)) for path in paths},
        left=inner,
        anyones=wrote is None,
    )


def _stood(trees: Trees, tree: FilesTree, paths: Sequence[str]) -> dict[str, Found | None] | None:
    """Return what stood at *paths* in *tree*, as a checkout would write it; None where it is too much to keep."""
    with tempfile.TemporaryDirectory(prefix="profile-router-") as name:
        folder = Path(name).resolve()
        trees.empty_index(_UNDO)
        trees.run("read-tree", tree, index=_UNDO)
        trees.write_out(paths, _UNDO, folder)
        if sum((folder / path).lstat().st_size for path in paths) > MOST_UNDO_BYTES:
            return None
        return {path: standing(folder, path) for path in paths}


def undo_of_writes(before: Mapping[str, Found | None], after: Mapping[str, Found | None]) -> Undo:
    """Return what takes writes back: by path, what was there *before* and *after* them (None: nothing)."""
    if sum(len(found.content) for found in before.values() if found) > MOST_UNDO_BYTES:
        return _too_much()
    return Undo(before=before, after={path: fingerprint(found) for path, found in after.items()})


def with_journal(undo: Undo, top: Path, start: str, journal: Mapping[str, bytes | None]) -> Undo:
    """Return *undo* with the files of *journal* that git does not look into: it ignores them, or is not there.

    *journal* holds each file as it was before a tool first wrote it; None: absent. It goes by the path below *start* of
    *top*.
    """
    before, after = dict(undo.before), dict(undo.after)
    room = MOST_UNDO_BYTES - sum(len(found.content) for found in before.values() if found)
    for name, old in sorted(journal.items()):
        path = f"{start}{name}"
        try:
            now = None if path in before else standing(top, path)
        except Changed:
            continue
        if now is None or now.content == old or (room := room - len(old or b"")) < 0:  # gone, or as it was
            continue
        before[path] = None if old is None else replace(now, content=old)
        after[path] = fingerprint(now)
    return replace(undo, before=before, after=after)


def _files_of(top: Path, root: Path, wrote: Sequence[str], pairs: _Pairs) -> set[str]:
    """Return the files that tools wrote by the names *wrote* below *root*, which may be links. Where there was a file
    before, it is that file: a command may have put a link in its place."""
    files = {_at(top, path) for path, (was, _) in pairs.items() if was is not None}
    return {name if name in files else os.path.realpath(name) for name in (_at(root, path) for path in wrote)}


def _at(top: Path, path: str) -> str:
    """Return the file at *path* below *top* under its one name; of a link, the link and not what it names."""
    place = top / path
    return str(Path(os.path.realpath(place.parent)) / place.name)


def changed_since_run(top: Path, undo: Undo) -> tuple[str, ...]:
    """Return the paths below *top* that no longer hold what *undo* is for."""
    return tuple(path for path, known in sorted(undo.after.items()) if _print_at(top, path) != known)


def take_back(top: Path, undo: Undo) -> Undo:
    """Write what stood before at each path of *undo* below *top*, and return what takes that back.

    Raises Changed where one of them was changed meanwhile: then nothing is written.
    """
    now = {path: standing(top, path) for path in undo.before}
    for path, known in undo.after.items():
        if fingerprint(now[path]) != known:
            raise Changed(path)
    modes = {path: found.mode for path, found in undo.before.items() if found and not found.link}
    # Nobody but its owner opens a file further than it stands: the mode may have been changed since the run.
    write_all(top, now, undo.before, write_order(undo.before), modes, narrow=True)
    return Undo(before=now, after={path: fingerprint(standing(top, path)) for path in now}, left=undo.left)


def write_order(after: Mapping[str, Found | None]) -> Sequence[str]:
    """Return the paths in the order in which they are written. Removals come first: a folder may follow a file."""
    return sorted(after, key=lambda path: (after[path] is not None, path))


def _print_at(top: Path, path: str) -> str:
    try:
        return fingerprint(standing(top, path))
    except Changed:
        return "something else"
