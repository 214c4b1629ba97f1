"""Find Hermes: its python, which has Hermes' pinned packages, and its command. Runs nothing."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from profile_router.core.text import shown
from profile_router.errors import UsageError
from profile_router.expressions import expression
from profile_router.outside.places import at_home, is_file_named
from profile_router.values import frozen

HERMES_VARIABLE = "PROFILE_ROUTER_HERMES_PYTHON"
_NONE = "none"
_HEAD_BYTES = 4_096
_WRAPPERS = 3
# How pip writes a python whose path is too long for a first line, or has a blank in it.
_LONG_SHEBANG = expression(r"""^'''exec' ("[^"]+"|\S+) "\$0" "\$@\"""", re.MULTILINE)
_WRAPPED = expression(r"""^[ \t]*exec\s+(?:env\s+(?:[^\s=]+=\S*\s+)*)?("[^"$]+"|'[^'$]+'|[^\s"'$]+)""", re.MULTILINE)


@frozen
class Hermes:
    """Where Hermes is: `python` runs our child, `command` is what a user would type."""

    python: Path
    command: tuple[str, ...]


def find_hermes(environ: Mapping[str, str], named: str = "") -> Hermes | None:
    """Return the Hermes in force or None.

    Its python is $PROFILE_ROUTER_HERMES_PYTHON, else *named* (the policy's), else what `hermes` on PATH begins with.
    The word `none` in one of the first two means to do without. Raises UsageError where one of them names no program.
    """
    wanted = {HERMES_VARIABLE: environ.get(HERMES_VARIABLE, ""), "hermes.python in the policy": named}
    for place, value in wanted.items():
        if value == _NONE:
            return None
        if value:
            return _named(at_home(value), place)
    import shutil  # see `git.command`

    found = shutil.which("hermes", path=environ.get("PATH", ""))
    python = _interpreter(Path(found), environ.get("PATH", "")) if found else None
    return None if found is None or python is None else Hermes(python=python, command=(found,))


def _named(python: Path, place: str) -> Hermes:
    if not (python.is_absolute() and is_file_named(str(python)) and os.access(python, os.X_OK)):
        raise UsageError(
            f"{place} is '{shown(str(python))}', which is not a program; "
            "name the python that has hermes-agent, by its whole path: "
            '`head -1 "$(command -v hermes)"` shows it'
        )
    beside = python.with_name("hermes")
    return Hermes(python=python, command=(str(beside),) if beside.is_file() else (str(python), "-m", "hermes_cli.main"))


def _interpreter(command: Path, search: str, depth: int = _WRAPPERS) -> Path | None:
    """Return the python that the script *command* is written for, through shell wrappers around it."""
    try:
        with command.open("rb") as file:
            head = file.read(_HEAD_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    first, _, rest = head.partition("\n")
    if not first.startswith("#!"):
        return None
    words = [word for word in shlex.split(first[2:]) if word != "-S"]
    program = words[1] if words and Path(words[0]).name == "env" and len(words) > 1 else (words or [""])[0]
    if long := _LONG_SHEBANG.search(rest):
        program = long[1].strip('"')
    if Path(program).name.startswith(("python", "pypy")):
        import shutil

        found = shutil.which(program, path=search)
        return Path(found) if found else None
    wrapped = _WRAPPED.search(rest)
    if wrapped is None or depth == 0:
        return None
    inner = Path(wrapped[1].strip("\"'"))
    if inner.name.startswith(("python", "pypy")):
        return inner if inner.is_file() else None
    return _interpreter(inner, search, depth - 1)
