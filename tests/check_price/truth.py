"""Whether a planted task is what it says: each right answer passes its hidden test, no wrong one does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.check_price.bugs import RIGHT, BuggyRepository, PlantedBug
from tests.git.git_repository import write_files

_SECONDS = 120


def untruths(repository: BuggyRepository, bug: PlantedBug, folder: Path) -> Iterator[str]:
    """Yield each answer to *bug* that its hidden test does not tell apart as it should, tried in *folder*."""
    for covered in (True, False):
        for kind, files in bug.answers(repository.as_found(bug, covered=covered), covered=covered):
            if kind == "emptied" and covered:
                continue  # as right or wrong as without the test that it empties
            place = folder / f"{kind}-{covered}"
            path, text, command = bug.hidden
            write_files(place, {**files, path: text})
            told = subprocess.run(
                ["sh", "-c", command], cwd=place, capture_output=True, timeout=_SECONDS, check=False, text=True
            )
            if (told.returncode == 0) != (kind in RIGHT):
                yield f"{repository.name}, {bug.name}, {kind}: exit {told.returncode}"
