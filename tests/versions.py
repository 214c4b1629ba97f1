"""Say which versions these tests run with, and what moved against constraints.txt: `python -m tests.versions`.

Runs inside the environment of the tests. Exits with 1 where the environment should hold the constraints and does not.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
_TOOLS = frozenset({"pip", "setuptools", "wheel"})  # what makes an environment, of the version that Python has


@dataclass(frozen=True, slots=True)
class Move:
    """A package of another version than the constraints name; `pinned` is empty where they do not name it."""

    name: str
    pinned: str
    got: str

    def __str__(self) -> str:
        return f"{self.name}  {self.pinned or 'not pinned'} -> {self.got}"


def pinned(text: str) -> dict[str, str]:
    """Return the version of each package that the constraints *text* names for this machine and Python."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if written := line.partition("#")[0].strip():
            asked = Requirement(written)
            [exact] = asked.specifier
            if asked.marker is None or asked.marker.evaluate():
                found[canonicalize_name(asked.name)] = exact.version
    return found


def installed() -> dict[str, str]:
    """Return the version of each package of this environment, but for the tools that made it."""
    found = {canonicalize_name(found.name): found.version for found in distributions(path=[_library()])}
    return {name: version for name, version in found.items() if name not in _TOOLS}


def _library() -> str:
    """Return the folder that packages are installed in: the current one may hold a package too."""
    return next(place for place in sys.path if place.endswith("site-packages"))


def moves(pins: Mapping[str, str], found: Mapping[str, str]) -> list[Move]:
    """Return the packages of *found* whose version is another than in *pins*, by name."""
    return [Move(name, pins.get(name, ""), found[name]) for name in sorted(found) if pins.get(name) != found[name]]


def main(arguments: list[str]) -> int:
    """Print the constraints in use and what moved, a package a line."""
    newest = arguments == ["--newest"]
    found = installed()
    moved = moves(pinned((ROOT / "constraints.txt").read_text(encoding="utf-8")), found)
    other = [move for move in moved if move.pinned]
    source = "constraints.txt left out (--newest)" if newest else "constraints.txt"
    print(f"versions: {source}, {len(found)} packages, {len(other)} of another version, {len(moved) - len(other)} more")
    for move in moved:
        print(f"  {move}")
    return 0 if newest or not other else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
