"""The check that the chat's model wants for a task. A model wrote the command, so it is jailed, and a person agrees to
it."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import PurePosixPath
from typing import get_args

from profile_router.core.found_check import CheckRunner, FoundCheck
from profile_router.core.text import shown
from profile_router.expressions import expression

_SOURCE = "the chat's model asks for it"
_SHELL = expression(r"[;&|<>()$`\\*?\[\]{}~#!\n]|^\w+=")
_MODULES = expression(r"python[\d.]*")
_CALLED = {"mvn": "maven", "mvnw": "maven", "gradlew": "gradle"}
_OTHER: CheckRunner = "command"


def proposed_check(command: str, folder: str) -> FoundCheck:
    """Return *command* as a check that runs in *folder* of the workspace; `refused` says what is wrong with it.

    What only a shell understands is given to one, in the same jail.
    """
    try:
        words = ("sh", "-c", command) if _SHELL.search(command) else tuple(shlex.split(command))
    except ValueError:
        words = ()
    wrong = ""
    if not words or "\0" in command:
        wrong, words = f"{shown(command, 80)} is not a command line", ("sh", "-c", shown(command, 80))
    found = FoundCheck(
        runner=_runner(words), words=words, whole=words, source=_SOURCE, folder=folder, refused=wrong, proposed=True
    )
    return found if wrong else replace(found, refused=found.too_long)


def _runner(words: tuple[str, ...]) -> CheckRunner:
    """Return by whose rules the output of *words* is read; `command` where that is not a runner we know."""
    name = PurePosixPath(words[0]).name
    if _MODULES.fullmatch(name) and words[1:2] == ("-m",):
        name = words[2] if len(words) > 2 else ""
    called = _CALLED.get(name, name)
    return next((runner for runner in get_args(CheckRunner) if runner == called), _OTHER)
