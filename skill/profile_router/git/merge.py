"""Merge the work of an isolated copy into the work tree as it is now: three-way, all or nothing. It writes only files
of the work tree: never the index, HEAD, a branch or the stash. Edits made meanwhile win.
"""

from __future__ import annotations

import glob
import os
import secrets
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from profile_router.errors import WorkspaceError
from profile_router.git.marks import take_mark
from profile_router.git.repository import locked_repository
from profile_router.git.trees import GITLINK_MODE, LINK_MODE, PROGRAM_MODE, Entry, FilesTree, Trees
from profile_router.git.undo import Undo, undo_of_writes
from profile_router.git.writes import Changed, Found, found_at, is_nothing_of_git, sweep, write_all
from profile_router.state.folder import private_folder, usable
from profile_router.state.whole_files import HALF_WRITTEN, write_whole
from profile_router.values import frozen

DIFFS = "diffs"
_TRIES = 3  # after that, a user who keeps typing in the same file wins
_OFF = ("clean=", "smudge=", "process=", "required=false")  # a command that does nothing and does not complain
_DIGITS = 8  # hexadecimal, in the name of a diff
_MERGED = "merged"  # the index that a merge is made in


@frozen
class Merge:
    """How a merge ended. `files` are those it changed, or those in conflict. `moved`: the work tree had changed since
    the copy was made. `diff` is the file with a change that could not be merged; `apply` is the command that applies
    it. `undo` takes back what was merged."""

    merged: bool
    files: tuple[str, ...]
    moved: bool = False
    diff: Path | None = None
    apply: str = ""
    undo: Undo | None = None


class _Conflict(Exception):
    def __init__(self, paths: Sequence[str]) -> None:
        super().__init__(*paths)
        self.paths = tuple(sorted(set(paths)))


def merge_trees(
    trees: Trees, base: FilesTree, theirs: FilesTree, state: Path, name: str, modes: Mapping[str, int] | None = None
) -> Merge:
    """Merge the change from *base* to *theirs* into the work tree; save it as a diff if that fails. The diff is written
    first, so that a crash in the middle loses nothing. Files that it brings back have their *modes*.
    """
    saved = save_diff(trees, base, theirs, state, name)
    try:
        with locked_repository(trees.repository, state):
            files, moved, undo = _merged(trees, base, theirs, modes)
    except (_Conflict, Changed) as conflict:
        paths = conflict.paths if isinstance(conflict, _Conflict) else (conflict.path,)
        return Merge(merged=False, files=_shown(paths), diff=saved, apply=apply_command(trees, saved))
    saved.unlink()
    return Merge(merged=True, files=_shown(files), moved=moved, undo=undo)


def save_diff(trees: Trees, base: FilesTree, theirs: FilesTree, state: Path, name: str) -> Path:
    """Write the difference of two trees to a new file below *state*, readable by its owner only. Return the file.
    Raises StateError if it cannot be written.
    """
    file = private_folder(Path(os.path.realpath(state)) / DIFFS) / f"{name}-{secrets.token_hex(_DIGITS // 2)}.patch"
    _sweep_halves(file.parent, name)
    patch = trees.patch(base, theirs)
    with usable(file):
        write_whole(file, patch)
    return file


def saved_diffs(trees: Trees, base: FilesTree, theirs: FilesTree, state: Path, name: str) -> list[Path]:
    """Return the diffs of *name* below *state* that hold exactly the difference of two trees."""
    patch = trees.patch(base, theirs)
    folder = Path(os.path.realpath(state)) / DIFFS
    return [file for file in sorted(folder.glob(f"{glob.escape(name)}-*.patch")) if file.read_bytes() == patch]


def clear_halves(trees: Trees, base: FilesTree, theirs: FilesTree, state: Path, name: str) -> None:
    """Remove what a killed merge of this change left: its diff, and files without their final names."""
    _sweep_halves(Path(os.path.realpath(state)) / DIFFS, name)
    for file in saved_diffs(trees, base, theirs, state, name):
        file.unlink()
    with locked_repository(trees.repository, state):
        sweep(trees.repository.top, trees.differences(base, theirs))


def _sweep_halves(folder: Path, name: str) -> None:
    """Remove the diffs of *name* that a killed process left half written."""
    for half in folder.glob(f".{glob.escape(name)}-{'[0-9a-f]' * _DIGITS}.patch.*{HALF_WRITTEN}"):
        half.unlink(missing_ok=True)


def apply_command(trees: Trees, diff: Path) -> str:
    """Return the command that applies *diff* as far as it fits and leaves the rest in .rej files."""
    top = shlex.quote(str(trees.repository.top))
    return f"git -C {top} {_unfiltered(trees, diff)}apply --reject --whitespace=nowarn {shlex.quote(str(diff))}"


def _unfiltered(trees: Trees, diff: Path) -> str:
    """Return the options that keep git from filtering the files of *diff*, which holds them as they are."""
    if not trees.settings.filters:
        return ""
    listed = trees.run("apply", "--numstat", "-z", str(diff)).split("\0")
    names = trees.filters_of([line.split("\t", 2)[2] for line in listed if line]).values()
    off = (f"filter.{name}.{key}" for name in sorted(set(names)) for key in _OFF)
    return "".join(f"-c {shlex.quote(setting)} " for setting in off)


