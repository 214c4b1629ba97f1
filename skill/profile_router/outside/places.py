"""Ask the disk about a place that somebody's text names: a row, a config, JSON. Any text gets a yes or a no.

`Path.is_dir` raises OSError for a text longer than a name may be, or behind a folder that nobody may enter.
"""

from __future__ import annotations

import os
from pathlib import Path


def is_folder_named(text: str) -> bool:
    """Tell whether *text* names a folder that is there; a relative one counts from the current folder."""
    return bool(text) and os.path.isdir(text)  # noqa: PTH112 - `Path.is_dir` raises OSError


def is_file_named(text: str) -> bool:
    """Tell whether *text* names a regular file that is there, or a link to one."""
    return bool(text) and os.path.isfile(text)  # noqa: PTH113 - `Path.is_file` raises OSError


def is_place_named(text: str) -> bool:
    """Tell whether *text* names anything that is there, or a link to it."""
    return bool(text) and os.path.exists(text)  # noqa: PTH110 - `Path.exists` raises OSError


def at_home(text: str) -> Path:
    """Return *text* as a path, `~` and `~user` as the folder of that user; as it stands where nobody is called so."""
    return Path(os.path.expanduser(text))  # noqa: PTH111 - `Path.expanduser` raises RuntimeError
