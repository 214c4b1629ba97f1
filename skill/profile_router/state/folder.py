"""The folder of our state, readable by its owner only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from profile_router.errors import StateError
from profile_router.folders import our_folder
from profile_router.state.whole_files import write_whole

VARIABLE = "PROFILE_ROUTER_STATE"


def state_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder of our state: $PROFILE_ROUTER_STATE, else the XDG state folder. It may not exist yet."""
    if environ.get(VARIABLE):
        return Path(environ[VARIABLE])
    return our_folder("STATE", environ)


def private_folder(path: Path) -> Path:
    """Create *path* for its owner only (0700) and return it. Raises StateError if that fails."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(
            f"the state folder {path} cannot be made ({error.strerror}); name another with {VARIABLE}=DIR"
        ) from None
    return path


def write_private(path: Path, text: str) -> None:
    """Write *text* to *path* at once, readable by its owner only (0600). Raises StateError."""
    private_folder(path.parent)
    try:
        write_whole(path, text.encode("utf-8", "replace"))
    except OSError as error:
        raise StateError(
            f"{path} cannot be written ({error.strerror}); name another folder with {VARIABLE}=DIR"
        ) from None
