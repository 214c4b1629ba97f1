"""Where the paths lead that somebody wrote who stands in a folder of a workspace.

A name is looked for in that folder first, then from the root. Where both have it, a note says which was taken.
"""

from __future__ import annotations

import os
import re
from dataclasses import field
from pathlib import Path

from profile_router.core.language.globs import expand_braces
from profile_router.core.language.mentions import files_of_glob, is_glob, names_nothing
from profile_router.core.language.path_words import PathWord, path_words
from profile_router.core.text import shown
from profile_router.expressions import expression
from profile_router.values import mutable
from profile_router.workspace.folder import Workspace, expanded, place_below, tracked_files

MOST_PATHS = 5_000  # of a goal that are looked for on the disk
_URL = expression(r"(?:https?|data):", re.IGNORECASE)
_BEFORE, _AFTER = r"(?<![\w./~$-])(?:\./)*", r"(?![\w/-]|\.\w)"


@mutable
class TaskInFolder:
    """Places what is written in the folder `here`, which is `folder` below the root.

    `folder` is empty where `here` is the root, or not in the workspace. `spelled` collects what reads otherwise now.
    """

    workspace: Workspace
    here: Path
    folder: str
    notes: dict[str, None] = field(default_factory=dict)
    spelled: dict[str, None] = field(default_factory=dict)

    def given(self, value: str) -> str:
        """Return the place of *value*, which a flag or a field of a task names."""
        if not value or _URL.match(value):
            return value
        found = self._place(value)
        if found is None and is_glob(value):
            found = self._glob(value)
        if found is not None and found.startswith("/"):
            self._outside(value, found)
        return self._as(value, found or value)

    def text(self, text: str) -> str:
        """Return *text* with the place of each path in it that is there."""
        words = [word for word in path_words(text) if not names_nothing(word)]
        if len(words) > MOST_PATHS:
            self.notes[f"only the first {MOST_PATHS:,} words of the goal that may be paths were looked for"] = None
        found = {
            word.text: place for word in words[:MOST_PATHS] if (place := self._named(word)) not in (None, word.text)
        }
        if not found:
            return text
        names = "|".join(re.escape(name) for name in sorted(found, key=len, reverse=True))
        return re.sub(f"{_BEFORE}({names}){_AFTER}", lambda hit: self._as(hit[1], str(found[hit[1]])), text)

    def _as(self, value: str, place: str) -> str:
        if place != value:
            self.spelled[value] = None
        return place

    def _named(self, word: PathWord) -> str | None:
        """Return the place of *word* of a text; None where it is none, or reads the same for everybody."""
        value = word.text
        if value.startswith(f"{self.workspace.root}/"):
            return None
        if is_glob(value):
            return self._below_glob(value)
        found = self._place(value)
        if found is None:
            return self._not_there_yet(value)
        if found.startswith("/"):
            if not value.startswith("/"):
                self._outside(value, found)
            return None
        if value.endswith("/"):
            return f"{found}/"
        return found if "/" in value or not (self.workspace.root / found).is_dir() else None

    def _outside(self, value: str, found: str) -> None:
        leads = f"{shown(value)} leads to {shown(found)}, which" if value != found else shown(found)
        root = shown(str(self.workspace.root))
        self.notes[f"{leads} lies outside of {root}: our own file tools cannot open it"] = None

    def _place(self, value: str) -> str | None:
        """Return what *value* leads to, relative to the root or absolute outside of it; None where nothing is there."""
        try:
            here, there = (place / expanded(value) for place in (self.here, self.workspace.root))
            taken = next((place for place in (here, there) if os.path.lexists(place)), None)
            if taken is None:
                return None
            found = self._real(taken)
            other = self._real(there) if os.path.lexists(there) else found
        except (OSError, ValueError):  # a name too long, a NUL in it: who opens it says so
            return None
        if other != found:
            self.notes[f"{shown(value)} is taken as {shown(found)}, where you stand; {shown(other)} is another"] = None
        return found

    def _real(self, path: Path) -> str:
        real = path if path.exists() else path.parent  # a link that leads nowhere is told by its own name
        found = Path(os.path.realpath(real))
        return place_below(found if real == path else found / path.name, self.workspace.root)

    def _not_there_yet(self, value: str) -> str | None:
        """Return the place of a path that leads up and stays in the workspace: no tool takes `..`."""
        if not value.startswith("../"):
            return None
        place = Path(os.path.normpath(self.here / value))
        inside = place.is_relative_to(self.workspace.root) and place != self.workspace.root
        return place_below(place, self.workspace.root) if inside else None

    def _glob(self, value: str) -> str | None:
        """Return the glob *value* from the root, where files of the user's folder match it: those win."""
        if not self.folder or value.startswith(("/", "~")):
            return None
        whole = f"{self.folder}/{value}" if "/" in value else f"{self.folder}/**/{value}"
        whole = os.path.normpath(whole) + ("/" if value.endswith("/") else "")
        return whole if files_of_glob(whole, tracked_files(self.workspace)) else None

    def _below_glob(self, value: str) -> str | None:
        """Return the glob *value* of a text, from the root; None unless it begins with a folder of the user's."""
        head = value.split("/")[0]
        if not self.folder or "/" not in value or is_glob(head) or not all(map(_climbs_nowhere, expand_braces(value))):
            return None
        found = self._place(head) if head not in ("", "..", "~") else None
        return None if found is None or found.startswith("/") else f"{found}{value[len(head) :]}"


def _climbs_nowhere(path: str) -> bool:
    return ".." not in path.split("/")
