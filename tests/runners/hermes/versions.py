"""The Hermes that are tried, and one that claims another version: nothing may depend on a version's name."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.examples import by_night
from tests.runners.hermes.installed import NEW, OLD, installed_hermes

from profile_router.machine.hermes_program import Hermes

# By name: the environment, and what the installation calls itself where that is not as its wheel has it.
TRIED: Mapping[str, tuple[str, str]] = {
    "0.19.0": (OLD, ""),
    "0.22.2 as a wheel": (NEW, ""),
    "0.22.2 as from git": (NEW, "0.22.2"),
}

# Hides a name from whoever asks by name, as a later Hermes would that has moved it elsewhere.
HIDES = """\
import importlib, types
real = importlib.import_module
def import_module(name, package=None):
    module = real(name, package)
    if name != {place!r}:
        return module
    return types.SimpleNamespace(**{{key: value for key, value in vars(module).items() if key != {name!r}}})
importlib.import_module = import_module
"""

EITHER = (OLD, NEW)


def first_in(version: str) -> list[Any]:
    """Return all versions as parameters: *version* is met with each change, the others by night."""
    return [name if name == version else by_night(name) for name in TRIED]


def in_turn(versions: Sequence[str], rows: Mapping[str, tuple[Any, ...]], each: int = 1) -> list[Any]:
    """Return the parameters of a test that meets *rows* in *versions*: one version in turn, the others by night.

    Every row whose number *each* divides is met with each change.
    """
    return [
        pytest.param(
            version,
            *row,
            id=f"{name}-{version}",
            marks=() if version == turn and not number % each else pytest.mark.nightly,
        )
        for number, ((name, row), turn) in enumerate(zip(rows.items(), itertools.cycle(versions), strict=False))
        for version in versions
    ]


def hermes_of(name: str, folder: Path) -> Hermes:
    """Return the Hermes *name* of TRIED; *folder* is for what is needed to let it say so."""
    version, told = TRIED[name]
    return saying(installed_hermes(version), told, folder) if told else installed_hermes(version)


def saying(hermes: Hermes, version: str, folder: Path, start: str = "") -> Hermes:
    """Return *hermes* with a dist-info folder of *version*, as pip makes it for Hermes' own repository.

    *start* is python that its process runs at its start.
    """
    told = folder / "said" / f"hermes_agent-{version}.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: hermes-agent\nVersion: {version}\n")
    (told.parent / "sitecustomize.py").write_text(start)
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{told.parent}" exec "{hermes.python}" "$@"\n')
    python.chmod(0o755)
    return Hermes(python=python, command=hermes.command)
