"""`hermes profile-router setup`: find or make the program, then let its `install` do the rest: profiles, skill, policy.

Hermes copies the plugin's folder alone (of a repository's subfolder nothing else arrives), and a forced reinstall
deletes `router.json` with it. So the program is looked for, in this order: PROFILE_ROUTER_COMMAND; `router.json`;
`<home>/profile-router/program.json`, which `install` writes outside the plugin's folder; `profile-router` on PATH; the
environment that an earlier `setup` made. Where there is none, one is made from what `--from` names.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from .program import Command, home_of, recorded_command
from .settings import DEPTH, environment, read_settings

PACKAGE = "hermes-profile-router"
_PROGRAM = "profile-router"
_ANSWER_S = 60.0
_ENVIRONMENT = "PROFILE_ROUTER_SETUP_ENV"


class SetupError(Exception):
    """What keeps the program from being set up, with what mends it."""


def setup(words: Sequence[str]) -> int:
    """Set the program up as *words* say and return its exit code; what went wrong is one line on stderr."""
    options, rest = _parser().parse_known_args(list(words))
    home = home_of(Path(__file__).parent)
    try:
        command = _of_source(options.source, options.yes) if options.source else _found(home)
        command = command or _of_source(PACKAGE, options.yes)
        _say(f"the program is {' '.join(command)}")
        environ = {name: value for name, value in environment().items() if name != DEPTH}  # `install` is no subagent
        passed = [*rest, *(["--yes"] if options.yes else [])]
        return subprocess.call([*command, "install", *passed], env={**environ, "HERMES_HOME": str(home)})
    except (SetupError, OSError) as error:
        _say(str(error), sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hermes profile-router setup",
        description="Find or make the program, then bring profiles, skill and policy into this Hermes home.",
        epilog="everything else goes to `profile-router install`, such as --dry-run, --profile NAME, --use-root-keys",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--from", dest="source", metavar="SOURCE", help="a copy of the repository, a wheel, a URL or a package name"
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    return parser


def _found(home: Path) -> Command:
    return next((command for command in _candidates(home) if command and _answers(command)), ())


def _candidates(home: Path) -> Iterator[Command]:
    settings = read_settings()
    yield () if settings.problem else settings.command
    yield recorded_command(home)
    on_path = shutil.which(_PROGRAM)
    yield (str(Path(on_path).absolute()),) if on_path else ()
    yield (str(_environment_folder() / "bin" / _PROGRAM),)


def _answers(command: Command) -> bool:
    """Tell whether *command* is this program: others may have its name."""
    try:
        said = subprocess.run(
            [*command, "--version"], env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            errors="replace", timeout=_ANSWER_S, check=False,
        ).stdout  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.startswith(f"{_PROGRAM} ")


def _of_source(source: str, agreed: bool) -> Command:
    """Return the program of *source*: a copy of the repository as it lies there, anything else by way of pip.

    As for pip, a name without a slash is a package, whatever lies in the current folder.
    """
    is_path = source.startswith((".", "~")) or source.endswith(".whl") or (os.sep in source and "://" not in source)
    folder = Path(source).expanduser().absolute()
    if is_path and not folder.exists():
        raise SetupError(f"{source} does not exist; name a copy of the repository, a wheel or a package: --from SOURCE")
    if is_path and (folder / "skill" / "__main__.py").is_file():
        return sys.executable, str(folder / "skill")
    wanted, place = str(folder) if is_path else source, _environment_folder()
    where = "" if is_path or "://" in source else " from the package index that pip uses"
    _say(f"pip will install {wanted}{where} into {place} (--from names another source)")
    if not agreed and not _says_yes():
        raise SetupError("nothing was installed; add --yes where there is no terminal to ask on")
    return _installed(wanted, place)


def _installed(wanted: str, place: Path) -> Command:
    python = place / "bin" / "python"
    pip = [str(python), "-I", "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--upgrade", wanted]
    try:
        if not (place / "bin" / "pip").exists():
            # what an interrupted try left is no environment yet, and is made anew; a folder that is none stays
            anew = ["--clear"] if (place / "pyvenv.cfg").exists() else []
            made_by = [sys.executable, "-m", "venv", *anew, str(place)]
            # heard only where it fails: at a Ctrl-C it would end in a traceback
            subprocess.run(made_by, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        subprocess.run(pip, env={**environment(), "PIP_USER": "0"}, check=True, stdin=subprocess.DEVNULL)
    except subprocess.CalledProcessError as error:
        sys.stderr.write((error.stderr or b"").decode(errors="replace"))
        raise SetupError(
            f"{wanted} could not be installed into {place} ({'pip' if 'pip' in error.cmd else 'python -m venv'} ended "
            f"with {error.returncode}); clone the repository and name it: hermes profile-router setup --from FOLDER"
        ) from None
    command = (str(place / "bin" / _PROGRAM),)
    if not _answers(command):
        raise SetupError(f"{wanted}, installed in {place}, has no working {_PROGRAM}; name another: --from SOURCE")
    return command


def _environment_folder() -> Path:
    """Return where the program's own environment goes: the user's data, for Hermes' own pins are not to be touched."""
    named = os.environ.get(_ENVIRONMENT)
    data = os.environ.get("XDG_DATA_HOME") or Path(os.environ.get("HOME") or "~").expanduser() / ".local" / "share"
    return Path(named).absolute() if named else Path(data) / _PROGRAM / "env"


def _say(line: str, stream: TextIO | None = None) -> None:
    stream = stream or sys.stdout
    stream.write(f"profile-router: {line}\n")
    stream.flush()


def _says_yes() -> bool:
    if not sys.stdin.isatty():
        return False
    try:
        return input("Go on? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False
