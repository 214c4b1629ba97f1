"""Write a file whole or not at all: whoever reads it after a kill finds what it was before, or what it was to be."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

PRIVATE = 0o600
HALF = ".half"  # the end of a name that a file has until it is whole; it begins with a dot and the name to be


def write_whole(path: Path, content: bytes, *, mode: int = PRIVATE, lasting: bool = False) -> None:
    """Make the file *path* hold *content*; *lasting*: a loss of power takes it back neither. Raises OSError."""

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
    """Let *fill* make a file beside *path*, then give it that name. The name before is random: no two collide."""
    fresh = path.with_name(f".{path.name}.{os.urandom(8).hex()}{HALF}")
    try:
        fill(fresh)
        _name(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
