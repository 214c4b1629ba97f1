"""Run the command line as a process, as a person does."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.cli import forked

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Done:
    """How a call ended."""

    code: int
    out: str
    err: str

    @classmethod
    def of(cls, code: int, out: bytes, err: bytes) -> Self:
        return cls(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment with nothing of the caller's but PATH: every folder is below *home*."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HERMES_HOME": str(home / "hermes"),
        "PROFILE_ROUTER_STATE": str(home / "state"),
        "PROFILE_ROUTER_HERMES_PYTHON": "none",
        "PYTHONPATH": f"{ROOT / 'skill'}{os.pathsep}{ROOT / 'graphs'}",
        "LC_ALL": "C.UTF-8",
        **(extra or {}),
    }


def call(
    *arguments: str,
    home: Path,
    cwd: Path | None = None,
    extra: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    python: tuple[str, ...] | None = None,
) -> Done:
    """Run `profile-router arguments` to its end: in a fork, or with *python*'s options in a Python of its own.

    Only of the latter /proc shows the arguments and the environment.
    """
    where, environ = cwd or home, environment(home, extra)
    if python is not None:
        command = [sys.executable, *python, "-m", "profile_router", *arguments]
        done = subprocess.run(
            command, cwd=where, env=environ, input=stdin, capture_output=True, timeout=120, check=False
        )
        return Done.of(done.returncode, done.stdout, done.stderr)
    with forked.start(*arguments, cwd=where, environ=environ) as fork:
        outputs = fork.communicate(stdin)
        return Done.of(fork.wait(0), *outputs)
