"""The files that a task names, as evidence: found, sized, and told apart by their first bytes.

The work grows with what the task names. The repository is listed once, and only if the text has a word that may be a
path. `FileFacts` limits what is opened and read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path

from profile_router.core.evidence import ContentForm, NamedFile
from profile_router.core.language.path_words import path_words
from profile_router.core.text import shown
from profile_router.errors import UsageError
from profile_router.values import frozen, mutable
from profile_router.workspace.content import (
    HEAD,
    Unusable,
    bytes_of,
    count_lines,
    first_bytes,
    form_of,
    shown_size,
)
from profile_router.workspace.folder import MOST_WALKED, Workspace, base_of, expanded, place_below, tracked_files

READ_FILES = 200
COUNT_BYTES = 1024 * 1024
COUNT_BYTES_IN_ALL = 32 * COUNT_BYTES
_MOST_NOTES = 20

_BY_NAME: dict[str, ContentForm] = {
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp"), "image"),
    **dict.fromkeys(("exe", "dll", "so", "dylib", "a", "o", "class", "jar", "pyc", "wasm", "whl"), "binary"),
    **dict.fromkeys(("zip", "gz", "bz2", "xz", "zst", "7z", "tar", "tgz", "parquet", "sqlite", "db"), "binary"),
    **dict.fromkeys(("ico", "bmp", "tiff", "mp3", "mp4", "mov", "wav", "ogg", "woff", "woff2", "ttf", "otf"), "binary"),
    "pdf": "pdf",
}
_FORMS: dict[ContentForm, str] = {"binary": "binary (no UTF-8 text)", "image": "an image", "pdf": "a PDF"}
_FIXES = {
    "missing": "looked in {places}; check the spelling",
    "folder": "name its files by a glob such as '{value}/**/*.py', or give the folder as --workspace",
    "special": "save what it holds to a file and name that",
    "unreadable": "make it readable, or leave it out",
}


@mutable(kw_only=False)
class FileFacts:
    """Tells what files are. `base`: the folder that their paths are relative to. `notes`: what is worth saying."""

    base: Path
    _notes: dict[str, None] = field(default_factory=dict)
    _opened: int = 0
    _read: int = 0
    _told_by_name: int = 0

    def note(self, text: str) -> None:
        """Keep *text* as a note, once."""
        self._notes[text] = None

    def notes(self) -> Iterator[str]:
        """Yield the notes, the first 20 of them, and how many files were not opened."""
        notes = list(self._notes)
        yield from notes[:_MOST_NOTES]
        if len(notes) > _MOST_NOTES:
            yield f"and {len(notes) - _MOST_NOTES:,} more notes of this kind"
        if self._told_by_name:
            yield f"{self._opened} of the named files were opened, {self._told_by_name:,} more told by name and size"

    def of(self, path: Path) -> NamedFile | Unusable:
        """Return what the resolved *path* is, or why nothing can be told.

        The first READ_FILES files are opened; lines are counted in text up to COUNT_BYTES, while the budget lasts.
        """
        size = bytes_of(path)
        if isinstance(size, Unusable):
            return size
        place = place_below(path, self.base)
        return self._named(place, size) if self._opened >= READ_FILES else self._opened_file(path, place, size)

    def told_by_name(self, place: str) -> NamedFile | None:
        """Return the regular file *place* by its name and size, once READ_FILES were opened; else None."""
        if self._opened < READ_FILES:
            return None
        try:
            found = os.lstat(f"{self.base}/{place}")  # thousands of these: a Path each would cost more than the call
        except OSError:
            return None
        return self._named(place, found.st_size) if stat.S_ISREG(found.st_mode) else None

    def _named(self, place: str, size: int) -> NamedFile:
        self._told_by_name += 1
        extension = place.rpartition("/")[2].rpartition(".")[2].lower()
        return NamedFile(path=place, bytes=size, form=_BY_NAME.get(extension, "text"))

    def _opened_file(self, path: Path, place: str, size: int) -> NamedFile | Unusable:
        self._opened += 1
        count = size <= COUNT_BYTES and self._read + size <= COUNT_BYTES_IN_ALL
        found = first_bytes(path, COUNT_BYTES if count else HEAD)
        if isinstance(found, Unusable):
            return found
        self._read += len(found.data)
        form = form_of(found.data[:HEAD], whole=len(found.data) < HEAD)
        lines = count_lines(found.data) if count and form == "text" else None
        if form != "text":
            self.note(f"{shown(place)} (named) is {_FORMS[form]}, {shown_size(found.size)}")
        elif lines is None:
            self.note(f"{shown(place)} (named) is {shown_size(found.size)} of text: its lines were not counted")
        return NamedFile(path=place, bytes=found.size, form=form, lines=lines)


@frozen
class NamedFiles:
    """What a task names.

    `files`: each once; those given first, then those the text names one by one, then those of a glob or a folder.
    `singles`: those of `files` that are named one by one. `nearby`: files of a glob or a folder that only says where
    something is done, and none of `files`. `notes`: what was not counted as it is, and why. Paths are
    relative to the workspace (to the current folder without one), absolute outside of it.
    """

    files: tuple[NamedFile, ...] = ()
    singles: tuple[NamedFile, ...] = ()
    nearby: tuple[NamedFile, ...] = ()
    notes: tuple[str, ...] = ()


def find_named_files(text: str, given: Sequence[str], workspace: Workspace | None, cwd: Path) -> NamedFiles:
    """Return the files that *text* names among those the workspace tracks, and those *given* by `--file`.

    A given path is relative to the workspace, without one to *cwd*; it may lie outside. A given glob is matched
    against the tracked files. Raises UsageError for a given path that is missing, not a regular file, or unreadable.
    Raises WorkspaceError where git fails.
    """
    naming = _Naming(workspace, cwd)
    for value in given:
        naming.add_given(value)
    naming.add_named_in(text)
    return naming.result()


@mutable(kw_only=False)
class _Naming:
    """The files found so far by their paths: named singly, by a glob or folder, or around what is named."""

    workspace: Workspace | None
    cwd: Path
    facts: FileFacts = field(init=False)
    tracked: tuple[str, ...] | None = None
    singles: dict[str, NamedFile] = field(default_factory=dict)
    grouped: dict[str, NamedFile] = field(default_factory=dict)
    nearby: dict[str, NamedFile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.facts = FileFacts(base_of(self.workspace, self.cwd))

    def add_given(self, value: str) -> None:
        path = self.facts.base / expanded(value)
        from profile_router.core.language.mentions import is_glob

        if is_glob(value) and not os.path.lexists(path):
            return self._add_given_glob(value)
        found = self.facts.of(_resolved(path)) if value else Unusable("missing", "is empty")
        if isinstance(found, Unusable):
            places = " and ".join(dict.fromkeys(shown(str(place)) for place in (self.cwd, self.facts.base)))
            fix = _FIXES[found.cause].format(places=places, value=shown(value).rstrip("/"))
            raise UsageError(f"--file '{shown(value)}' {found.reason}; {fix}")
        self.singles.setdefault(found.path, found)
        return None

    def _add_given_glob(self, value: str) -> None:
        from profile_router.core.language.mentions import files_of_glob

        found = files_of_glob(value, self._tracked())
        if not found:
            where = shown(str(self.facts.base))
            raise UsageError(f"--file '{shown(value)}' matches no tracked file of {where}; check the glob")
        self._add_grouped(found)

    def add_named_in(self, text: str) -> None:
        if self.workspace is None:
            return
        from profile_router.core.language.mentions import may_name_files, mentions

        words = path_words(text)
        if not may_name_files(words):
            return
        base, here = self.facts.base, _resolved(self.cwd)
        inside = place_below(here, base) if here.is_relative_to(base) and here != base else ""
        found = mentions(words, self._tracked(), root=base.as_posix(), inside=inside, text=text)
        for path in found.singles:
            self._add_tracked(path, self.singles)
        self._add_grouped(found.grouped)
        for path in found.nearby:
            if path not in self.singles and path not in self.grouped:
                self._add_tracked(path, self.nearby)
        for note in found.notes:
            self.facts.note(shown(note))

    def _tracked(self) -> tuple[str, ...]:
        if self.tracked is None:
            self.tracked = tracked_files(self.workspace) if self.workspace else ()
            if self.workspace and not self.workspace.git and len(self.tracked) >= MOST_WALKED:
                self.facts.note(f"only the first {MOST_WALKED:,} files of {shown(str(self.facts.base))} were listed")
        return self.tracked

    def _add_grouped(self, paths: Sequence[str]) -> None:
        for path in paths:
            if path not in self.singles and path not in self.grouped:
                self._add_tracked(path, self.grouped)

    def _add_tracked(self, path: str, among: dict[str, NamedFile]) -> None:
        if told := self.facts.told_by_name(path):
            among.setdefault(path, told)
            return None
        place = self.facts.base / path
        if place.is_symlink():
            place = _resolved(place)
            if not place.is_relative_to(self.facts.base):
                return self.facts.note(f"{shown(path)} (named) leads out of the workspace: not counted")
        found = self.facts.of(place)
        if isinstance(found, Unusable):
            return self.facts.note(f"{shown(path)} (named) {found.reason}: not counted")
        among.setdefault(found.path, found)
        return None

    def result(self) -> NamedFiles:
        return NamedFiles(
            files=(*self.singles.values(), *(file for file in self.grouped.values() if file.path not in self.singles)),
            singles=tuple(self.singles.values()),
            nearby=tuple(file for path, file in self.nearby.items() if path not in {**self.singles, **self.grouped}),
            notes=tuple(self.facts.notes()),
        )


def _resolved(path: Path) -> Path:
    try:
        return Path(os.path.realpath(path))
    except ValueError:  # a NUL in it: asking for its size says so
        return path
