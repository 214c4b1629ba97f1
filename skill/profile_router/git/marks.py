"""Take and compare marks of a work tree: the content of unignored files, and the facts of large ones.

Only this module turns a work tree into a git tree. A mark records only the size and times of a file that is too large
to store. Reading gigabytes before and after each run would take longer than the run. These facts are not part of a
tree. So code that lays out, merges or takes back trees never writes or removes a large file.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from profile_router.core.ladder.receipt import ChangedFile
from profile_router.errors import WorkspaceError
from profile_router.expressions import expression
from profile_router.git.command import git
from profile_router.git.listing import TreeListing, watched_listing
from profile_router.git.modes import keep_modes
from profile_router.git.repository import find_repository
from profile_router.git.trees import GITLINK_MODE, Entry, FilesTree, Trees
from profile_router.git.writes import is_behind_link
from profile_router.state.folder import usable, write_private
from profile_router.values import frozen

LARGE = 64 * 1024 * 1024  # bytes of one file; git reads about 200 MB a second into a mark
MOST_MARK_BYTES = 1024 * 1024 * 1024  # bytes of all files read only because git does not store their content
_INDEX = "index"
_LAST = "last-mark"
_KNOWN = "known-tree"
_HEAD = expression(r"^(?=diff --git )", re.MULTILINE)
_WAYS = ("--no-renames", "--no-ext-diff", "--no-textconv")


@frozen(kw_only=False)
class Mark:
    """A work tree at one moment. `files` is the tree of contents. `facts` is an object listing the files too large to
    store; empty if there are none."""

    files: FilesTree
    facts: str = ""

    def __str__(self) -> str:
        return f"{self.files}:{self.facts}" if self.facts else self.files

    @classmethod
    def read(cls, text: str) -> Mark:
        """Return the mark that was written as *text*."""
        files, _, facts = text.partition(":")
        return cls(FilesTree(files), facts)


@frozen(kw_only=False)
class LargeFile:
    """A file whose content is not stored: bytes, and nanoseconds of its last change and of its entry."""

    size: int
    modified: int
    changed: int


def take_mark(trees: Trees, below: Path | None = None) -> Mark:
    """Return a mark of all tracked and untracked files *below* a folder of the work tree, without ignored ones. If the
    last mark of this store held only facts of a file, this one does not read it either.

    Raises WorkspaceError, and StateError where our store cannot be written.
    """
    top = trees.repository.top
    part = os.path.relpath(below or top, top)
    trees.users_index(_INDEX)
    seen = watched_listing(trees, _INDEX, _spec(part))
    facts, unread = _sorted_out(trees, seen)
    if facts or unread or not seen.as_indexed:
        # Git reads content anew whose times it does not know. It keeps the entry of a file that became a pipe.
        trees.put({**dict(unread), **dict.fromkeys((*facts, *seen.odd))}, _INDEX)
        _add(trees, top, _INDEX, part, tuple(facts), seen.entries)
    mark = Mark(_written(trees), _stored_facts(trees, facts))
    whole = part == "."  # else git has seen a part of the index alone
    keep_modes(trees, mark.files, lambda: (*seen.entries, *seen.others) if whole else trees.listed(_INDEX))
    write_private(trees.store / _LAST, str(mark))
    return mark


def take_copy(trees: Trees, files: Path, index: str, leave_out: Sequence[str] = ()) -> FilesTree:
    """Return the tree of all files in the folder *files*, a copy of ours, without *leave_out*. It holds large files
    too: they exist only in the copy."""
    entries = {path: entry for path, stage, entry in trees.staged(index, files=files) if stage == 0}
    _add(trees, files, index, ".", leave_out, entries)
    return trees.write(index, files)


def _written(trees: Trees) -> FilesTree:
    """Return the tree of our index. Where the index is what it was at the last mark, the tree is known."""
    with usable(trees.store):
        index, known = trees.index(_INDEX), trees.store / _KNOWN
        digest = hashlib.sha256(index.read_bytes()).hexdigest() if index.exists() else ""
        before, _, tree = known.read_text("ascii", "replace").partition(" ") if known.exists() else ("", "", "")
    if not digest or digest != before:
        tree = trees.write(_INDEX)
        write_private(known, f"{digest} {tree}")
    return FilesTree(tree)


def facts_of(trees: Trees, mark: Mark) -> Mapping[str, LargeFile]:
    """Return the files that *mark* knows only by their facts. Raises WorkspaceError if the mark is gone."""
    if not mark.facts:
        return {}
    words = os.fsdecode(trees.content(Entry("100644", mark.facts))).split("\0")
    return {words[at]: LargeFile(*map(int, words[at + 1 : at + 4])) for at in range(0, len(words) - 1, 4)}


def differing(before: Mapping[str, LargeFile], after: Mapping[str, LargeFile]) -> list[str]:
    """Return the paths of large files whose facts differ, sorted."""
    return [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]


def _stored_facts(trees: Trees, facts: Mapping[str, LargeFile]) -> str:
    lines = (f"{path}\0{fact.size}\0{fact.modified}\0{fact.changed}\0" for path, fact in sorted(facts.items()))
    return trees.store_text("".join(lines)) if facts else ""


def _sorted_out(trees: Trees, seen: TreeListing) -> tuple[dict[str, LargeFile], list[tuple[str, Entry]]]:
    """Return the files too large to store, and the entries that git would not read by itself."""
    filtered = dict(_filtered(trees, seen.entries))
    last, known = _last(trees)
    found = {path: fact for path in {*filtered, *seen.others, *last} if (fact := _look(trees.repository.top, path))}
    large = {path: fact for path, fact in found.items() if fact.size >= LARGE or path in last}
    room = MOST_MARK_BYTES - sum(fact.size for path, fact in found.items() if path not in large)
    if room < 0:
        names = set(trees.run("ls-tree", "-r", "-z", "--name-only", known, ok=(0, 128)).split("\0")) if known else set()
        for path in sorted(set(found) - set(large), key=lambda path: (path in names, -found[path].size, path)):
            if room >= 0:
                break
            large[path] = found[path]
            room += found[path].size
    return large, [(path, entry) for path, entry in filtered.items() if path in found and path not in large]


def _last(trees: Trees) -> tuple[frozenset[str], FilesTree | None]:
    """Return the facts and the stored files of the last mark of this store: the next mark follows it."""
    try:
        mark = Mark.read((trees.store / _LAST).read_text(encoding="ascii"))
        return frozenset(facts_of(trees, mark)), mark.files
    except (OSError, ValueError, WorkspaceError):
        return frozenset(), None


def _look(top: Path, path: str) -> LargeFile | None:
    try:
        if is_behind_link(top, path):
            return None
        found = (top / path).lstat()
    except (OSError, ValueError):
        return None
    return LargeFile(found.st_size, found.st_mtime_ns, found.st_ctime_ns) if stat.S_ISREG(found.st_mode) else None


def _filtered(trees: Trees, entries: Mapping[str, Entry]) -> Iterator[tuple[str, Entry]]:
    """Yield those of *entries*, by path, that are files which git stores through a filter."""
    yield from ((path, entries[path]) for path in trees.filters_of(entries) if entries[path].mode.startswith("100"))


def _add(
    trees: Trees, files: Path, index: str, part: str, leave_out: Sequence[str], entries: Mapping[str, Entry]
) -> None:
    """Update the index of that name, of which these are the *entries*, to *part* of the folder *files*, without
    *leave_out*."""
    trees.unlock(index)
    links = _set_links(trees, files, index, entries)
    names = [_spec(part), *(f":(top,exclude,literal){name}" for name in (*leave_out, *links))]
    words = ("add", "--all", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul")
    trees.run(*words, files=files, index=index, ok=(0, 1), send="".join(f"{name}\0" for name in names))


def _set_links(trees: Trees, files: Path, index: str, entries: Mapping[str, Entry]) -> list[str]:
    """Note the commits of the repositories inside this one, and return their paths. `git add` would ask each if it is
    dirty, and that git runs programs from the inner repository's settings.
    """
    heads: dict[str, Entry] = {}
    links = []
    for path, entry in entries.items():
        place = files / path
        if entry.mode == GITLINK_MODE and place.is_dir() and not place.is_symlink():
            links.append(path)
            if os.path.lexists(place / ".git"):
                head = git(place, "rev-parse", "--quiet", "--verify", "HEAD^{commit}", ok=(0, 1, 128)).strip()
                heads |= {path: Entry(GITLINK_MODE, head)} if head else {}
    trees.put(heads, index, files)
    return links


def _spec(part: str) -> str:
    return "." if part == "." else f":(top,literal){part}"


@cache
def _one_of(_store: Path) -> threading.Lock:
    """Return the lock of a store: a mark around a command that was given up may still be under way."""
    return threading.Lock()


class GitSnapshots:
    """Takes and compares marks of *root*. *scratch* is a folder of ours: the repository itself is never written."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self._root = root
        self.trees = Trees(find_repository(root), scratch)
        self._start = self.trees.start(root)

    def take(self) -> str:
        """Return a mark of all tracked and untracked files that are not ignored. Raises WorkspaceError."""
        with _one_of(self.trees.store):
            return str(take_mark(self.trees, self._root))

    def changes(self, before: str, after: str) -> tuple[ChangedFile, ...]:
        """Return the files that differ between two marks, with their line counts. A rename is a removal and an
        addition."""
        first, second = Mark.read(before), Mark.read(after)
        if first == second:
            return ()
        found = {}
        for entry in filter(None, self._diff("--numstat", "-z", first.files, second.files).split("\0")):
            added, removed, path = entry.split("\t", 2)
            found[path] = _changed(path, added, removed)
        found |= {path: _changed(path, "-", "-") for path in self._large(first, second)}
        return tuple(found[path] for path in sorted(found, key=os.fsencode))

    def paths(self, before: str, after: str) -> tuple[str, ...]:
        """Return the files that differ between two marks, each by its path below the root as git has it."""
        first, second = Mark.read(before), Mark.read(after)
        differ = self.trees.differences(first.files, second.files)
        inside = (path.removeprefix(self._start) for path in differ if path.startswith(self._start))
        return (*inside, *self._large(first, second))

    def patches(self, before: str, after: str) -> tuple[tuple[str, str], ...]:
        """Return the path of each file that differs between two marks, with its part of a patch. A file above a
        megabyte counts as binary. A path that changed its kind (a file, now a link) has two parts.
        """
        first, second = Mark.read(before), Mark.read(after)
        if first == second:
            return ()
        listed = self._diff("--name-status", "-z", first.files, second.files).split("\0")
        names = [
            path for kind, path in zip(listed[::2], listed[1::2], strict=False) for _ in range(2 if kind == "T" else 1)
        ]
        # Git quotes names here. Lines of a file begin with a blank, + or -, so none looks like a header.
        shown = ("--patch", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
        parts = _HEAD.split(self._diff(*shown, first.files, second.files))
        large = ((path, "\nBinary files differ\n") for path in self._large(first, second))
        return (*zip(names, parts[1:], strict=True), *large)

    def contents(
        self,
        before: str,
        after: str,
        *,
        most: int,
        among: Callable[[str], bool] = lambda _: True,
        rank: Callable[[str], int] = lambda _: 0,
    ) -> Iterator[tuple[str, bytes | None, bytes | None]]:
        """Yield at *most* so many plain files *among* those that differ between two marks, the lowest *rank* before
        others. Each has both contents (None: absent)."""
        pairs = self.trees.differences(Mark.read(before).files, Mark.read(after).files)
        inside = [path for path in sorted(pairs) if path.startswith(self._start)]
        inside = [path for path in inside if among(path.removeprefix(self._start))]
        for path in sorted(sorted(inside, key=lambda path: rank(path.removeprefix(self._start)))[:most]):
            old, new = (self.trees.content(entry) if _is_plain_file(entry) else None for entry in pairs[path])
            yield path.removeprefix(self._start), old, new

    def _diff(self, *args: str) -> str:
        large = ("-c", "core.bigFileThreshold=1m")
        return self.trees.run(*large, "diff", f"--relative={self._start}", *_WAYS, *args)

    def _large(self, before: Mark, after: Mark) -> list[str]:
        """Return the large files with different facts in the two marks, relative to the root."""
        differ = differing(facts_of(self.trees, before), facts_of(self.trees, after))
        return [path.removeprefix(self._start) for path in differ if path.startswith(self._start)]


def _is_plain_file(entry: Entry | None) -> bool:
    return entry is not None and entry.mode.startswith("100")


def path_as_text(path: str) -> str:
    """Return *path*, whose name need not be UTF-8, as it may be told."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _changed(path: str, added: str, removed: str) -> ChangedFile:
    return ChangedFile(
        path=path_as_text(path),
        lines_added=None if added == "-" else int(added),
        lines_removed=None if removed == "-" else int(removed),
    )
