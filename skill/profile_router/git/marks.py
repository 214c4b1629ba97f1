"""Take the files of a work tree as a mark: the content of files git does not ignore, and the facts of large ones.

Only this module turns a work tree into a git tree. A mark records only the size and times of a file that is too large
to store: reading gigabytes before and after each run would take longer than the run. These facts are not part of a
tree. So code that lays out, merges or takes back trees never writes or removes a large file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from profile_router.errors import WorkspaceError
from profile_router.git.command import git
from profile_router.git.trees import GITLINK, Entry, FilesTree, Trees
from profile_router.state.folder import write_private

LARGE = 64 * 1024 * 1024  # bytes of one file; git reads about 200 MB a second into a mark
MOST = 1024 * 1024 * 1024  # bytes of all files read only because git does not store their content
_INDEX = "index"
_LAST = "last-mark"


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class LargeFile:
    """LargeFile of a file with no stored content: bytes, and nanoseconds of its last change and of its entry."""

    size: int
    modified: int
    changed: int


def take(trees: Trees, below: Path | None = None) -> Mark:
    """Return a mark of all tracked and untracked files *below* a folder of the work tree, without ignored ones. If the
    last mark of this store held only facts of a file, this one does not read it either.

    Raises WorkspaceError, and StateError where our store cannot be written.
    """
    top = trees.repository.top
    part = os.path.relpath(below or top, top)
    trees.users_index(_INDEX)
    facts, unread = _sorted_out(trees, part)
    _read_anew(trees, unread)
    _forget(trees, facts)
    _add(trees, top, _INDEX, part, tuple(facts))
    mark = Mark(trees.write(_INDEX), _kept_facts(trees, facts))
    write_private(trees.store / _LAST, str(mark))
    return mark


def take_copy(trees: Trees, files: Path, index: str, leave_out: Sequence[str] = ()) -> FilesTree:
    """Return the tree of all files in the folder *files*, a copy of ours, without *leave_out*. It holds large files
    too: they exist only in the copy."""
    _add(trees, files, index, ".", leave_out)
    return trees.write(index, files)


def facts_of(trees: Trees, mark: Mark) -> Mapping[str, LargeFile]:
    """Return the files that *mark* knows only by their facts. Raises WorkspaceError if the mark is gone."""
    if not mark.facts:
        return {}
    words = os.fsdecode(trees.content(Entry("100644", mark.facts))).split("\0")
    return {words[at]: LargeFile(*map(int, words[at + 1 : at + 4])) for at in range(0, len(words) - 1, 4)}


def _kept_facts(trees: Trees, facts: Mapping[str, LargeFile]) -> str:
    lines = (f"{path}\0{fact.size}\0{fact.modified}\0{fact.changed}\0" for path, fact in sorted(facts.items()))
    return trees.keep_text("".join(lines)) if facts else ""


def _sorted_out(trees: Trees, part: str) -> tuple[dict[str, LargeFile], list[tuple[str, Entry]]]:
    """Return the files too large to store, and the entries that git would not read by itself."""
    filtered = dict(_filtered(trees, part))
    others = filter(None, trees.run("ls-files", "-z", "--others", "--exclude-standard", "--", _spec(part)).split("\0"))
    last, known = _last(trees)
    found = {path: fact for path in {*filtered, *others, *last} if (fact := _look(trees.repository.top / path))}
    large = {path: fact for path, fact in found.items() if fact.size >= LARGE or path in last}
    room = MOST - sum(fact.size for path, fact in found.items() if path not in large)
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


def _look(file: Path) -> LargeFile | None:
    try:
        found = file.lstat()
    except (OSError, ValueError):
        return None
    return LargeFile(found.st_size, found.st_mtime_ns, found.st_ctime_ns) if stat.S_ISREG(found.st_mode) else None


def _filtered(trees: Trees, part: str) -> Iterator[tuple[str, Entry]]:
    """Yield the tracked files that git stores through a filter."""
    if trees.settings.filters:
        entries = dict(_entries(trees, _INDEX, part))
        yield from ((path, entries[path]) for path in trees.filters_of(entries) if entries[path].mode.startswith("100"))


def _read_anew(trees: Trees, entries: Sequence[tuple[str, Entry]]) -> None:
    """Drop the times of *entries* from the index, so that git reads their content."""
    lines = "".join(f"{entry.mode} {entry.object}\t{path}\0" for path, entry in entries)
    if lines:
        trees.run("update-index", "-z", "--index-info", index=_INDEX, send=lines)


def _forget(trees: Trees, paths: Mapping[str, LargeFile]) -> None:
    if paths:
        trees.run("update-index", "-z", "--force-remove", "--stdin", send="".join(f"{path}\0" for path in paths))


def _add(trees: Trees, files: Path, index: str, part: str, leave_out: Sequence[str]) -> None:
    """Update the index of that name to *part* of the folder *files*, without *leave_out*."""
    trees.unlock(index)
    links = _set_links(trees, files, index, part)
    names = [_spec(part), *(f":(top,exclude,literal){name}" for name in (*leave_out, *links))]
    words = ("add", "--all", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul")
    trees.run(*words, files=files, index=index, ok=(0, 1), send="".join(f"{name}\0" for name in names))


def _set_links(trees: Trees, files: Path, index: str, part: str) -> list[str]:
    """Note the commits of the repositories inside this one, and return their paths. `git add` would ask each if it is
    dirty, and that git runs programs from the inner repository's settings.
    """
    lines, links = [], []
    for path, entry in _entries(trees, index, part, files):
        place = files / path
        if entry.mode == GITLINK and place.is_dir() and not place.is_symlink():
            links.append(path)
            if os.path.lexists(place / ".git"):
                head = git(place, "rev-parse", "--quiet", "--verify", "HEAD^{commit}", ok=(0, 1, 128)).strip()
                lines += [f"{GITLINK} {head}\t{path}\0"] if head else []
    if lines:
        trees.run("update-index", "-z", "--index-info", files=files, index=index, send="".join(lines))
    return links


def _entries(trees: Trees, index: str, part: str, files: Path | None = None) -> Iterator[tuple[str, Entry]]:
    """Yield the paths and entries of the index of that name, without those in conflict."""
    listed = trees.run("ls-files", "-z", "--stage", "--", _spec(part), files=files, index=index)
    for line in filter(None, listed.split("\0")):
        entry, _, path = line.partition("\t")
        mode, name, stage = entry.split(" ")
        if stage == "0":
            yield path, Entry(mode, name)


def _spec(part: str) -> str:
    return "." if part == "." else f":(top,literal){part}"
