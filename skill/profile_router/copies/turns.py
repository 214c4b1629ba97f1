"""A writer waits for those who work in its folder already, whichever process of this user they work for.

A writer of which no copy can be made writes alone. A reader says that it reads for as long as it does. What came of
private files gets into the folder once nobody reads there any more.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from profile_router.state.copy_folders import WORKTREES_FOLDER
from profile_router.state.folder import private_folder

_BETWEEN_TRIES_S = 0.1


@asynccontextmanager
async def alone_in(workspace: Path, state: Path) -> AsyncIterator[None]:
    """Be the only writer of *workspace*, after waiting for another one. Raises StateError."""
    async with _held(workspace, state, "alone", fcntl.LOCK_EX):
        yield


@asynccontextmanager
async def reading_in(workspace: Path, state: Path) -> AsyncIterator[None]:
    """Be one of those who read in *workspace*. Raises StateError."""
    async with _held(workspace, state, "reading", fcntl.LOCK_SH):
        yield


async def unread(workspace: Path, state: Path) -> None:
    """Wait until nobody reads in *workspace*; who waits must not read there. Raises StateError."""
    async with _held(workspace, state, "reading", fcntl.LOCK_EX):
        return


@asynccontextmanager
async def _held(workspace: Path, state: Path, what: str, kind: int) -> AsyncIterator[None]:
    folder = private_folder(Path(os.path.realpath(state)) / WORKTREES_FOLDER)
    name = hashlib.sha256(os.fsencode(os.path.realpath(workspace))).hexdigest()[:32]
    with (folder / f".{what}-{name}.lock").open("ab") as file:
        while True:
            try:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_BETWEEN_TRIES_S)
        yield
