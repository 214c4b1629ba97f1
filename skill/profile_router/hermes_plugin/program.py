"""Where `install` has recorded the program: `<home>/profile-router/program.json`, outside the plugin's own folder.

Hermes deletes `router.json` when it installs the plugin anew; this record stays.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

FOLDER, FILE = "profile-router", "program.json"

Command = tuple[str, ...]


def home_of(plugin: Path) -> Path:
    """Return the Hermes home that the folder *plugin* lies in: `<home>/plugins/profile-router`."""
    return plugin.absolute().parents[1]


def recorded_command(home: Path) -> Command:
    """Return the program that `install` has recorded for the Hermes home *home*; empty where there is none to trust.

    Only a file of this user, that nobody else may write, with an absolute path of a program that is there.
    """
    root = home.parent.parent if home.parent.name == "profiles" else home
    path = root / FOLDER / FILE
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            found = json.loads(file.read(100_000))
    except (OSError, ValueError, RecursionError):
        return ()
    if about.st_uid != os.getuid() or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return ()
    return _command(found.get("command") if isinstance(found, dict) else None)


def _command(found: Any) -> Command:
    if not isinstance(found, list) or not found or not all(isinstance(word, str) for word in found):
        return ()
    return tuple(found) if Path(found[0]).is_absolute() and os.access(found[0], os.X_OK) else ()
