"""How much disk the indexes take: what is over it goes, and is found out again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

MOST_INDEXES = 16
MOST_BYTES = 256 * 1024 * 1024  # of one; 1,500 files of 28 MB take 7 MB
_ENDING = ".sqlite"


def keep_within(path: Path, *, most_bytes: int = MOST_BYTES, most_indexes: int = MOST_INDEXES) -> None:
    """Remove the index at *path* where it is too large; before a new one is made there, the oldest of too many."""
    with suppress(OSError):
        if path.exists():
            if path.stat().st_size > most_bytes:
                _remove(path)
            return
        newest = sorted(path.parent.glob(f"*{_ENDING}"), key=lambda one: one.stat().st_mtime_ns, reverse=True)
        for old in newest[most_indexes - 1 :]:
            _remove(old)


def forget_indexes(folder: Path) -> int:
    """Remove the indexes in *folder*; return how many there were. What cannot be removed raises OSError."""
    found = sorted(folder.glob(f"*{_ENDING}"))
    for one in found:
        _remove(one)
    return len(found)


def _remove(path: Path) -> None:
    """Remove the database at *path* with its companions. Who has it open goes on with it, and nobody finds it again."""
    for one in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        one.unlink(missing_ok=True)
