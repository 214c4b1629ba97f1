"""What of an installed Hermes a router can take part by, told from its files: nothing is started.

`hermes --version` would write into its home and ask the network for updates. What counts is what is there and never
what a version is called: users run Hermes from git. Read in 0.19.0 and 0.22.2; of 0.22.5 its documentation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from profile_router.values import frozen

Seam = Literal["delegation provider", "model provider", "middleware"]
_MOST_BYTES = 4_000_000
# Where Hermes says that it has a seam: the files to look into, and the words.
_CLIENT = (("providers/base.py",), "def create_client(")
_DELEGATION = (("hermes_cli/plugins*.py", "agent/delegation_provider.py"), "def register_delegation_provider(")


@frozen
class Seams:
    """`version` is None where the installation does not tell.

    `provider_client`: a model provider may bring a client of its own. `delegation_provider`: a plugin may decide
    per task which provider a child has.
    """

    version: str | None = None
    provider_client: bool = False
    delegation_provider: bool = False

    @property
    def used(self) -> Seam:
        """Return the seam that our plugin takes part by: the best there is."""
        if not self.provider_client:
            return "middleware"
        return "delegation provider" if self.delegation_provider else "model provider"


def find_seams(python: Path) -> Seams:
    """Return what the Hermes of *python* has. What cannot be read counts as not there."""
    packages = sorted(python.parent.parent.glob("lib/python3*/*-packages"))
    about = [folder for place in packages for folder in sorted(place.glob("hermes_agent*-*.dist-info"))]
    version = next((folder.name.removesuffix(".dist-info").rpartition("-")[2] for folder in about), None)
    # in site-packages, where an editable installation says that it lies, or around its own environment
    places = [*packages, *(found for folder in about for found in _editable(folder)), *python.parents[2:3]]
    root = next((place for place in places if (place / "hermes_cli").is_dir()), None)
    if root is None:
        return Seams(version=version)
    return Seams(version=version, provider_client=_says(root, *_CLIENT), delegation_provider=_says(root, *_DELEGATION))


def _editable(about: Path) -> Iterator[Path]:
    try:
        told = json.loads((about / "direct_url.json").read_bytes()[:_MOST_BYTES])
    except (OSError, ValueError, RecursionError):
        return
    url = told.get("url") if isinstance(told, dict) else None
    if isinstance(url, str) and url.startswith("file:///"):
        yield Path(unquote(urlsplit(url).path))


def _says(root: Path, files: tuple[str, ...], words: str) -> bool:
    return any(words in text for pattern in files for path in sorted(root.glob(pattern)) for text in _read(path))


def _read(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            yield file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return
