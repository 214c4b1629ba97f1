"""The lock of a repository: one for all processes of this user."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from profile_router.errors import WorkspaceError
from profile_router.git.repository import Repository
from profile_router.state.folder import private_folder
from profile_router.state.places import FOLDER


@contextmanager
def locked(repository: Repository, state: Path) -> Iterator[None]:
    """Hold the lock of *repository*, one for all processes of this user, while merging or looking."""
    folder = private_folder(Path(os.path.realpath(state)) / FOLDER)
    name = "".join(char if char.isalnum() else "-" for char in str(repository.common))[-200:]
    deadline = time.monotonic() + LOCK_S
    with (folder / f"{name}.lock").open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise WorkspaceError(
                        f"another profile-router has been busy with {repository.top} for {LOCK_S:g} s; "
                        f"end it, or see who holds {file.name}"
                    ) from None
                time.sleep(0.02)
        yield


LOCK_S = 60.0
