"""Our folders on this machine, as the XDG base directory specification places them. Standard library only, Python 3.8.

The plugin lies in Hermes without this package, so `hermes_plugin/setup.py` spells the one that it needs by itself.
`tests/test_folders.py` holds that both name the same folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PROGRAM_NAME = "profile-router"
PLUGIN, SKILL = "profile-router", "hermes-profile-router"  # as Hermes lists them
POLICIES, CONFIGS = "policies", "configs"  # in the CACHE: how each was read
_USUAL = {"CONFIG": ".config", "STATE": ".local/state", "CACHE": ".cache", "DATA": ".local/share"}


def our_folder(kind: str, environ: Mapping[str, str]) -> Path:
    """Return our folder of the *kind* CONFIG, STATE, CACHE or DATA. It need not exist."""
    return users_folder(kind, environ) / PROGRAM_NAME


def users_folder(kind: str, environ: Mapping[str, str]) -> Path:
    """Return the user's folder of the *kind*, in which each program has one. It need not exist."""
    home = os.path.expanduser(environ.get("HOME") or "~")  # noqa: PTH111 - `Path.expanduser` raises RuntimeError
    return Path(environ.get(f"XDG_{kind}_HOME") or Path(home) / _USUAL[kind])
