"""Where the router is and how long it may take: `router.json` beside this file, written by whoever installed it.

{"command": ["/abs/profile-router"], "limit_seconds": 1200, "start_seconds": 60, "private_paths": [], "if_broken":
"hermes"}. Only `command` is needed; PROFILE_ROUTER_COMMAND, the absolute path of one program, beats it. `if_broken` is
`hermes` (Hermes delegates by itself where `middleware` allows it) or `error` (it never does). `worker`, which earlier
versions wrote, means nothing any more.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

COMMAND_VARIABLE = "PROFILE_ROUTER_COMMAND"
DEPTH_VARIABLE = "PROFILE_ROUTER_DEPTH"
# Set for the router's own process, and by the router for each Hermes that it starts.
INSIDE = (DEPTH_VARIABLE, "PROFILE_ROUTER_CHILD")
GRACE_S = 15.0  # the router knows the limit too, and ends with a better word than being ended
FIX = "`hermes profile-router setup` finds the program or says how to get it, and writes the plugin's router.json"
_FORMER = "worker"
# What `install` has recorded, outside the plugin's own folder: Hermes deletes that when it installs the plugin anew.
_RECORD = Path("profile-router", "program.json")
# They would point the router's python at Hermes' packages, or the other way round.
_NOT_PASSED = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What was read. `command` is empty and `problem` says why where the router cannot be called."""

    command: Command = ()
    problem: str = ""
    limit_s: float = 1200.0
    start_s: float = 60.0
    private_paths: tuple[str, ...] = ()
    if_broken: str = "hermes"


def plugin_settings(folder: Path | None = None) -> Settings:
    """Return the settings in *folder* (default: this one). Never raises: what is wrong stands in `problem`.

    A file that cannot be read may have forbidden Hermes' own delegation: it counts as if it did.
    """
    file = (folder or Path(__file__).parent) / "router.json"
    try:
        found = json.loads(file.read_bytes()) if file.exists() else {}
        settings = _settings(found)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        return Settings(problem=f"{file} cannot be used ({error})", if_broken="error")
    named = os.environ.get(COMMAND_VARIABLE)
    command = (named,) if named else settings.command or recorded_command(home_around(file.parent))
    return replace(settings, command=command, problem=_problem(command))


def _settings(found: Any) -> Settings:
    checks: Mapping[str, Any] = {
        "command": ("command", _texts),
        "limit_seconds": ("limit_s", _seconds),
        "start_seconds": ("start_s", _seconds),
        "private_paths": ("private_paths", _texts),
        "if_broken": ("if_broken", _choice),
    }
    if not isinstance(found, dict):
        raise ValueError(f"it must be a JSON object with {', '.join(checks)}")
    found = {key: value for key, value in found.items() if key != _FORMER}
    unknown = next((key for key in found if key not in checks), None)
    if unknown is not None:
        raise ValueError(f"unknown key '{unknown}'; allowed: {', '.join(checks)}")
    return Settings(**{checks[key][0]: checks[key][1](key, value) for key, value in found.items()})


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"'{key}' must be a list of texts")
    return tuple(value)


def _seconds(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 10**7:
        raise ValueError(f"'{key}' must be seconds, more than 0")
    return float(value)


def _choice(key: str, value: Any) -> str:
    if value not in ("hermes", "error"):
        raise ValueError(f"'{key}' is '{value}'; allowed: hermes, error")
    return str(value)


def _problem(command: Command) -> str:
    if not command:
        return f"the router is not set up; {FIX}"
    program = Path(command[0])
    if not program.is_absolute():
        return f"the router is '{program}', which is not an absolute path; {FIX}"
    if not os.path.isfile(program):  # noqa: PTH113 - never raises
        return f"the router is not at {program}; {FIX}"
    return "" if os.access(program, os.X_OK) else f"the router at {program} may not be executed; {FIX}"


def home_around(plugin: Path) -> Path:
    """Return the Hermes home that the folder *plugin* lies in: `<home>/plugins/profile-router`."""
    return plugin.absolute().parents[1]


def recorded_command(home: Path) -> Command:
    """Return the program that `install` has recorded for the Hermes home *home*; empty without one to trust.

    The file must be this user's, writable by nobody else, with the absolute path of a program that is there.
    """
    root = home.parent.parent if home.parent.name == "profiles" else home
    path = root / _RECORD
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            found = json.loads(file.read(100_000))
    except (OSError, ValueError, RecursionError):
        return ()
    if about.st_uid != os.getuid() or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return ()
    return _command(found.get("command") if isinstance(found, dict) else None)


def _command(found: Any) -> Command:
    if not isinstance(found, list) or not found or not all(isinstance(word, str) for word in found):
        return ()
    return tuple(found) if Path(found[0]).is_absolute() and os.access(found[0], os.X_OK) else ()


def environment() -> dict[str, str]:
    """Return what the router's process gets: Hermes' own environment, the mark against recursion added."""
    return {**{name: value for name, value in os.environ.items() if name not in _NOT_PASSED}, DEPTH_VARIABLE: "1"}


def folder_here() -> str:
    """Return the folder in which this chat's tools work, as Hermes tells it; empty where that is not a folder of ours.

    One process may serve several chats, each in a folder of its own: an editor's, a dashboard's.
    """
    try:
        from agent.runtime_cwd import resolve_agent_cwd
    except ImportError:
        return ""
    with suppress(Exception):
        return str(resolve_agent_cwd())
    return ""


def folder_of_parent(*named: object) -> str:
    """Return the folder that the parent agent works in, where the router is to work. It is the first folder of *named*,
    else Hermes' own, else this one."""
    for place in (*named, os.environ.get("TERMINAL_CWD")):
        if isinstance(place, str) and Path(place).is_absolute() and os.path.isdir(place):  # noqa: PTH112 - never raises
            return place
    return str(Path.cwd())
