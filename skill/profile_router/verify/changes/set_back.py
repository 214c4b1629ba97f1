"""Bring files back to what they were before a run, without losing anything. The next attempt starts from a clean tree.

What is taken back is saved below our state first. It is done as a merge, so that what somebody changed meanwhile stays.
Where it cannot be merged, nothing is touched. A second time, after a crash in the middle, changes nothing more.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from profile_router.core.attempt.handoff import SetBack
from profile_router.core.text import shown, some_of
from profile_router.git.marks import LargeFile, Mark, differing, facts_of
from profile_router.git.merge import DIFFS, apply_command, merge_trees, save_diff, saved_diffs
from profile_router.git.modes import modes_of
from profile_router.git.trees import Entry, FilesTree, Trees
from profile_router.git.writes import Changed, Found, found_at, write_all
from profile_router.outside.json_reader import read_json
from profile_router.state.folder import private_folder, write_private
from profile_router.state.whole_files import PRIVATE_MODE, write_whole
from profile_router.workspace.content import shown_size

_TARGET = "set-back"  # the index that the tree to go back to is made in
_SAVED = "the files are as they were before; what was tried in them is kept, apply it with: "

_Pair = tuple[Entry | None, Entry | None]
T = TypeVar("T")


def remembered(scratch: Path, number: int) -> SetBack | None:
    """Return what was done for the attempt *number*, None where nothing was: it may not be done while one works."""
    try:
        said = read_json(_noted(scratch, number).read_bytes())
    except (OSError, ValueError):
        return None
    done, saved = bool(said["done"]), bool(said.get("saved"))
    return SetBack(done=done, note=str(said["note"]), left=tuple(said.get("left", ())), saved=saved)


def remember(scratch: Path, number: int, done: SetBack) -> None:
    """Note that the files were set back for the attempt *number*. Raises StateError."""
    write_private(_noted(scratch, number), json.dumps(asdict(done)))


def _noted(scratch: Path, number: int) -> Path:
    return scratch / f"set-back-{number}.json"


def set_back_by_git(
    trees: Trees, root: Path, state: Path, name: str, marks: tuple[str, str], wrote: Collection[str] | None
) -> SetBack:
    """Undo in the work tree around *root* what changed between two *marks* of *trees*.

    *wrote* are the only files to be touched, relative to *root*; None: all below it. Raises WorkspaceError.
    """
    first, second = (Mark.read(mark) for mark in marks)
    before, after = first.files, second.files
    large = facts_of(trees, first), facts_of(trees, second)
    changes = _mine(trees, root, trees.differences(before, after), wrote)
    changes = {path: pair for path, pair in changes.items() if path not in large[0] and path not in large[1]}
    changes = _without_revealed(trees, before, changes)
    left = "; ".join(
        filter(None, (_too_large(trees, root, large, wrote), _other_repositories(trees, root, before, wrote)))
    )
    if not changes:
        return SetBack(done=True, note=left)
    trees.empty_index(_TARGET)
    trees.run("read-tree", after, index=_TARGET)
    trees.put({path: was for path, (was, _) in changes.items()}, _TARGET)
    target = trees.write(_TARGET)
    there = saved_diffs(trees, target, after, state, name)  # after a crash it may be there already
    saved = there[0] if there else save_diff(trees, target, after, state, name)
    merged = merge_trees(trees, after, target, state, name, modes_of(trees, before))
    if merged.merged:
        for way_back in saved_diffs(trees, after, target, state, name):  # saved by a merge that was killed
            way_back.unlink(missing_ok=True)
        note = f"{_SAVED}{apply_command(trees, saved)}"
        return SetBack(done=True, note=f"{left}; else {note}" if left else note, saved=True)
    if merged.diff is not None:
        merged.diff.unlink(missing_ok=True)
    if not there:
        saved.unlink(missing_ok=True)
    return not_set_back(f"{', '.join(merged.files)} was changed meanwhile")


def stored_files(trees: Trees, root: Path, mark: str) -> frozenset[str]:
    """Return the files below *root*, relative to it, whose content *mark* has. Raises WorkspaceError."""
    start = trees.start(root)
    listed = trees.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", Mark.read(mark).files).split("\0")
    return frozenset(path.removeprefix(start) for path in listed if path and path.startswith(start))


def _mine(trees: Trees, root: Path, changes: Mapping[str, T], wrote: Collection[str] | None) -> dict[str, T]:
    """Return the *changes* below *root* that are among *wrote*."""
    start = trees.start(root)
    return {
        path: pair
        for path, pair in changes.items()
        if path.startswith(start) and (wrote is None or path.removeprefix(start) in wrote)
    }


def _too_large(
    trees: Trees,
    root: Path,
    large: tuple[Mapping[str, LargeFile], Mapping[str, LargeFile]],
    wrote: Collection[str] | None,
) -> str:
    """Say what became of the files whose content a mark does not have: they stay as the attempt left them."""
    before, after = large
    said = []
    for path in _mine(trees, root, dict.fromkeys(differing(before, after)), wrote):
        became = "was deleted" if path not in after else "is new" if path not in before else "was changed"
        said.append(f"{shown(path)} ({shown_size((before.get(path) or after[path]).size)}) {became}")
    return f"not taken back, because too large to keep: {some_of(said)}" if said else ""


def _without_revealed(trees: Trees, before: FilesTree, changes: dict[str, _Pair]) -> dict[str, _Pair]:
    """Return *changes* without the files that only seem new: git ignored them before, by a rule that is gone since."""
    rules = any(path.rpartition("/")[2] == ".gitignore" for path in changes)
    fresh = [path for path, (was, _) in changes.items() if was is None]
    hidden = trees.ignored_by(before, fresh) if rules and fresh else frozenset()
    return {path: pair for path, pair in changes.items() if path not in hidden}


def _other_repositories(trees: Trees, root: Path, before: FilesTree, wrote: Collection[str] | None) -> str:
    """Say in which submodules, whose files are in no tree of ours, something may have been changed; mostly none."""
    written = None if wrote is None else [os.path.normpath(trees.start(root) + path) for path in wrote]
    inside = [
        link
        for link in trees.gitlinks(before)
        if written is None or any(path.startswith(f"{link}/") for path in written)
    ]
    return f"what was changed inside of {some_of(inside)}, a repository of its own, stays" if inside else ""


def set_back_by_journal(
    root: Path, state: Path, name: str, journal: Mapping[str, bytes | None], ended: Mapping[str, Found | None]
) -> SetBack:
    """Make the files of *journal* below *root* what it says they were, where they are still as they *ended*.

    What they held is copied to a folder below *state* first.
    """
    changed = {path: now for path, now in ended.items() if path in journal and _content(now) != journal[path]}
    if not changed:
        return SetBack(done=True)
    was = {path: None if journal[path] is None else Found(journal[path] or b"") for path in changed}
    saved = _copied(state, name, changed)
    try:
        write_all(root, changed, was, sorted(changed), dict.fromkeys(changed, PRIVATE_MODE))
    except Changed as other:
        return not_set_back(f"{other.path} was changed meanwhile")
    note = f"{_SAVED}cp -R {shlex.quote(f'{saved}/.')} {shlex.quote(str(root))}"
    return SetBack(done=True, note=note, saved=True)


def look_at(root: Path, paths: Collection[str]) -> dict[str, Found | None]:
    """Return what stands at *paths*, without those that are not files any more."""
    found: dict[str, Found | None] = {}
    for path in paths:
        try:
            found[path] = found_at(root, path)
        except Changed:
            continue
    return found


def _copied(state: Path, name: str, files: Mapping[str, Found | None]) -> Path:
    """Save what *files* hold in a folder of its own, the same for the same content."""
    digest = hashlib.sha256()
    for path, found in sorted(files.items()):
        digest.update(f"{path}\0{_content(found) is None}\0".encode("utf-8", "surrogateescape"))
        digest.update(_content(found) or b"")
    top = private_folder(Path(os.path.realpath(state)) / DIFFS / f"{name}-{digest.hexdigest()[:8]}")
    for path, found in files.items():
        if found is not None:
            place = top / path
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(place, found.content)
    return top


def _content(found: Found | None) -> bytes | None:
    return None if found is None else found.content


def not_set_back(why: str) -> SetBack:
    """Say *why* the files stay as the attempt left them."""
    return SetBack(done=False, note=f"what was tried cannot be taken back, and the files stay as they are: {why}")
