"""Run the suite of a change on each Python that pyproject.toml names and this machine has.

A Python is looked for on PATH, then among pyenv's versions. It gets an environment of its own beside that of the tests,
which holds the versions of constraints.txt. Standard library alone: it runs before there is any environment.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_MINOR = re.compile(r'"Programming Language :: Python :: (3\.\d+)"')
# `venv` is there without ensurepip on some systems, and then makes nothing.
_ASK = "import sys, ensurepip; print('%d.%d.%d' % sys.version_info[:3])"
_MAKE = """
import sys
from pathlib import Path
sys.path.insert(0, "skill")
from profile_router.bootstrap import ensure_environment
ensure_environment(Path.cwd(), ["test"])
"""
_ASK_S, _MAKE_S, _RUN_S = 10, 1_800, 3_600  # the suite takes ten minutes where nothing else runs
_GOING_S = 10  # between a group of processes is asked to end, and made to
_ERROR = "ERROR: "  # so pip begins a line that says what it could not install


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


def run_each(own: Path, running: str, environ: Mapping[str, str], *, root: Path = ROOT, run_s: float = _RUN_S) -> int:
    """Run the suite of *root* on each Python there but *running* (`3.11`); return 1 where one failed.

    The last lines printed say how each ended: one line a version, with the exit code. *own* is the folder of this
    Python's environment. The suite of one Python may take *run_s* seconds.
    """
    minors = named_minors((root / "pyproject.toml").read_text(encoding="utf-8"))
    others = [minor for minor in minors if minor != running]
    there = {one.minor: one for one in interpreters(others, environ)}
    ended: dict[str, tuple[int, str]] = {}
    for minor, one in there.items():
        print(f"\nPython {one.version} ({one.path}): the suite of a change", flush=True)
        surroundings = {**environ, "PROFILE_ROUTER_ENV": str(environment_beside(own, minor))}
        ended[minor] = _suite(one, root, surroundings, run_s)
    print("\nthe suite of a change on each other Python:")
    for minor in others:
        name = there[minor].version if minor in there else minor
        print(f"  Python {name}: {ended[minor][1] if minor in ended else 'not run, for it is not on this machine'}")
    for line in _hermes(root):
        print(f"  {line}")
    return int(any(code for code, _ in ended.values()))


def _suite(one: Interpreter, root: Path, environ: Mapping[str, str], run_s: float) -> tuple[int, str]:
    """Let *one* make its environment and run the suite in it; return the exit code, and a sentence for it."""
    began = time.monotonic()
    code, said = _run([one.path, "-c", _MAKE], root, environ, _MAKE_S, heard=True)
    if code != 0:
        lines = said.splitlines() or ["no end" if code is None else "no word"]
        why = next((line for line in reversed(lines) if line.startswith(_ERROR)), lines[-1])
        return code or 1, f"not run, for its environment could not be made: {why.removeprefix(_ERROR)[:200]}"
    code, _ = _run([one.path, str(root / "tests"), "-p", "no:cacheprovider"], root, environ, run_s)
    if code is None:
        return 1, f"failed: no end after {run_s:,} s"
    return code, f"{'well' if code == 0 else f'failed with {code}'}, after {time.monotonic() - began:,.0f} s"


def _run(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], limit_s: float, *, heard: bool = False
) -> tuple[int | None, str]:
    """Run *command* in *folder*; return its exit code, None where it had not ended after *limit_s*, and what it said.

    That is what it wrote to stderr, where it is to be *heard*. What is stopped here leaves no process of its group.
    """
    process = subprocess.Popen(
        command, cwd=folder, env={**environ}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE if heard else None,
        text=True, start_new_session=True,
    )  # fmt: skip
    try:
        _, said = process.communicate(timeout=limit_s)
    except BaseException as stopped:
        end_group(process)
        if isinstance(stopped, subprocess.TimeoutExpired):
            return None, ""
        raise
    sys.stderr.write(said or "")
    return process.returncode, said or ""


def end_group(process: subprocess.Popen[str]) -> None:
    """End *process* and what it started: asked first as by Ctrl-C, so that pytest takes away what it made."""
    for signal_number in (signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal_number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GOING_S)


def _hermes(root: Path) -> Iterator[str]:
    """Yield a line for each Hermes of the tests: it keeps the Python of its installation, whoever runs them."""
    for notes in sorted(root.glob(".hermes-env*/pyvenv.cfg")):
        if found := re.search(r"^version = (\S+)$", notes.read_text(encoding="utf-8"), re.MULTILINE):
            yield f"Hermes in {notes.parent.name}: by its own Python {found[1]} each time"


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
