"""What became of each file since a run began, as parts of a patch.

They come from git, or outside of it from the tools' journal. The content of a file whose path is private, and of a
binary one, is never in it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from profile_router.core.attempt.handoff import FileDiff
from profile_router.core.policy.private import NO_CONFIDENTIAL, Confidential
from profile_router.core.privacy.findings import private_glob
from profile_router.core.text import shown
from profile_router.git.marks import GitSnapshots
from profile_router.verify.changes.private_copies import PrivatePieces, copied_from
from profile_router.withheld.whole_scan import EndNotReached, ReadBudget, file_windows, secret_in

MOST_CHARS = 2_000_000  # of all diffs; what is beyond was not looked at, and counts as private
UNCHECKED = "more than can be checked"
_LARGEST_COMPARED = 256 * 1024  # bytes of a file outside of git: difflib is slow
MOST_BINARY = 256 * 1024 * 1024  # bytes of one binary file
_BINARY_SECONDS = 30.0
_BINARY = "\nBinary files "


class WorkDiffs:
    """Diffs below *root*; a path that matches one of *globs* is named and nothing else. *pieces* are what private files
    hold, each with its file: a diff that repeats one is private as well. *confidential* is what the policy calls
    private in texts."""

    def __init__(
        self, root: Path, globs: Sequence[str], pieces: PrivatePieces, *, confidential: Confidential = NO_CONFIDENTIAL
    ) -> None:
        self._root = root
        self._pieces = pieces
        self._globs = globs
        self._confidential = confidential
        self._chars = 0

    def of_git(
        self, snapshots: GitSnapshots, before: str, after: str, only: Collection[str] | None
    ) -> tuple[FileDiff, ...]:
        """Return the difference of two marks, file by file; *only* these files, None: all. Raises WorkspaceError."""
        parts = snapshots.patches(before, after)
        return tuple(self._from_git(path, text) for path, text in parts if only is None or path in only)

    def of_journal(self, journal: Mapping[str, bytes | None], only: Collection[str] | None) -> tuple[FileDiff, ...]:
        """Return how the files differ from what *journal* says they were; *only* these files, None: all."""
        changed = changed_since_journal(self._root, journal)
        return tuple(self._from_journal(*file) for file in changed if only is None or file[0] in only)

    def _from_git(self, path: str, text: str) -> FileDiff:
        hunks = "\n@@ " in text
        return self._file(path, _plain(text), binary=not hunks and _BINARY in text)

    def _from_journal(self, path: str, before: bytes | None, after: bytes | None) -> FileDiff:
        odd = not_by_line(before, after, _LARGEST_COMPARED)
        return self._file(path, "" if odd else _unified(path, before, after), binary=odd)

    def _file(self, path: str, text: str, *, binary: bool) -> FileDiff:
        name = shown(_plain(path))
        if glob := private_glob(f"{self._root}/{path}", self._globs):
            return FileDiff(path=name, form="private", holds=f"path (policy: {glob})")
        if binary:
            return FileDiff(path=name, form="binary", holds=_secret_in(self._root / path, self._confidential))
        self._chars += len(text)
        if self._chars > MOST_CHARS:
            return FileDiff(path=name, form="large", holds=UNCHECKED)
        source = copied_from(text, self._pieces)
        return FileDiff(path=name, text=text, holds=f"what {source} says" if source else "")


def _secret_in(file: Path, confidential: Confidential) -> str:
    """Return the kind of a secret that *file* holds, or that it was not read to its end; empty where it is clear."""
    budget = ReadBudget(bytes_left=MOST_BINARY, seconds=_BINARY_SECONDS)
    try:
        return secret_in(file_windows(file, budget), confidential)
    except EndNotReached:
        return UNCHECKED


def changed_since_journal(
    root: Path, journal: Mapping[str, bytes | None]
) -> Iterator[tuple[str, bytes | None, bytes | None]]:
    """Yield each file below *root* that is not what *journal* says it was, with both contents (None: absent)."""
    for path, before in sorted(journal.items()):
        try:
            after: bytes | None = (root / path).read_bytes()
        except OSError:
            after = None
        if after != before:
            yield path, before, after


def not_by_line(before: bytes | None, after: bytes | None, longest: int) -> bool:
    """Tell whether two contents are not to be compared line by line: not text, or together over *longest* bytes."""
    whole = (before or b"") + (after or b"")
    return b"\0" in whole or len(whole) > longest


def _unified(path: str, before: bytes | None, after: bytes | None) -> str:
    old, new = ("/dev/null" if content is None else f"{side}/{path}" for side, content in (("a", before), ("b", after)))
    lines = difflib.unified_diff(_lines(before), _lines(after), old, new, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _lines(content: bytes | None) -> list[str]:
    return _plain(os.fsdecode(content or b"")).splitlines()


def _plain(text: str) -> str:
    """Return *text* without surrogates: names and contents need not be UTF-8, a prompt must be."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
