"""What there is to install, as paths below its place and bytes: profiles, plugin, skill, policy. Nothing is written."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from profile_router.errors import DataError
from profile_router.expressions import expression
from profile_router.resources import AGAIN, shipped

PROGRAM_NOTE = "program.json"
# What Hermes' own `profile install` makes in a new profile, beside the files.
PROFILE_FOLDERS = ("cron", "home", "logs", "memories", "plans", "sessions", "skills", "skins", "workspace")
_PACKAGE = Path(__file__).resolve().parents[1]
_SPELLINGS = expression(r"python3 \$\{HERMES_SKILL_DIR\}/skill(?![\w/])|(?<=`)profile-router(?= )")
_PREREQUISITES = expression(r"(^## Prerequisites\n).*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)

Files = Mapping[str, bytes]


def profiles() -> Mapping[str, Files]:
    """Return the profiles that ship, by name: the files of each as Hermes' `profile install` leaves them."""
    return {folder.name: _profile(folder) for folder in sorted(shipped("profiles").iterdir()) if folder.is_dir()}


def plugin_files(command: tuple[str, ...], *, older: bool = True) -> Files:
    """Return the plugin's files, with `router.json` that tells it the absolute *command* of this installation.

    *older*: with what a Hermes needs that has no seam of its own for a router. Without, they are the catalog's files.
    """
    found = _tree(_PACKAGE / "hermes_plugin")
    if "plugin.yaml" not in found:
        raise DataError(f"the plugin is missing from {_PACKAGE}: {AGAIN}")
    return {**(_with_older(found) if older else found), "router.json": program(command)}


def _with_older(plugin: Files) -> Files:
    """Return *plugin* with the room `hermes_older` as its package `older`."""
    return {**plugin, **{f"older/{name}": _as_part(code) for name, code in _tree(_PACKAGE / "hermes_older").items()}}


def _as_part(code: bytes) -> bytes:
    """Return the python *code* with its imports as those of a part of the plugin. Nothing else of ours lies there."""
    text = code.decode()
    for room, dots in (("hermes_older", "."), ("hermes_plugin", "..")):
        text = text.replace(f"from profile_router.{room}.", f"from {dots}")
        text = text.replace(f"from profile_router.{room} import", f"from {dots} import")
    return text.encode()


def program(command: tuple[str, ...]) -> bytes:
    """Return the file that names this program by its absolute *command*."""
    return f"{json.dumps({'command': command}, indent=2)}\n".encode()


def skill_files(command: tuple[str, ...]) -> Files:
    """Return the skill's files: SKILL.md with its commands spelled as this installation is called."""
    top = shipped("profiles").parent
    if not (top / "SKILL.md").is_file():
        raise DataError(f"SKILL.md is missing from {top}: {AGAIN}")
    spelled = shlex.join(command)
    text = _SPELLINGS.sub(lambda _: spelled, (top / "SKILL.md").read_text(encoding="utf-8"))
    needs = f"The program is installed: `{spelled} doctor` says what works here and what fixes the rest.\n\n"
    text = _PREREQUISITES.sub(lambda heading: heading[1] + needs, text, count=1)
    references = {f"references/{name}": content for name, content in _tree(top / "references").items()}
    return {"SKILL.md": text.encode(), **references}


def own_command() -> tuple[str, ...]:
    """Return what calls this installation from any folder and without our environment variables, absolute."""
    checkout = _PACKAGE.parents[1]
    if (_PACKAGE.parent / "__main__.py").is_file() and (checkout / "pyproject.toml").is_file():
        return (sys.executable, str(_PACKAGE.parent))
    script = Path(sys.executable).with_name("profile-router")
    # -P: else Python would first look for modules in the folder that it is called from.
    return (str(script),) if script.is_file() else (sys.executable, "-P", "-m", "profile_router")


def _profile(folder: Path) -> Files:
    found = dict(_tree(folder))
    # Hermes notes there where an update comes from
    found["distribution.yaml"] += f"source: {json.dumps(str(folder))}\n".encode()
    return found


def _tree(folder: Path) -> Files:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    wanted = (path for path in found if "__pycache__" not in path.parts and path.name not in {".env", ".DS_Store"})
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in wanted}
