"""What git says of a work tree against an index, by one call: entries, files beside them, what differs."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from profile_router.git.trees import GITLINK_MODE, Entry, Trees
from profile_router.git.writes import any_behind_link
from profile_router.values import frozen

# `-v` sets a letter before each line: `?` an untracked file, `H` and `S` an entry, `M` one in conflict. `C` and `R`
# repeat the entries whose file is changed or gone. `S` is an entry that the work tree is to leave out. A small letter
# is one that is to count as unchanged. Git looks at the files of neither.
_WORDS = ("-z", "-v", "--stage", "--others", "--exclude-standard", "--modified", "--deleted")
_ENTRY, _UNWATCHED, _OTHER = "HShs", "Shs", "?"


@frozen
class TreeListing:
    """A part of a work tree. `entries` are those of the index by path, without those in conflict; `others` are the
    untracked files, without ignored ones. `as_indexed`: all is as the index has it, so there is nothing to add.
    `odd` are entries in whose place there is a pipe, a socket or a device. `unwatched` are those whose files git was
    told not to look at."""

    entries: Mapping[str, Entry]
    others: tuple[str, ...]
    as_indexed: bool
    odd: tuple[str, ...]
    unwatched: Mapping[str, Entry]


def listing(trees: Trees, index: str, spec: str) -> TreeListing:
    """Return what is at *spec* of the work tree against the index of that name. Raises WorkspaceError.

    Git compares the facts of a file, and its content where these do not tell.
    """
    entries: dict[str, Entry] = {}
    others: list[str] = []
    unwatched: list[str] = []
    changed: list[str] = []
    for line in trees.run("ls-files", *_WORDS, "--", spec, index=index).split("\0")[:-1]:
        tag = line[0]
        if tag in _ENTRY:
            entry, _, path = line[2:].partition("\t")
            mode, name, _ = entry.split(" ")
            entries[path] = Entry(mode, name)
            if tag in _UNWATCHED:
                unwatched.append(path)
        elif tag == _OTHER:
            others.append(line[2:])
        else:
            changed.append(line.partition("\t")[2])
    same = not changed and not others and not any(entry.mode == GITLINK_MODE for entry in entries.values())
    behind = any_behind_link(trees.repository.top, entries)  # there git finds a file, but not ours
    return TreeListing(
        entries=entries,
        others=tuple(others),
        as_indexed=same and not behind,
        odd=tuple(path for path in dict.fromkeys(changed) if _is_odd(f"{trees.repository.top}/{path}")),
        unwatched={path: entries[path] for path in unwatched},
    )


def watched_listing(trees: Trees, index: str, spec: str) -> TreeListing:
    """Return the listing of *spec*, once our index of that name has git look at each file. Raises WorkspaceError.

    People tell git to look away from files that they keep to themselves, such as local settings. Of a sparse work tree
    the files that are not there stay unwatched: it has them in its index alone.
    """
    seen = listing(trees, index, spec)
    hidden = seen.unwatched
    if hidden and trees.settings.sparse:
        hidden = {path: hidden[path] for path in _present(trees.repository.top, hidden)}
    if not hidden:
        return seen
    trees.put(hidden, index)  # an entry that is put anew has no such bit, nor times that could be old
    return listing(trees, index, spec)


def _is_odd(place: str) -> bool:
    try:
        mode = os.lstat(place).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode))


def _present(top: Path, paths: Iterable[str]) -> list[str]:
    """Return those of *paths*, which may be most of a repository, that are below *top*."""
    folders: dict[str, bool] = {}
    found = []
    for path in paths:
        above = os.path.dirname(path)  # noqa: PTH120 - of each file of a repository
        if above not in folders:
            folders[above] = os.path.isdir(f"{top}/{above}")  # noqa: PTH112
        if folders[above] and os.path.lexists(f"{top}/{path}"):
            found.append(path)
    return found
