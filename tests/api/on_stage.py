"""A stage for the API: a repository, a home, and scripted servers behind its profiles, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli.command import environment
from tests.cli.stage import profile, workspace
from tests.scripted_provider import Answer, ScriptedProvider, call, say

FIX = call("edit_file", {"path": "calc.py", "old": "a - b", "new": "a + b"})
DONE = (FIX, say("`add` adds now."))


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a task works, and the environment that leads there."""

    root: Path
    environ: dict[str, str]
    local: ScriptedProvider


@contextmanager
def stage(folder: Path, *answers: Answer) -> Iterator[Stage]:
    """Give a stage whose local server says *answers*; its burst server is asked for nothing."""
    root = workspace(folder / "ws", {"calc.py": "def add(a, b):\n    return a - b\n"})
    with (
        ScriptedProvider(answers=list(answers), models=("scripted",)) as local,
        ScriptedProvider(answers=[], models=("scripted",)) as burst,
    ):
        profile(folder, "coding-local", local.base_url)
        profile(folder, "coding-burst", burst.base_url)
        yield Stage(root, environment(folder), local)
