"""Environments for what only tests by night need: each made once, in its folder, and kept."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def environment_with(folder: Path, stamp: str, wanted: Sequence[str]) -> Path:
    """Return the python of the environment in *folder*, which *wanted*, words for pip, was installed into.

    *stamp* names what that is. Of several processes that come at once, one makes it and the others wait.
    """
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / "bin" / "python"
    made = folder / f"has {stamp}"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
            subprocess.run([*pip, *wanted], check=True, stdin=subprocess.DEVNULL)
            made.touch()
    return python
