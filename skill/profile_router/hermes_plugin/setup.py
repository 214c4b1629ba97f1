"""`hermes profile-router setup`: find or make the program, then its `install` does the rest: profiles, skill, policy.

Hermes copies the plugin's folder alone (of a repository's subfolder nothing else arrives). A forced reinstall deletes
`router.json` with it. So the program is looked for, in this order: PROFILE_ROUTER_COMMAND; `router.json`;
`<home>/profile-router/program.json`, which `install` writes outside the plugin's folder; `profile-router` on PATH; the
environment that an earlier `setup` made; the copy of the repository that the plugin lies in.

If none is found, `--from` names what makes one: a copy, a wheel, or a URL with its checksum. It never comes from a name
in a package index. This program is published in none, so whoever took its name there would be installed. The version is
always the plugin's own: that was looked at before the catalog listed it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from .settings import DEPTH_VARIABLE, Command, environment, home_around, plugin_settings, recorded_command

_PROGRAM = "profile-router"
_ANSWER_S = 60.0
_PLUGIN = Path("skill", "profile_router", "hermes_plugin")
_VERSION = re.compile(r'^version: *"?([^"\s]+)', re.MULTILINE)
_ENVIRONMENT = "PROFILE_ROUTER_SETUP_ENV"
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_FILE_URL = re.compile(r"https://[^\s#]+\.whl(?:#sha256=(?P<sha256>[0-9a-fA-F]{64}))?")
_COMMIT_URL = re.compile(r"git\+(?:https|ssh|file)://[^\s#]+@[0-9a-fA-F]{40}")
_SOURCES = (
    "a copy of the repository; a wheel; https://….whl with --sha256 HEX; or git+https://…@COMMIT with its 40 digits"
)
_WAYS = (
    "no program was found; make one: `git clone` the repository of this plugin into FOLDER, then "
    "`hermes profile-router setup --from FOLDER`, or `pipx install FOLDER` and `hermes profile-router setup`; "
    "with a wheel: `hermes profile-router setup --from FILE.whl --sha256 HEX`"
)


_ANOTHER = (
    "this plugin takes {0} and no other: name that with --from SOURCE; or bring the plugin up to date "
    "(`hermes plugins update` and its name)"
)


class SetupError(Exception):
    """What keeps the program from being set up, with what fixes it."""


def setup(words: Sequence[str]) -> int:
    """Set the program up as *words* say and return its exit code; what went wrong is one line on stderr."""
    options, rest = _parser().parse_known_args(list(words))
    home = home_around(Path(__file__).parent)
    try:
        command = _of_source(options.source, options.sha256, options.yes) if options.source else _found(home)
        _say(f"the program is {' '.join(command)}")
        environ = {
            name: value for name, value in environment().items() if name != DEPTH_VARIABLE
        }  # `install` is not a subagent
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
    parser.add_argument("--from", dest="source", metavar="SOURCE", help=_SOURCES)
    parser.add_argument(
        "--sha256", metavar="HEX", default="", help="what the wheel of --from must have; a URL needs it"
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    return parser


def _found(home: Path) -> Command:
    """Return the program of this plugin's version that is here already. Raises SetupError where none is found."""
    wanted, others = _version_of(Path(__file__).parent), []
    for command in filter(None, _candidates(home)):
        said = _answer(command)
        if said == wanted:
            return command
        others += [f"{' '.join(command)} is {said}"] if said else []
    if command := _of_own_copy():
        return command
    raise SetupError(f"{others[0]}, and {_ANOTHER.format(wanted)}" if others else _WAYS)


def _candidates(home: Path) -> Iterator[Command]:
    settings = plugin_settings()
    yield () if settings.problem else settings.command
    yield recorded_command(home)
    on_path = shutil.which(_PROGRAM)
    yield (str(Path(on_path).absolute()),) if on_path else ()
    yield (str(_environment_folder() / "bin" / _PROGRAM),)


def _of_own_copy() -> Command:
    """Return the program of the copy of the repository that this plugin lies in, or is a link into."""
    here = Path(__file__).resolve().parent
    root = here.parents[2]
    return _of_copy(root) if here == root / _PLUGIN else ()


