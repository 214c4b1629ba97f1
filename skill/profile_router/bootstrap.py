"""Make an environment of our own on first use, and go on inside it. Standard library only.

Serves `python3 skill …` and `python3 tests …`, which must work from a plain copy of the repository. The environment is
`.venv` beside pyproject.toml (elsewhere with PROFILE_ROUTER_ENV); a stamp in it says which requirements it holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

VARIABLE = "PROFILE_ROUTER_ENV"
_STAMP = "profile-router.json"


def requirements(root: Path, extras: Sequence[str] = ()) -> list[str]:
    """Return what pyproject.toml of *root* asks for, with its *extras*."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = list(project["dependencies"])
    for extra in extras:
        found += project["optional-dependencies"][extra]
    return found


def ensure_environment(root: Path, extras: Sequence[str] = ()) -> Path:
    """Return the python of the environment of *root*, made or completed first if it must be. Says so on stderr.

    Raises SystemExit with one line where that fails.
    """
    folder = Path(os.environ.get(VARIABLE) or root / ".venv")
    wanted = requirements(root, extras)
    python = folder / "bin" / "python"
    if python.exists() and set(wanted) <= _held(folder):
        return python
    print(f"profile-router: making its own environment in {folder} (once, about a minute)", file=sys.stderr)
    try:
        if not python.exists():
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, with_pip=True)
        both = sorted(set(wanted) | _held(folder))
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *both]
        subprocess.run(command, check=True, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(
            f"profile-router: the environment in {folder} could not be made ({error}); "
            f"check the network and python3-venv, or name another folder with {VARIABLE}=DIR"
        ) from None
    (folder / _STAMP).write_text(json.dumps({"requirements": both, "of": _digest(both)}), encoding="utf-8")
    return python


def _held(folder: Path) -> set[str]:
    try:
        return set(json.loads((folder / _STAMP).read_text(encoding="utf-8"))["requirements"])
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def go_on_inside(root: Path, arguments: Sequence[str], extras: Sequence[str] = ()) -> None:
    """Replace this process by the environment's python with *arguments*, unless it already is that python."""
    python = ensure_environment(root, extras)
    if Path(sys.prefix).resolve() == python.parent.parent.resolve():
        return
    os.execv(python, [str(python), *arguments])
