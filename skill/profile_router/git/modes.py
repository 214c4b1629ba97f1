"""Keep the unusual permission bits of a mark's files: a git tree knows the executable bit alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from profile_router.git.trees import FilesTree, Trees
from profile_router.state.folder import usable
from profile_router.state.whole_files import write_whole

_MODES = "modes"


def modes_of(trees: Trees, files: FilesTree) -> Mapping[str, int]:
    """Return the unusual permission bits, by path, as they were when a mark of *files* was first taken.

    A tree knows the executable bit alone. With these bits a removed file comes back as private as it was.
    """
    try:
        words = os.fsdecode((trees.store / f"{_MODES}-{files}").read_bytes()).split("\0")
    except OSError:
        return {}
    return {path: int(mode, 8) for mode, path in zip(words[::2], words[1::2], strict=False)}


def keep_modes(trees: Trees, files: FilesTree, paths: Callable[[], Iterable[str]]) -> None:
    """Keep the unusual permission bits of *files*, unless they are kept; *paths* gives the names of all of them."""
    modes_file, new = trees.store / f"{_MODES}-{files}", trees.store / _MODES
    if modes_file.exists():
        return
    with usable(modes_file):
        new.touch()
        mode = stat.S_IMODE(new.stat().st_mode)
        usual = (mode, mode | (mode & 0o444) >> 2)
        found = ((path, _mode(trees.repository.top / path)) for path in paths())
        odd = [f"{mode:o}\0{path}\0" for path, mode in found if mode is not None and mode not in usual]
        if odd:
            write_whole(modes_file, os.fsencode("".join(odd)))


def _mode(file: Path) -> int | None:
    try:
        found = os.lstat(file).st_mode
    except OSError:
        return None
    return stat.S_IMODE(found) if stat.S_ISREG(found) else None
