"""Facts about files, within a budget: what was opened and read is counted, and beyond it names must do."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from profile_router.core.evidence import NamedFile
from profile_router.core.text import shown
from profile_router.workspace.content import (
    HEAD,
    Form,
    Unusable,
    count_lines,
    first_bytes,
    form_of,
    shown_size,
    size_of,
)
from profile_router.workspace.folder import place_of

READ_FILES = 200
COUNT_BYTES = 1024 * 1024
COUNT_BYTES_IN_ALL = 32 * COUNT_BYTES
_MOST_NOTES = 20

_BY_NAME: dict[str, Form] = {
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp"), "image"),
    **dict.fromkeys(("exe", "dll", "so", "dylib", "a", "o", "class", "jar", "pyc", "wasm", "whl"), "binary"),
    **dict.fromkeys(("zip", "gz", "bz2", "xz", "zst", "7z", "tar", "tgz", "parquet", "sqlite", "db"), "binary"),
    **dict.fromkeys(("ico", "bmp", "tiff", "mp3", "mp4", "mov", "wav", "ogg", "woff", "woff2", "ttf", "otf"), "binary"),
    "pdf": "pdf",
}
_FORMS: dict[Form, str] = {"binary": "binary (no UTF-8 text)", "image": "an image", "pdf": "a PDF"}


@dataclass(slots=True)
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
        size = size_of(path)
        if isinstance(size, Unusable):
            return size
        place = place_of(path, self.base)
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
