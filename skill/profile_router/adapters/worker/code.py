"""Which code a worker has imported: it must not go on serving what is no longer on disk."""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from profile_router.adapters.resources import shipped
from profile_router.errors import DataError


def code_on_disk(packages: tuple[Path, ...]) -> frozenset[tuple[str, int, int, int]]:
    """Return (path, inode, size, time of change) of the files of *packages*, the prompts, and where others are
    installed: a package that comes, goes or is replaced changes its folder.
    """
    return frozenset(_seen(packages))


def _seen(packages: tuple[Path, ...]) -> Iterator[tuple[str, int, int, int]]:
    folders = [*packages]
    with suppress(DataError):
        folders.append(shipped("prompts"))
    for folder in folders:
        yield from _files(str(folder))
    for place in (*site.getsitepackages(), sys.executable):
        try:
            found = Path(place).stat()
        except OSError:
            continue
        yield place, found.st_ino, found.st_size, found.st_mtime_ns


def _files(folder: str) -> Iterator[tuple[str, int, int, int]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != "__pycache__":
                yield from _files(entry.path)
            continue
        try:
            found = entry.stat()
        except OSError:
            continue
        yield entry.path, found.st_ino, found.st_size, found.st_mtime_ns