def _merged(
    trees: Trees, base: FilesTree, theirs: FilesTree, modes: Mapping[str, int] | None
) -> tuple[tuple[str, ...], bool, Undo]:
    """Return the written files, whether the work tree had moved, and what takes them back. If it raises _Conflict or
    Changed, it wrote nothing."""
    for left in reversed(range(_TRIES)):
        ours = take_mark(trees).files
        target = _merged_tree(trees, base, ours, theirs)
        changes = trees.differences(ours, target)
        odd = [path for path, pair in changes.items() if any(entry and entry.mode == GITLINK_MODE for entry in pair)]
        if odd:
            raise _Conflict(odd)
        try:
            undo = _write(trees, ours, changes, modes)
        except Changed:
            if not left:
                raise
            continue
        return tuple(sorted(changes)), ours != base, undo
    raise AssertionError("a merge is tried at least once")


def _merged_tree(trees: Trees, base: FilesTree, ours: FilesTree, theirs: FilesTree) -> FilesTree:
    """Return the tree with both changes. Git itself takes paths that only one side changed."""
    trees.empty_index(_MERGED)
    if ours == base:  # even then, git reports a folder in place of a file as a conflict
        trees.run("read-tree", theirs, index=_MERGED)
        return theirs
    try:
        trees.run("read-tree", "-m", "-i", "--aggressive", base, ours, theirs, index=_MERGED)
        unmerged = _unmerged(trees)
    except WorkspaceError:
        raise _Conflict(tuple(trees.differences(base, theirs))) from None
    in_conflict = [path for path, sides in unmerged.items() if not _merge_file(trees, path, sides)]
    if in_conflict:
        raise _Conflict(in_conflict)
    try:
        return trees.write(_MERGED)
    except WorkspaceError:  # a file here, a folder of that name there
        raise _Conflict(tuple(trees.differences(base, theirs))) from None


def _unmerged(trees: Trees) -> dict[str, dict[int, Entry]]:
    """Return the entries of each path that both sides changed, by stage: 1 base, 2 ours, 3 theirs."""
    found: dict[str, dict[int, Entry]] = {}
    for path, stage, entry in trees.staged(_MERGED, "--unmerged"):
        found.setdefault(path, {})[stage] = entry
    return found


def _merge_file(trees: Trees, path: str, sides: Mapping[int, Entry]) -> bool:
    """Merge one file that both sides changed into the index; False if the changes conflict."""
    if len(sides) < 3 or any(entry.mode in (GITLINK_MODE, LINK_MODE) for entry in sides.values()):
        return False
    base, ours, theirs = sides[1], sides[2], sides[3]
    mode = theirs.mode if ours.mode == base.mode else ours.mode
    with tempfile.TemporaryDirectory(prefix="profile-router-") as folder:
        files = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for file, entry in zip(files, (ours, base, theirs), strict=True):
            file.write_bytes(trees.content(entry))
        if b"\0" in b"".join(file.read_bytes()[:8_000] for file in files):
            return False
        try:
            trees.run("merge-file", "--quiet", *map(str, files))
        except WorkspaceError:  # it ends with the number of conflicts
            return False
        merged = trees.store_text(os.fsdecode(files[0].read_bytes()))
    trees.put({path: Entry(mode, merged)}, _MERGED)
    return True


def _write(
    trees: Trees,
    ours: FilesTree,
    changes: Mapping[str, tuple[Entry | None, Entry | None]],
    modes: Mapping[str, int] | None,
) -> Undo:
    """Write the difference between *ours* (the work tree as we saw it) and the merged tree; return what takes it back.

    Raises Changed.
    """
    top = trees.repository.top
    # A folder stands where a new file goes. Once its removed files are gone it is empty; if not, it is in the way.
    before = {
        path: None if not was and is_nothing_of_git(top / path) else found_at(top, path)
        for path, (was, _) in changes.items()
    }
    for path, (entry, _) in changes.items():
        if (entry is None) != (before[path] is None):  # for example an ignored file at the path of a new one
            raise Changed(path)
    # Our reading matches git's only if git still sees the same.
    moved = set(trees.differences(ours, take_mark(trees).files)) & set(changes)
    if moved:
        raise Changed(min(moved))
    with tempfile.TemporaryDirectory(prefix="profile-router-") as folder:
        staged = Path(os.path.realpath(folder))
        trees.write_out([path for path, (_, entry) in changes.items() if entry], _MERGED, staged)
        after = {path: _staged(staged, path, entry) for path, (_, entry) in changes.items()}
    order = sorted(changes, key=lambda path: (after[path] is not None, path))  # a folder may replace a file
    write_all(top, before, after, order, modes)
    return undo_of_writes(before, after)


def _staged(folder: Path, path: str, entry: Entry | None) -> Found | None:
    if entry is None:
        return None
    found = found_at(folder, path)
    if found is None:
        raise WorkspaceError(f"git did not write '{path}' out; see what `git check-attr -a '{path}'` says")
    return found if entry.mode == LINK_MODE else Found(found.content, 0o755 if entry.mode == PROGRAM_MODE else 0o644)


def _shown(paths: Sequence[str]) -> tuple[str, ...]:
    """Return *paths* as text: names need not be UTF-8."""
    return tuple(os.fsencode(path).decode("utf-8", "replace") for path in paths)
