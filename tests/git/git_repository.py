"""Scratch git repositories that depend on nobody's configuration."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_ENVIRONMENT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
_IDENTITY = (
    *("-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"),
    *("-c", "maintenance.auto=false"),  # a process more for each commit
)


def run_git(folder: Path, *args: str, stdin: str = "") -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | _ENVIRONMENT
    done = subprocess.run(
        ["git", *_IDENTITY, *args], cwd=folder, env=environment, check=True, capture_output=True, text=True, input=stdin
    )
    return done.stdout


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def repository(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Make *folder* a git repository in which *files* are committed, and return it without symlinks."""
    folder.mkdir(parents=True, exist_ok=True)
    write_files(folder, files)
    run_git(folder, "init", "--quiet", "--initial-branch=main")
    run_git(folder, "add", "--all", "--force")
    run_git(folder, "commit", "--quiet", "--allow-empty", "--message=start")
    return folder.resolve()
