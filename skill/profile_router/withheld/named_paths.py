"""Does a private path that a text names lead to something? A word alone says nothing: most tasks that name `.env` mean
no file that is there. They mean a line of a `.gitignore`, or a word in a text.

It errs on the safe side. Case does not count. A name counts wherever in the workspace a private file has it, or a
folder of one. What could not be looked at to its end counts as there. Nothing is opened but folders.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path

from profile_router.core.language.anchored import Anchored
from profile_router.core.language.globs import expand_braces, glob_regex
from profile_router.core.language.mentions import is_glob
from profile_router.core.privacy.findings import private_glob
from profile_router.core.privacy.readings import readings
from profile_router.values import mutable
from profile_router.workspace.folder import Workspace, base_of

MOST_NAMED = 500  # paths looked for; more count as there
_MOST_ENTRIES = 20_000  # of one folder that is looked through for a name in another case
_HOME = Anchored(r"(?:~|\$\{?HOME\}?|%USERPROFILE%)(?=/|$)", flags=re.IGNORECASE)

_OUTSIDE = Anchored(r"/|~|\$|%|\.\.(?:/|$)")  # of these, not all that a glob may match is looked through


@mutable
class NamedPrivate:
    """Looks for private paths in a workspace, without one in the current folder; *globs* are the policy's.

    `copied_from` is the folder that the workspace is a copy of, the workspace itself where it is none. A path that is
    absolute, or leads out, counts where it is on this machine: Hermes' tools would reach it.
    """

    workspace: Workspace | None
    cwd: Path
    globs: Sequence[str]
    copied_from: Path | None = None
    _asked: dict[str, bool] = field(default_factory=dict)
    _names: frozenset[str] | None = None
    _unknown: bool = False

    def __call__(self, path: str) -> bool:
        """Tell whether *path*, which matches one of the globs, leads to something. Raises WorkspaceError."""
        if path not in self._asked:
            full = len(self._asked) >= MOST_NAMED
            self._asked[path] = full or any(self._is_there(spelled) for spelled in _spellings(path))
        return self._asked[path]

    def _is_there(self, path: str) -> bool:
        stem = _before_globs(path)
        if stem != path and not (_OUTSIDE.match(stem) or private_glob(stem, self.globs)):
            stem = ""
        return any(_on_disk(place) for place in self._places(stem)) or self._has_a_name(path)

    def _places(self, path: str) -> Iterator[Path]:
        """Yield where *path* may lead; nothing for a glob that begins at once."""
        if not path:
            return
        named = _HOME.sub(lambda _: os.path.expanduser("~"), path)  # noqa: PTH111 - Path's raises without a home
        for folder in dict.fromkeys((self.cwd, *self._roots())):
            yield folder / named

    def _roots(self) -> tuple[Path, ...]:
        base = base_of(self.workspace, self.cwd)
        return (base,) if self.copied_from in (None, base) else (base, self.copied_from)

    def _has_a_name(self, path: str) -> bool:
        """Tell whether a private file of the workspace, or a folder of one, is called as *path* ends."""
        if self._names is None:
            self._names = frozenset(self._look_through())
        if self._unknown:
            return True
        last = next((part for part in reversed(path.lower().split("/")) if part.strip("*.")), "")
        if not is_glob(last):
            return last in self._names
        regexes = [regex for one in expand_braces(last) if (regex := glob_regex(one)) is not None]
        return any(regex.match(name) for regex in regexes for name in self._names)

    def _look_through(self) -> Iterator[str]:
        from profile_router.withheld.survey import private_survey, survey  # see `evidence.measure`

        base, *original = self._roots()
        surveys = [private_survey(self.workspace or Workspace(base, git=False), self.globs)]
        for found in (*surveys, *(survey(root, self.globs) for root in original)):
            self._unknown = self._unknown or not found.complete
            for file in found.files:
                yield from file.path.lower().split("/")


def _spellings(path: str) -> Iterator[str]:
    texts = (path, *(view.text for view in readings(path)))
    forms = (form for text in texts for form in (text.replace("\\", "/"), text.replace("\\", "")))
    yield from dict.fromkeys(form.strip() for form in forms)


def _before_globs(path: str) -> str:
    """Return the whole parts of *path* before its first glob: `secrets` of `secrets/*.yaml`, nothing of `*.key`."""
    if not is_glob(path):
        return path
    parts = path.split("/")
    first = next(number for number, part in enumerate(parts) if is_glob(part))
    return "/".join(parts[:first])


def _on_disk(path: Path) -> bool:
    """Tell whether there is something at *path*, in whatever case it is written."""
    try:
        if os.path.lexists(path):
            return True
        at = Path(path.anchor or ".")
        for part in path.parts[1:] if path.anchor else path.parts:
            found = part if part == ".." or os.path.lexists(at / part) else _in_another_case(at, part)
            if not found:
                return False
            at /= found
    except (OSError, ValueError):  # no folder, a name too long, or with a NUL in it; a folder that may not be read
        return False
    return True


def _in_another_case(folder: Path, name: str) -> str:
    wanted = name.casefold()
    with os.scandir(folder) as entries:
        for entry, _ in zip(entries, range(_MOST_ENTRIES), strict=False):
            if entry.name.casefold() == wanted:
                return entry.name
    return ""
