"""What guesses the files of a task: ours, and any peer that speaks the same Protocol."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from profile_router.errors import RouterError
from profile_router.workspace.folder import find_workspace
from profile_router.workspace.named_files import find_named_files

MOST = 20  # files of a ranking that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Files, the likeliest first. `sure` names how sure it says to be; `signals` are scores of the same reading.

    `ms` is what it took; `problem` says why there is none.
    """

    paths: Sequence[str] = ()
    sure: str = ""
    signals: Mapping[str, float] = field(default_factory=dict)
    ms: float = 0.0
    problem: str = ""

    @property
    def plain(self) -> dict[str, Any]:
        """Return this as JSON has it."""
        return {**asdict(self), "paths": list(self.paths), "signals": dict(self.signals)}


def ranking_of(plain: Mapping[str, Any]) -> Ranking:
    """Return the ranking that JSON has as *plain*. Raises TypeError where it is not one."""
    return Ranking(**plain)


class Locator(Protocol):
    """Guesses which files a task touches. `key` names it with its version and settings."""

    @property
    def name(self) -> str:
        """Return what it is called in the report."""

    @property
    def key(self) -> str:
        """Return what its answers depend on, besides the row."""

    def locate(self, folder: Path, text: str) -> Ranking:
        """Return the files below *folder* that *text* is about."""


@dataclass(frozen=True, slots=True)
class FilesNamedInText:
    """The files that the text names, in its order: what is known without looking into any file."""

    key: str
    name: str = "named files"

    def locate(self, folder: Path, text: str) -> Ranking:
        """Return the files that *text* names."""
        began = time.perf_counter()
        try:
            named = find_named_files(text, (), find_workspace(str(folder), folder), folder)
        except RouterError as error:
            return Ranking(problem=str(error))
        paths = [file.path for file in (*named.singles, *named.around)][:MOST]
        return Ranking(paths=paths, sure="named" if paths else "none", ms=(time.perf_counter() - began) * 1_000)
