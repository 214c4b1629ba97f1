"""Which workers run: a lock that is held tells, and names who holds it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from profile_router.errors import StateError
from profile_router.hermes_plugin.worker import locked, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A worker that serves, or is about to, at `socket`."""

    pid: int
    socket: Path


def running(where: Path) -> tuple[Running, ...]:
    """Return the workers at the socket or in the folder *where*. Raises StateError for one that is not ours alone."""
    folder, names = (where.parent, f"{where.stem}.lock") if where.suffix == ".sock" else (where, "*.lock")
    if not folder.is_dir():
        return ()
    try:
        with opened(folder) as place:
            return tuple(_held(sorted(place.glob(names)), folder))
    except OSError as error:
        raise StateError(f"{folder} cannot be read ({error}); it must be yours alone, mode 0700") from None


def end(worker: Running) -> None:
    """Send SIGTERM, to none but the process that holds the lock. What it has forked goes on."""
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(worker.pid)
        try:
            with opened(worker.socket.parent) as place:
                if _holder(place / f"{worker.socket.stem}.lock") == worker.pid:
                    signal.pidfd_send_signal(handle, signal.SIGTERM)
        finally:
            os.close(handle)


def _held(locks: list[Path], folder: Path) -> Iterator[Running]:
    for lock in locks:
        pid = _holder(lock)
        if pid is not None:
            yield Running(pid=pid, socket=folder / f"{lock.stem}.sock")


def _holder(lock: Path) -> int | None:
    handle = locked(lock)
    if handle is not None:
        os.close(handle)
        return None
    text = lock.read_text().strip()
    return int(text) if text.isdigit() else None
