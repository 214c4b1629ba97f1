"""What git says of a work tree against an index, by one call: entries, files beside them, what differs."""

from __future__ import annotations

from collections.abc import Mapping

from profile_router.git.trees import GITLINK_MODE, Entry, Trees
from profile_router.git.writes import any_behind_link
from profile_router.values import frozen

# `-t` sets a letter before each line: `?` an untracked file, `H` and `S` an entry, `M` one in conflict. `C` and `R`
# repeat the entries whose file is changed or gone.
_WORDS = ("-z", "-t", "--stage", "--others", "--exclude-standard", "--modified", "--deleted")
_ENTRY, _OTHER = "HS", "?"


@frozen
class TreeListing:
    """A part of a work tree. `entries` are those of the index by path, without those in conflict; `others` are the
    untracked files, without ignored ones. `as_indexed`: all is as the index has it, so there is nothing to add."""

    entries: Mapping[str, Entry]
    others: tuple[str, ...]
    as_indexed: bool


def listing(trees: Trees, index: str, spec: str) -> TreeListing:
    """Return what is at *spec* of the work tree against the index of that name. Raises WorkspaceError.

    Git compares the facts of a file, and its content where these do not tell.
    """
    entries: dict[str, Entry] = {}
    others: list[str] = []
    same = True
    for line in trees.run("ls-files", *_WORDS, "--", spec, index=index).split("\0")[:-1]:
        tag = line[0]
        if tag in _ENTRY:
            entry, _, path = line[2:].partition("\t")
            mode, name, _ = entry.split(" ")
            entries[path] = Entry(mode, name)
        elif tag == _OTHER:
            others.append(line[2:])
        else:
            same = False
    same = same and not others and not any(entry.mode == GITLINK_MODE for entry in entries.values())
    behind = any_behind_link(trees.repository.top, entries)  # there git finds a file, but not ours
    return TreeListing(entries=entries, others=tuple(others), as_indexed=same and not behind)
