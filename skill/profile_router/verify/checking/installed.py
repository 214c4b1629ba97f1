"""Which Python modules the environment of a check has installed. A new file of that name at a root displaces one.

It is a listing of names, bounded. What a check installs itself, or finds by a path of its own, is not in it.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

_MOST_PLACES, _MOST_NAMES, _MOST_WORDS = 16, 5_000, 50
_FOLDERS = (".venv", "venv", "env", ".env")
_PACKAGES = ("lib/python3*/site-packages", "lib/python3*/dist-packages", "lib/python3/dist-packages")


def installed_modules(command: str, place: Path, path: str) -> frozenset[str]:
    """Return the names of the modules that are installed where *command* finds its Python.

    It runs in *place*, and *path* is its PATH. The workspace's own environments count, whatever it runs.
    """
    found: set[str] = set()
    for folder in list(dict.fromkeys(_folders(command, place, path)))[:_MOST_PLACES]:
        try:
            with os.scandir(folder) as entries:
                for number, entry in enumerate(entries):
                    if number >= _MOST_NAMES:
                        break
                    found.add(entry.name.partition(".")[0].partition("-")[0])
        except OSError:
            continue
    return frozenset(name for name in found if name.isidentifier() and not name.startswith("__"))


def _folders(command: str, place: Path, path: str) -> Iterator[str]:
    for prefix in _prefixes(command, place, path):
        for pattern in _PACKAGES:
            try:
                yield from sorted(map(str, prefix.glob(pattern)))
            except OSError:
                continue


def _prefixes(command: str, place: Path, path: str) -> Iterator[Path]:
    """Yield the folders above `bin` of the programs of *command*, of Python on the *path*, and of environments here."""
    try:
        words = shlex.split(command)[:_MOST_WORDS]
    except ValueError:
        words = command.split()[:_MOST_WORDS]
    for word in (*words, "pytest", "python3", "python"):
        program = str(place / word) if "/" in word else shutil.which(word, path=path)
        if program and Path(program).parent.name == "bin":
            yield Path(program).parent.parent
    yield from (above / name for above in (place, *place.parents[:2]) for name in _FOLDERS)
