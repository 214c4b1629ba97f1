"""Copies of work trees in our folder: where they are, which thread owns one, and how to remove one."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import IO

from profile_router.outside.json_reader import read_json
from profile_router.state.folder import locked_file

ABOUT = "about.json"
WORKTREES_FOLDER = "worktrees"
CHECKS_FOLDER = "checks"  # what checks said before any work
_ALIVE = "alive"
_ORPHANS_S, _LOOK_AGAIN_S = 8.0, 0.02


def place_in(state: Path, workspace: str) -> Path | None:
    """Return the folder of the copy around *workspace*, None outside of copies. It need not exist."""
    home = Path(os.path.realpath(state)) / WORKTREES_FOLDER
    inside = Path(workspace)
    return home / inside.relative_to(home).parts[0] if home in inside.parents else None


def thread_of(place: Path) -> str:
    """Return the name of the thread that owns the copy in *place*; the folder's own name if unknown."""
    try:
        return str(read_json((place / ABOUT).read_bytes())["thread"])
    except (OSError, ValueError, KeyError, TypeError):
        return place.name


def remove(path: Path) -> None:
    """Remove the file, or the folder with its content, read-only files too. Links are not followed."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    shutil.rmtree(path, ignore_errors=True)
    if not path.exists():
        return
    for folder, _, _ in os.walk(path):
        with suppress(OSError):
            Path(folder).chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)


def tidy_up(home: Path, tidy: Callable[[Path], object]) -> None:
    """*Tidy* the copies in *home* left by dead processes. Under the door of *home*."""
    for left in home.iterdir():
        if left.is_dir() and not living(left):
            tidy(left)


def door(home: Path) -> AbstractContextManager[None]:
    """Hold the lock for making and removing copies in *home*."""
    return locked_file(home / ".lock")


def hold(folder: Path) -> IO[bytes]:
    """Take the lock of *folder* for as long as this process lives and the file is open. Raises OSError."""
    alive = (folder / _ALIVE).open("ab")
    fcntl.flock(alive, fcntl.LOCK_EX)
    return alive


def living(folder: Path) -> bool:
    """Tell whether a process holds the lock of *folder*. Under a door, so that nobody takes one meanwhile."""
    try:
        with (folder / _ALIVE).open("rb") as alive:
            fcntl.flock(alive, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def held_for(folder: Path, owner: int) -> bool:
    """Tell whether the lock of *folder* is held for the process *owner*. Under a door.

    What *owner* had started holds it too, so that nobody works there beside it. Where *owner* was killed, that is
    waited for: it ends in a moment.
    """
    until = time.monotonic() + _ORPHANS_S
    while living(folder):
        if time.monotonic() > until or _is_alive(owner):
            return True
        time.sleep(_LOOK_AGAIN_S)
    return False


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1] not in b"ZX"
    except OSError:
        return False
