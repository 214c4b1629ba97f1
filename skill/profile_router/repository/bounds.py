"""How much disk the indexes may take. An index that is too large goes, and is made again after a day."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from profile_router.core.days import DAY_S
from profile_router.errors import StateError

MOST_INDEXES = 16
MOST_INDEX_BYTES = 256 * 1024 * 1024  # of one; 1,500 files of 28 MB take 7 MB
_ENDING, _LARGE = ".sqlite", ".large"


def keep_within(path: Path, *, most_bytes: int = MOST_INDEX_BYTES, most_indexes: int = MOST_INDEXES) -> None:
    """Remove the index at *path* where it is too large. Before a new one is made there, remove the oldest of too many.

    Raises StateError where it was too large within a day: it would be read anew by each call.
    """
    large = path.with_suffix(_LARGE)
    with suppress(OSError):
        if path.exists() and path.stat().st_size > most_bytes:
            _remove(path)
            large.touch(mode=0o600)
        if large.exists() and abs(time.time() - large.stat().st_mtime) < DAY_S:
            raise StateError(f"its index took more than {most_bytes / 1024**2:,.0f} MB, so it has none for a day")
        large.unlink(missing_ok=True)
        if path.exists():
            return
        newest = sorted(path.parent.glob(f"*{_ENDING}"), key=lambda one: one.stat().st_mtime_ns, reverse=True)
        for old in newest[most_indexes - 1 :]:
            _remove(old)


def forget_indexes(folder: Path) -> int:
    """Remove the indexes in *folder*; return how many there were. What cannot be removed raises OSError."""
    found = sorted(folder.glob(f"*{_ENDING}"))
    for one in found:
        _remove(one)
    for one in folder.glob(f"*{_LARGE}"):
        one.unlink(missing_ok=True)
    return len(found)


def _remove(path: Path) -> None:
    """Remove the database at *path* with its companions. Who has it open goes on with it, and nobody finds it again."""
    for one in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        one.unlink(missing_ok=True)
