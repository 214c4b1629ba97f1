"""The folder of our state, readable by its owner only."""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from profile_router.core.text import shown
from profile_router.errors import StateError
from profile_router.folders import our_folder
from profile_router.state.whole_files import write_whole

STATE_VARIABLE = "PROFILE_ROUTER_STATE"


def state_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder of our state: $PROFILE_ROUTER_STATE, else the XDG state folder. It may not exist yet.

    Raises StateError for what can name no folder: a name that is too long, or that has a NUL.
    """
    named = environ.get(STATE_VARIABLE)
    path = Path(named) if named else our_folder("STATE", environ)
    try:
        path.lstat()
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) or error.errno == errno.ENAMETOOLONG:
            wrong = "too long" if isinstance(error, OSError) else "not a possible name"
            where = STATE_VARIABLE if named else "XDG_STATE_HOME, or HOME,"
            raise StateError(
                f"{where} names '{shown(str(path))}', which is {wrong}; name another folder: {STATE_VARIABLE}=DIR"
            ) from None
    return path


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """Raise StateError in place of an OSError of the block, which uses *path*."""
    try:
        yield
    except OSError as error:
        raise StateError(unusable(path, error.strerror)) from None


def unusable(path: Path, why: object) -> str:
    """Return that *path* of our state cannot be used, *why*, and what helps."""
    return f"{path} cannot be used ({why}); make room there, or name another folder: {STATE_VARIABLE}=DIR"


@contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """Hold the lock of the file *path*, one for all processes, for the block. Raises StateError."""
    with usable(path):
        lock = path.open("ab")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def private_folder(path: Path) -> Path:
    """Create *path* for its owner only (0700) and return it. Raises StateError if that fails."""
    with usable(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_private(path: Path, text: str) -> None:
    """Write *text* to *path* at once, readable by its owner only (0600). Raises StateError."""
    private_folder(path.parent)
    with usable(path):
        write_whole(path, text.encode("utf-8", "replace"))
