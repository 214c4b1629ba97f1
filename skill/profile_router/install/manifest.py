"""The record of what was written: `<home>/profile-router/manifest.json`, 0600. It holds digests, no file's text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from profile_router.digests import content_digest
from profile_router.errors import UsageError
from profile_router.install.applying import read_file
from profile_router.install.changes import Change, Insertion
from profile_router.outside.json_reader import read_json
from profile_router.profiles.agreement import OURS_IN_HOME
from profile_router.values import frozen

MANIFEST_FILE = "manifest.json"
MANIFEST_MODE, FOLDER_MODE = 0o600, 0o700
_VERSION = 1


@frozen
class WrittenFile:
    """A file that was written. `was` is the digest of what was there before, empty for nothing.

    `backup` is the copy of what was there, which earlier versions kept of a profile that they spelled anew.
    """

    path: str
    sha256: str
    mode: int
    was: str = ""
    insertions: tuple[Insertion, ...] = ()
    backup: str = ""


@frozen
class Manifest:
    """The files in the order in which they were written, and the folders that were made."""

    steps: tuple[WrittenFile, ...] = ()
    folders: tuple[str, ...] = ()

    def is_ours(self, path: Path, content: bytes) -> bool:
        """Tell whether *content* is what was last written to *path*: nobody has changed it since."""
        last = next((step for step in reversed(self.steps) if step.path == str(path)), None)
        return last is not None and last.sha256 == content_digest(content)

    def made(self, path: Path) -> bool:
        """Tell whether *path* is a file that was not there before us."""
        return any(step.path == str(path) and not step.was for step in self.steps)


def manifest_path(root: Path) -> Path:
    """Return where the record of the Hermes home *root* is."""
    return root / OURS_IN_HOME / MANIFEST_FILE


def read_manifest(root: Path) -> Manifest:
    """Return the record of *root*, an empty one where nothing was installed. Raises UsageError for a damaged one."""
    path = manifest_path(root)
    there = read_file(path)
    if there is None:
        return Manifest()
    try:
        return _manifest(read_json(there), root)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise UsageError(
            f"{path} is damaged, so what was installed is not known; move it away, and `profile-router install` "
            "keeps every file that differs"
        ) from None


def recorded(manifest: Manifest, changes: Iterable[Change]) -> Manifest:
    """Return *manifest* with *changes* of an install added."""
    steps, folders = list(manifest.steps), list(manifest.folders)
    for change in changes:
        if change.folder:
            folders.append(change.path)
        elif change.content is not None:
            # of a file of ours nothing older is there to come back
            older = change.before if change.was is None else change.was
            was = content_digest(older) if older is not None and change.insertions else ""
            step = WrittenFile(
                path=change.path,
                sha256=content_digest(change.content),
                mode=change.mode,
                was=was,
                insertions=change.insertions,
            )
            # it may be recorded already: then we were killed before it was written
            steps = [*(known for known in steps if known != step), step]
    return Manifest(steps=tuple(steps), folders=tuple(dict.fromkeys(folders)))


def manifest_bytes(manifest: Manifest, root: Path) -> bytes:
    """Return *manifest* as the file's bytes; paths in *root* are relative, so that the home can be moved."""
    steps = [
        asdict(replace(step, path=_inside(step.path, root), backup=_inside(step.backup, root)))
        for step in manifest.steps
    ]
    document = {"version": _VERSION, "files": steps, "folders": [_inside(path, root) for path in manifest.folders]}
    return f"{json.dumps(document, indent=1)}\n".encode()


def _manifest(document: Mapping[str, Any], root: Path) -> Manifest:
    if document["version"] != _VERSION:
        raise ValueError("another version")
    return Manifest(
        steps=tuple(_step(entry, root) for entry in document["files"]),
        folders=tuple(str(root / path) for path in document["folders"]),
    )


def _step(entry: Mapping[str, Any], root: Path) -> WrittenFile:
    step = WrittenFile(**{**entry, "insertions": tuple(Insertion(**insertion) for insertion in entry["insertions"])})
    return replace(step, path=str(root / step.path), backup=str(root / step.backup) if step.backup else "")


def _inside(path: str, root: Path) -> str:
    return str(Path(path).relative_to(root)) if path and Path(path).is_relative_to(root) else path
