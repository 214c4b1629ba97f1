"""The files that a task names, as evidence: found, sized, and told apart by their first bytes.

The work grows with what the task names: the repository is listed once, and only if the text has a word that may be a
path; `FileFacts` limits what is opened and read.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from profile_router.core.evidence import NamedFile
from profile_router.core.language.mentions import Group, group, is_glob, may_name_files, mentions
from profile_router.core.language.path_words import path_words
from profile_router.core.text import shown
from profile_router.errors import UsageError
from profile_router.workspace.content import Unusable
from profile_router.workspace.file_facts import FileFacts
from profile_router.workspace.folder import MOST_WALKED, Workspace, base_of, place_of, tracked_files, written_path

_FIXES = {
    "missing": "looked in {places}; check the spelling",
    "folder": "name its files by a glob such as '{value}/**/*.py', or give the folder as --workspace",
    "special": "save what it holds to a file and name that",
    "unreadable": "make it readable, or leave it out",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFiles:
    """What a task names.

    `files`: each once; those given first, then those the text names one by one, then those of a glob or a folder.
    `singles`: those of `files` that are named one by one. `globs`: the globs and folders (`src/api/`) that stand for
    the others. `notes`: what was not counted as it is, and why. Paths are relative to the workspace (to the current
    folder without one), absolute outside of it.
    """

    files: tuple[NamedFile, ...] = ()
    singles: tuple[NamedFile, ...] = ()
    globs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_named_files(text: str, given: Sequence[str], workspace: Workspace | None, cwd: Path) -> NamedFiles:
    """Return the files that *text* names among those the workspace tracks, and those *given* by `--file`.

    A given path is relative to *cwd*, else to the workspace; it may lie outside. A given glob is matched against the
    tracked files. Raises UsageError for a given path that is missing, no regular file, or unreadable, and
    WorkspaceError where git fails.
    """
    naming = _Naming(workspace, cwd)
    for value in given:
        naming.add_given(value)
    naming.add_named_in(text)
    return naming.result()


@dataclass(slots=True)
class _Naming:
    workspace: Workspace | None
    cwd: Path
    facts: FileFacts = field(init=False)
    tracked: tuple[str, ...] | None = None
    singles: dict[str, NamedFile] = field(default_factory=dict)
    grouped: dict[str, NamedFile] = field(default_factory=dict)
    globs: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.facts = FileFacts(base_of(self.workspace, self.cwd))

    def add_given(self, value: str) -> None:
        path = written_path(value, self.workspace, self.cwd)
        if is_glob(value) and not os.path.lexists(path):
            return self._add_given_glob(value)
        found = self.facts.of(_resolved(path)) if value else Unusable("missing", "is empty")
        if isinstance(found, Unusable):
            places = " and ".join(dict.fromkeys(shown(str(place)) for place in (self.cwd, self.facts.base)))
            fix = _FIXES[found.cause].format(places=places, value=shown(value).rstrip("/"))
            raise UsageError(f"--file '{shown(value)}' {found.reason}; {fix}")
        if found.path.startswith("/"):
            self.facts.note(f"{shown(found.path)} (--file) lies outside of {shown(str(self.facts.base))}")
        self.singles.setdefault(found.path, found)
        return None

    def _add_given_glob(self, value: str) -> None:
        found = group(value, self._tracked())
        if not found.paths:
            where = shown(str(self.facts.base))
            raise UsageError(f"--file '{shown(value)}' matches no tracked file of {where}; check the glob")
        self._add_group(found)

    def add_named_in(self, text: str) -> None:
        words = path_words(text) if self.workspace else ()
        if not may_name_files(words):
            return
        base, here = self.facts.base, _resolved(self.cwd)
        inside = place_of(here, base) if here.is_relative_to(base) and here != base else ""
        found = mentions(words, self._tracked(), root=base.as_posix(), inside=inside)
        for path in found.singles:
            self._add_tracked(path, self.singles)
        for one in found.groups:
            self._add_group(one)
        for note in found.notes:
            self.facts.note(shown(note))

    def _tracked(self) -> tuple[str, ...]:
        if self.tracked is None:
            self.tracked = tracked_files(self.workspace) if self.workspace else ()
            if self.workspace and not self.workspace.git and len(self.tracked) >= MOST_WALKED:
                self.facts.note(f"only the first {MOST_WALKED:,} files of {shown(str(self.facts.base))} were listed")
        return self.tracked

    def _add_group(self, found: Group) -> None:
        self.globs[found.name] = None
        for path in found.paths:
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
            globs=tuple(self.globs),
            notes=tuple(self.facts.notes()),
        )


def _resolved(path: Path) -> Path:
    try:
        return Path(os.path.realpath(path))
    except ValueError:  # a NUL in it: asking for its size says so
        return path
