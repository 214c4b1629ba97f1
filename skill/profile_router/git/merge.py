"""Bring what was done in an isolated copy into the work tree as it is now: three-way, all of it or nothing.

Only files of the work tree are written: never the index, HEAD, a branch or the stash. Whoever edits meanwhile wins.
"""

from __future__ import annotations

import glob
import os
import secrets
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from profile_router.errors import StateError, WorkspaceError
from profile_router.git.lock import locked
from profile_router.git.marks import take
from profile_router.git.trees import GITLINK, LINK, PROGRAM, Entry, FilesTree, Trees
from profile_router.git.writes import Changed, Found, is_folder, look, sweep, write_all
from profile_router.state.folder import private_folder
from profile_router.state.whole_files import HALF, write_whole

DIFFS = "diffs"
_TRIES = 3  # somebody who types on in the same file wins after that
_OFF = ("clean=", "smudge=", "process=", "required=false")  # no program, and no complaint that there is none
_DIGITS = 8  # hexadecimal, in the name of a diff
_MERGED = "merged"  # the index that a merge is made in


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """How a merge ended. `files` are those it changed, or those in conflict; `moved`: the work tree was not any more
    what the copy began with. `diff` is where a change that could not be merged is kept, `apply` how to apply it."""

    merged: bool
    files: tuple[str, ...]
    moved: bool = False
    diff: Path | None = None
    apply: str = ""


class _Conflict(Exception):
    def __init__(self, paths: Sequence[str]) -> None:
        super().__init__(*paths)
        self.paths = tuple(sorted(set(paths)))


def merge(trees: Trees, base: FilesTree, theirs: FilesTree, state: Path, name: str) -> Merge:
    """Bring the change from *base* to *theirs* into the work tree; keep it as a file where that cannot be.

    The file is there before the first byte is written, so that a crash in the middle loses nothing.
    """
    kept = keep_diff(trees, base, theirs, state, name)
    try:
        with locked(trees.repository, state):
            files, moved = _merged(trees, base, theirs)
    except (_Conflict, Changed) as conflict:
        paths = conflict.paths if isinstance(conflict, _Conflict) else (conflict.path,)
        return Merge(merged=False, files=_shown(paths), diff=kept, apply=apply_command(trees, kept))
    kept.unlink()
    return Merge(merged=True, files=_shown(files), moved=moved)


def keep_diff(trees: Trees, base: FilesTree, theirs: FilesTree, state: Path, name: str) -> Path:
    """Write the difference of two trees to a new file for its owner only, below *state*; return the file.

    Raises StateError where it cannot be written.
    """
    file = private_folder(Path(os.path.realpath(state)) / DIFFS) / f"{name}-{secrets.token_hex(_DIGITS // 2)}.patch"
    _sweep_halves(file.parent, name)
    patch = trees.patch(base, theirs)
    try:
        write_whole(file, patch)
    except OSError as error:
        raise StateError(f"{file} cannot be written ({error.strerror}); make room there") from None
    return file


def clear_halves(trees: Trees, base: FilesTree, theirs: FilesTree, state: Path, name: str) -> None:
    """Remove what a merge of this change that was killed left: its diff, and files that had not got their names yet."""
    patch = trees.patch(base, theirs)
    folder = Path(os.path.realpath(state)) / DIFFS
    _sweep_halves(folder, name)
    for file in folder.glob(f"{glob.escape(name)}-*.patch"):
        if file.read_bytes() == patch:
            file.unlink()
    with locked(trees.repository, state):
        sweep(trees.repository.top, trees.differences(base, theirs))


def _sweep_halves(folder: Path, name: str) -> None:
    """Remove the diffs of *name* that a killed process had not written to their end."""
    for half in folder.glob(f".{glob.escape(name)}-{'[0-9a-f]' * _DIGITS}.patch.*{HALF}"):
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


def _merged(trees: Trees, base: FilesTree, theirs: FilesTree) -> tuple[tuple[str, ...], bool]:
    """Return what was written, and whether the work tree had moved. Raises _Conflict or Changed: then nothing was."""
    for left in reversed(range(_TRIES)):
        ours = take(trees).files
        target = _merged_tree(trees, base, ours, theirs)
        changes = trees.differences(ours, target)
        odd = [path for path, pair in changes.items() if any(entry and entry.mode == GITLINK for entry in pair)]
        if odd:
            raise _Conflict(odd)
        try:
            _write(trees, ours, changes)
        except Changed:
            if not left:
                raise
            continue
        return tuple(sorted(changes)), ours != base
    raise AssertionError("a merge is tried at least once")


def _merged_tree(trees: Trees, base: FilesTree, ours: FilesTree, theirs: FilesTree) -> FilesTree:
    """Return the tree in which both changes are. What only one side changed is git's own work."""
    trees.empty_index(_MERGED)
    if ours == base:  # git takes a folder in the place of a file for a conflict even then
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
    for line in trees.run("ls-files", "-z", "--unmerged", index=_MERGED).split("\0"):
        if line:
            entry, _, path = line.partition("\t")
            mode, name, stage = entry.split(" ")
            found.setdefault(path, {})[int(stage)] = Entry(mode, name)
    return found


def _merge_file(trees: Trees, path: str, sides: Mapping[int, Entry]) -> bool:
    """Merge one file that both sides changed into the index; False where they contradict each other."""
    if len(sides) < 3 or any(entry.mode in (GITLINK, LINK) for entry in sides.values()):
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
        merged = trees.keep(files[0])
    trees.run("update-index", "--add", "--cacheinfo", f"{mode},{merged},{path}", index=_MERGED)
    return True


def _write(trees: Trees, ours: FilesTree, changes: Mapping[str, tuple[Entry | None, Entry | None]]) -> None:
    """Write what differs between *ours*, the work tree as it was seen, and the merged tree. Raises Changed."""
    top = trees.repository.top
    # A folder in the place of a new file is empty once the files in it that have to go are gone, or is in the way.
    before = {
        path: None if not was and is_folder(top / path) else look(top, path) for path, (was, _) in changes.items()
    }
    for path, (entry, _) in changes.items():
        if (entry is None) != (before[path] is None):  # a file that git ignores, say, where a new one is to be
            raise Changed(path)
    # What was just read is what git saw only if git still sees the same.
    moved = set(trees.differences(ours, take(trees).files)) & set(changes)
    if moved:
        raise Changed(min(moved))
    with tempfile.TemporaryDirectory(prefix="profile-router-") as folder:
        staged = Path(os.path.realpath(folder))
        trees.write_out([path for path, (_, entry) in changes.items() if entry], _MERGED, staged)
        after = {path: _staged(staged, path, entry) for path, (_, entry) in changes.items()}
    order = sorted(changes, key=lambda path: (after[path] is not None, path))  # a folder may replace a file
    write_all(top, before, after, order)


def _staged(folder: Path, path: str, entry: Entry | None) -> Found | None:
    if entry is None:
        return None
    found = look(folder, path)
    if found is None:
        raise WorkspaceError(f"git did not write '{path}' out; see what `git check-attr -a '{path}'` says")
    return found if entry.mode == LINK else Found(found.content, 0o755 if entry.mode == PROGRAM else 0o644)


def _shown(paths: Sequence[str]) -> tuple[str, ...]:
    """Return *paths* as text: names need not be UTF-8."""
    return tuple(os.fsencode(path).decode("utf-8", "replace") for path in paths)
