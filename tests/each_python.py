"""Run a cheap part of the tests on each Python that pyproject.toml names and this machine has.

A Python is looked for on PATH, then among pyenv's versions. It gets an environment of its own beside that of the tests,
which holds the versions of constraints.txt. Standard library alone: it runs before there is any environment.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Pure rooms, what is read and kept, and that each module can be imported. The rest is the same code at a higher price.
PART = (
    "tests/core",
    "tests/policies",
    "tests/prices",
    "tests/profiles",
    "tests/prompting",
    "tests/state",
    "tests/threads",
    "tests/test_house.py",
    "tests/test_values.py",
)
_MINOR = re.compile(r'"Programming Language :: Python :: (3\.\d+)"')
# `venv` is there without ensurepip on some systems, and then makes nothing.
_ASK = "import sys, ensurepip; print('%d.%d.%d' % sys.version_info[:3])"
_ASK_S, _RUN_S = 10, 1_800


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that answered: `version` in three parts, and the path to start it by."""

    version: str
    path: str

    @property
    def minor(self) -> str:
        """Return the version without its last part."""
        return self.version.rpartition(".")[0]


def named_minors(pyproject: str) -> list[str]:
    """Return the versions that the text of a *pyproject* names, the oldest first."""
    return sorted(_MINOR.findall(pyproject), key=lambda minor: int(minor.partition(".")[2]))


def interpreters(minors: Sequence[str], environ: Mapping[str, str]) -> list[Interpreter]:
    """Return one Python for each of *minors* that *environ* leads to, and that can make an environment."""
    return [found for minor in minors if (found := next(_answering(minor, environ), None))]


def environment_beside(own: Path, minor: str) -> Path:
    """Return where the environment of *minor* lies, beside the *own* one."""
    return own.with_name(f"{own.name}-{minor}")


def run_each(own: Path, running: str, environ: Mapping[str, str]) -> int:
    """Run PART on each Python there but *running* (`3.11`), and print how each ended; return 1 where one failed.

    *own* is the folder of this Python's environment.
    """
    minors = named_minors((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    others = [minor for minor in minors if minor != running]
    there = interpreters(others, environ)
    failed = False
    for one in there:
        print(f"\nPython {one.version} ({one.path}): {' '.join(PART)}", flush=True)
        code = _run(one, environment_beside(own, one.minor), environ)
        failed = failed or code != 0
        print(f"Python {one.version}: {'well' if code == 0 else f'failed with {code}'}", flush=True)
    absent = [minor for minor in others if minor not in {one.minor for one in there}]
    if absent:
        print(f"\nnot run, for it is not on this machine: Python {', '.join(absent)}", flush=True)
    return int(failed)


def _run(one: Interpreter, place: Path, environ: Mapping[str, str]) -> int:
    """Let *one* run the tests of PART by `tests/__main__.py`, in the environment at *place*; return its exit code."""
    command = [one.path, str(ROOT / "tests"), "-p", "no:cacheprovider", *PART]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env={**environ, "PROFILE_ROUTER_ENV": str(place)}, check=False, timeout=_RUN_S
        )
    except subprocess.TimeoutExpired:
        print(f"Python {one.version}: no end after {_RUN_S:,} s", file=sys.stderr)
        return 1
    return done.returncode


def _answering(minor: str, environ: Mapping[str, str]) -> Iterator[Interpreter]:
    for path in _places(minor, environ):
        try:
            said = subprocess.run(
                [path, "-I", "-c", _ASK], capture_output=True, text=True, check=False, timeout=_ASK_S, env={**environ}
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        version = said.stdout.strip()
        if said.returncode == 0 and re.fullmatch(rf"{re.escape(minor)}\.\d+", version):  # a shim of pyenv may be empty
            yield Interpreter(version, path)


def _places(minor: str, environ: Mapping[str, str]) -> Iterator[str]:
    if on_path := shutil.which(f"python{minor}", path=environ.get("PATH", os.defpath)):
        yield on_path
    root = Path(environ.get("PYENV_ROOT") or Path(environ.get("HOME", "/")) / ".pyenv") / "versions"
    yield from map(str, sorted(root.glob(f"{minor}.*/bin/python{minor}"), key=_patch, reverse=True))


def _patch(path: Path) -> tuple[int, str]:
    last = path.parts[-3].rpartition(".")[2]
    return (int(last) if last.isdecimal() else -1, str(path))
