"""When a run was last at work: a file that is touched while something may write anything.

A process that is killed tells nobody when. By this file's time it is known which changes came later than it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_FILE = "at-work"
_EVERY_S = 0.05


@contextmanager
def pulse(folder: Path | None) -> Iterator[None]:
    """Touch the file in the run's *folder* for as long as this lasts; None: the run has no folder.

    Where it cannot be touched, nobody will know when the process ended, and `undo` asks.
    """
    if folder is None:
        yield
        return
    over = threading.Event()
    beating = threading.Thread(target=_beat, args=(folder / _FILE, over), name="pulse", daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()


def last_pulse(folder: Path) -> int:
    """Return when the run of *folder* was last at work, in ns since 1970 by its file system's clock; 0: unknown."""
    try:
        return (folder / _FILE).stat().st_mtime_ns
    except OSError:
        return 0


def _beat(file: Path, over: threading.Event) -> None:
    with suppress(OSError):
        file.touch(mode=0o600)
        while not over.wait(_EVERY_S):
            os.utime(file)