def _of_copy(folder: Path) -> Command:
    """Return the program of *folder* where that is a copy of the repository: its `skill` makes what it needs.

    Raises SetupError for a copy of another version than this plugin's.
    """
    if not ((folder / "skill" / "__main__.py").is_file() and (folder / "pyproject.toml").is_file()):
        return ()
    wanted, there = _version_of(Path(__file__).parent), _version_of(folder / _PLUGIN)
    if there != wanted:
        raise SetupError(f"{folder} is {there or 'of no version'}, and {_ANOTHER.format(wanted)}")
    return (sys.executable, str(folder / "skill"))


def _version_of(plugin: Path) -> str:
    """Return the version that the plugin in the folder *plugin* tells of itself, empty without one."""
    file = plugin / "plugin.yaml"
    found = _VERSION.search(file.read_text(encoding="utf-8")) if file.is_file() else None
    return found[1] if found else ""


def _answer(command: Command) -> str:
    """Return the version that *command* says, empty where it is not this program: others may have its name."""
    try:
        said = subprocess.run(
            [*command, "--version"], env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            errors="replace", timeout=_ANSWER_S, check=False,
        ).stdout  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.removeprefix(f"{_PROGRAM} ").strip() if said.startswith(f"{_PROGRAM} ") else ""


def _of_source(source: str, sha256: str, agreed: bool) -> Command:
    """Return the program of *source*: a copy of the repository as it lies there, anything else by way of pip.

    pip gets an absolute path or a pinned URL. So it never takes a word for a name in an index.
    """
    if sha256 and not _SHA256.fullmatch(sha256):
        raise SetupError(f"--sha256 is '{sha256}'; allowed: 64 hexadecimal digits, as `sha256sum FILE` prints them")
    folder = Path(os.path.expanduser(source)).absolute()  # noqa: PTH111 - never raises
    if "://" not in source and os.path.isdir(folder):  # noqa: PTH112 - never raises
        if sha256:
            raise SetupError(f"--sha256 is for a wheel, and {source} is a folder; leave it out")
        if command := _of_copy(folder):
            return command
    wanted = _pinned(source, sha256) if "://" in source else _checked(source, folder, sha256)
    place = _environment_folder()
    _say(f"pip will install {wanted} into {place} (--from names another source)")
    if not agreed and not _says_yes():
        raise SetupError("nothing was installed; without a terminal to ask on add --yes")
    return _installed(wanted, place)


def _checked(source: str, path: Path, sha256: str) -> str:
    """Return the wheel *path* once it has the checksum that was asked for, if one was."""
    if not path.exists():
        raise SetupError(f"{source} does not exist; allowed after --from: {_SOURCES}")
    if not path.is_file() or path.suffix != ".whl":
        raise SetupError(f"{source} is neither a copy of the repository nor a wheel; allowed after --from: {_SOURCES}")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if sha256 and found != sha256.lower():
        raise SetupError(f"{source} has the SHA-256 {found}, not the one of --sha256; get the wheel again")
    return str(path)


def _pinned(source: str, sha256: str) -> str:
    """Return the URL *source* with what pip checks it by. Raises SetupError where nothing pins it."""
    file = _FILE_URL.fullmatch(source)
    if file and (file["sha256"] or sha256) and sha256.lower() in {"", (file["sha256"] or sha256).lower()}:
        return source if file["sha256"] else f"{source}#sha256={sha256.lower()}"
    if _COMMIT_URL.fullmatch(source) and not sha256:
        return source
    raise SetupError(f"{source} is not pinned, so anything may come from there; allowed after --from: {_SOURCES}")


def _installed(wanted: str, place: Path) -> Command:
    python = place / "bin" / "python"
    pip = [str(python), "-I", "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--upgrade", wanted]
    try:
        if not (place / "bin" / "pip").exists():
            # what an interrupted try left is made anew; a folder that is not an environment stays
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
    said, pinned = _answer(command), _version_of(Path(__file__).parent)
    if not said:
        raise SetupError(f"{wanted}, installed in {place}, has no working {_PROGRAM}; name another: --from SOURCE")
    if said != pinned:
        raise SetupError(f"{wanted}, installed in {place}, is {said}, and {_ANOTHER.format(pinned)}")
    return command


def _environment_folder() -> Path:
    """Return where the program's own environment goes: the user's data, for Hermes' own pins are not to be touched."""
    named = os.environ.get(_ENVIRONMENT)
    # As `profile_router.folders` has it, which Hermes' Python cannot import: the plugin lies there without the program.
    home = os.path.expanduser(os.environ.get("HOME") or "~")  # noqa: PTH111 - never raises
    data = os.environ.get("XDG_DATA_HOME") or Path(home) / ".local" / "share"
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
