"""Write a file whole or not at all: after a kill, a reader finds the old content or the new."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

PRIVATE_MODE = 0o600
HALF_WRITTEN = ".half"  # suffix of a file until it is whole; its name begins with a dot and the final name


def write_whole(path: Path, content: bytes, *, mode: int = PRIVATE_MODE, lasting: bool = False) -> None:
    """Write *content* to *path*; with *lasting* it also survives a loss of power. Raises OSError."""

    def fill(fresh: Path) -> None:
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, mode), "wb") as file:
            file.write(content)
            if lasting:
                file.flush()
                os.fsync(file.fileno())

    _replaced(path, fill)


def copy_whole(source: Path, path: Path) -> None:
    """Make *path* a copy of the file *source*, with its times. Raises OSError."""
    import shutil  # see `git.command`

    _replaced(path, lambda fresh: shutil.copy2(source, fresh))


def _name(fresh: Path, path: Path) -> None:
    fresh.replace(path)


def _replaced(path: Path, fill: Callable[[Path], object]) -> None:
    """Let *fill* write a file beside *path*, then rename it. The temporary name is random: two never collide."""
    fresh = path.with_name(f".{path.name}.{os.urandom(8).hex()}{HALF_WRITTEN}")
    try:
        fill(fresh)
        _name(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
