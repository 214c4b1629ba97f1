"""The real Hermes for tests: `hermes-agent` from PyPI in an environment of its own, made once and kept."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from profile_router.adapters.hermes.installation import Hermes

VARIABLE = "PROFILE_ROUTER_TEST_HERMES_ENV"
WANTED = "hermes-agent==0.19.*"
_CHECKOUT = Path(__file__).resolve().parents[2]


def installed_hermes() -> Hermes:
    """Return the Hermes under $PROFILE_ROUTER_TEST_HERMES_ENV, else `.hermes-env` in the checkout; made if absent.

    Of several processes that come at once, one makes it and the others wait.
    """
    folder = Path(os.environ.get(VARIABLE) or _CHECKOUT / ".hermes-env").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"has {WANTED}"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
            subprocess.run([*pip, WANTED], check=True, stdin=subprocess.DEVNULL)
            made.touch()
    return Hermes(python=folder / "bin" / "python", command=(str(folder / "bin" / "hermes"),))
