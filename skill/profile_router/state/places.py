"""Copies of work trees in our folder: where they are, which thread owns one, and how to remove one."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from profile_router.outside.json_reader import read_json

ABOUT = "about.json"


def place_in(state: Path, workspace: str) -> Path | None:
    """Return the folder of the copy around *workspace*, None outside of copies. It need not exist."""
    home = Path(os.path.realpath(state)) / FOLDER
    inside = Path(workspace)
    return home / inside.relative_to(home).parts[0] if home in inside.parents else None


def thread_of(place: Path) -> str:
    """Return the name of the thread that owns the copy in *place*; the folder's own name if unknown."""
    try:
        return str(read_json((place / ABOUT).read_bytes())["thread"])
    except (OSError, ValueError, KeyError, TypeError):
        return place.name


FOLDER = "worktrees"


def remove(place: Path) -> None:
    """Remove the folder *place* and its content, read-only files too. Links are not followed."""
    shutil.rmtree(place, ignore_errors=True)
    if not place.exists():
        return
    for folder, _, _ in os.walk(place):
        with suppress(OSError):
            Path(folder).chmod(0o700)
    shutil.rmtree(place, ignore_errors=True)


def tidy_up(home: Path, tidy: Callable[[Path], object]) -> None:
    """*Tidy* the copies in *home* left by dead processes. Holds the lock of *home*."""
    for left in home.iterdir():
        if left.is_dir() and _ownerless(left):
            tidy(left)


@contextmanager
def door(home: Path) -> Iterator[None]:
    """Hold the lock for making and removing copies in *home*."""
    with (home / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _ownerless(place: Path) -> bool:
    try:
        with (place / "alive").open("ab") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
