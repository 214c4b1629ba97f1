"""Who agreed to which check of which workspace: kept in our own state, outside of every workspace.

A consent is for one folder and one command line, the one that is not narrowed. A file that another user may write, or
that cannot be read, holds none.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from profile_router.core.found_check import FoundCheck
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.outside.plain_file import read_plain
from profile_router.state.folder import locked_file, private_folder, write_private
from profile_router.values import frozen

CONSENTS_FILE = "checks.json"
_LOCK = ".checks.lock"
_MOST_BYTES = 1_000_000
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


@frozen
class Consent:
    """What was said of one check: `folder` is absolute, `words` its command line."""

    folder: str
    words: tuple[str, ...]
    agreed: bool


@frozen(kw_only=False)
class Consents:
    """What was said so far, in the folder `state`."""

    state: Path

    def of(self, root: Path, check: FoundCheck) -> bool | None:
        """Return what was said of *check* in the workspace *root*, None where nobody was asked yet."""
        said = [one for one in self.all() if (one.folder, one.words) == (_place(root, check), check.whole)]
        return said[-1].agreed if said else None

    def keep(self, root: Path, check: FoundCheck, *, agreed: bool) -> None:
        """Remember that somebody *agreed* to *check* in the workspace *root*, or did not. Raises StateError."""
        new = Consent(folder=_place(root, check), words=check.whole, agreed=agreed)
        self._write(lambda known: [*(one for one in known if (one.folder, one.words) != (new.folder, new.words)), new])

    def forget(self, root: Path) -> int:
        """Forget what was said of checks in *root* and below it; return of how many. Raises StateError."""
        before = len(self.all())
        top = os.fspath(root)
        self._write(lambda known: [one for one in known if not _is_in(one.folder, top)])
        return before - len(self.all())

    def all(self) -> tuple[Consent, ...]:
        """Return all that was said, the oldest first."""
        path = self.state / CONSENTS_FILE
        try:
            found = path.lstat()
            if found.st_uid != os.getuid() or found.st_mode & _OTHERS:
                return ()
            known = read_json(read_plain(path, _MOST_BYTES, links=False) or b"{}").get("checks", ())
            return tuple(one for each in known if (one := _consent_in(each)) is not None)
        except (OSError, UnreadableJson, AttributeError, TypeError):
            return ()

    def _write(self, change: Callable[[Sequence[Consent]], Sequence[Consent]]) -> None:
        private_folder(self.state)
        with locked_file(self.state / _LOCK):
            told = [{"folder": one.folder, "command": one.words, "agreed": one.agreed} for one in change(self.all())]
            write_private(self.state / CONSENTS_FILE, json.dumps({"checks": told}, ensure_ascii=False, indent=1) + "\n")


def _place(root: Path, check: FoundCheck) -> str:
    return os.fspath(root / check.folder) if check.folder else os.fspath(root)


def _is_in(folder: str, top: str) -> bool:
    return folder == top or folder.startswith(f"{top.rstrip('/')}/")


def _consent_in(value: Any) -> Consent | None:
    """Return the consent that JSON has as *value*, None where it is not one."""
    if not isinstance(value, dict):
        return None
    folder, words, agreed = (value.get(name) for name in ("folder", "command", "agreed"))
    if not isinstance(folder, str) or not isinstance(agreed, bool) or not isinstance(words, list):
        return None
    if not words or not all(isinstance(word, str) for word in words):
        return None
    return Consent(folder=folder, words=tuple(words), agreed=agreed)
