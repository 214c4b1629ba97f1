"""Make an environment of our own on first use, and go on inside it. Standard library only, and readable by Python 3.8.

Serves `python3 skill …` and `python3 tests …`, which must work from a plain copy of the repository. The environment is
`.venv` beside pyproject.toml, or a folder of the user's data where the copy cannot be written; PROFILE_ROUTER_ENV names
another. It holds the exact versions of constraints.txt; one with the newest versions, for the tests alone, lies beside
it. A stamp in it says what it holds and is there only when all of that is installed; a mark is there while it is being
made. Every call pays for reading three small files: what only the making needs is imported when it is made.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from profile_router.folders import our_folder

ENVIRONMENT_VARIABLE = "PROFILE_ROUTER_ENV"
OLDEST_PYTHON = (3, 11)
CONSTRAINTS = "constraints.txt"
_NEWEST = "-newest"
_STAMP = "profile-router.stamp"
_MARK = "profile-router.making"
_LOCK = "profile-router.lock"
_NEW = ".new"
_NOTES = (_LOCK, _MARK, f"{_MARK}{_NEW}", f"{_STAMP}{_NEW}")
_MADE = "made"


def go_on_inside(root: Path, arguments: Sequence[str], extras: Sequence[str] = ()) -> None:
    """Replace this process by the environment's python with *arguments*, unless it already is that python.

    *root* is the folder of pyproject.toml, *extras* are its optional dependencies. Raises SystemExit with one line.
    """
    here = os.path.realpath(sys.prefix)
    if any(here == os.path.realpath(folder) for folder in (*_places(root), *_places(root, newest=True))):
        return
    python = ensure_environment(root, extras)
    os.execv(python, [str(python), *arguments])


def ensure_environment(root: Path, extras: Sequence[str] = (), newest: bool = False) -> Path:
    """Return the python of the environment of *root*, made or completed first if it must be. Says so on stderr.

    *newest* asks for one of its own with the newest versions that pyproject.toml allows, looked up at each call.
    Raises SystemExit with one line where that fails.
    """
    asked = (root / "pyproject.toml").read_bytes() + _constraints(root)
    wanted = " ".join((f"{zlib.crc32(asked):08x}", *sorted(extras)))
    for folder in () if newest else _places(root):
        if _is_ready(folder, wanted):
            return _python(folder)
    return _make(root, wanted, newest)


def extras_for(arguments: Sequence[str]) -> list[str]:
    """Return the extras that a command needs: to serve a model without a llama-server, the one of the wheel."""
    serves = list(arguments[:1]) == ["llama-server"] and "--run" in arguments
    if not serves:
        return []
    import shutil

    return [] if shutil.which("llama-server") else ["local"]


def requirements(root: Path, extras: Iterable[str] = ()) -> list[str]:
    """Return what pyproject.toml of *root* asks for, with its *extras*; it may have dropped some of them since."""
    import tomllib  # Python 3.11, and 10 ms

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = list(project["dependencies"])
    for extra in extras:
        found += project["optional-dependencies"].get(extra, ())
    return sorted(set(found))


def _constraints(root: Path) -> bytes:
    """Return the constraints of *root*; a copy without them, such as a wheel's unpacked one, has ranges only."""
    try:
        return (root / CONSTRAINTS).read_bytes()
    except FileNotFoundError:
        return b""


def _places(root: Path, newest: bool = False) -> tuple[Path, ...]:
    """Return where the environment of *root* may be, the preferred place first."""
    suffix = _NEWEST if newest else ""
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        return (Path(f"{Path(named).absolute()}{suffix}"),)
    in_data = our_folder("DATA", os.environ) / f"env-{zlib.crc32(os.fsencode(root)):08x}{suffix}"
    return (root / f".venv{suffix}", in_data)


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _is_ready(folder: Path, wanted: str) -> bool:
    """Tell whether *folder* holds what *wanted* names: the checksum of pyproject.toml, and extras."""
    checksum, *extras = wanted.split()
    stamp = _stamp(folder)
    return _is_whole(folder, stamp) and stamp[0].split()[0] == checksum and {*extras} <= {*stamp[0].split()[1:]}


def _stamp(folder: Path) -> list[str]:
    """Return the lines of the stamp: checksum and extras, base python, `made` or `found`, then what it holds.

    That is a requirement a line, and one line for the constraints.
    """
    try:
        return (folder / _STAMP).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []


def _is_whole(folder: Path, stamp: Sequence[str]) -> bool:
    """Tell whether the environment is complete, and its python still the one that it was made with."""
    python = _python(folder)
    return len(stamp) > 2 and not (folder / _MARK).exists() and os.access(python, os.X_OK) and stamp[1] == _base(folder)


def _base(folder: Path) -> str:
    return os.path.realpath(_python(folder))


def _make(root: Path, wanted: str, newest: bool) -> Path:
    import subprocess  # with what follows 30 ms that only the first use pays

    if sys.version_info < OLDEST_PYTHON:
        raise SystemExit(
            f"profile-router needs Python {_dotted(OLDEST_PYTHON)} or newer, this is {_dotted(sys.version_info[:3])} "
            f"({sys.executable}); start it with a newer one, such as python{_dotted(OLDEST_PYTHON)}"
        )
    folder = _writable(_places(root, newest))
    try:
        with _locked(folder) as lock:
            _complete(folder, root, wanted, newest, lock)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(
            f"profile-router: the environment in {folder} could not be made ({error}); check the network and the disk, "
            f"or name another folder with {ENVIRONMENT_VARIABLE}=DIR"
        ) from None
    except KeyboardInterrupt:
        print("\nprofile-router: interrupted; the next start makes the environment anew", file=sys.stderr)
        raise SystemExit(130) from None
    return _python(folder)


def _writable(places: Sequence[Path]) -> Path:
    """Create the first of *places* that can be written, and return it. Raises SystemExit where none can be."""
    failed = []
    for folder in places:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            failed.append(f"{folder}: {error.strerror}")
            continue
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
        failed.append(f"{folder}: not writable")
    raise SystemExit(
        f"profile-router: no place for its environment ({'; '.join(failed)}); name one: {ENVIRONMENT_VARIABLE}=DIR"
    )


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Let one process at a time into the block, for *folder*; yield the descriptor that holds the lock."""
    import fcntl

    with (folder / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"profile-router: waiting for another start that makes {folder}", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def _complete(folder: Path, root: Path, wanted: str, newest: bool, lock: int) -> None:
    """Install what is missing or of another version; anew where the last making did not end or the python changed."""
    stamp = _stamp(folder)
    whole = _is_whole(folder, stamp)
    checksum, *extras = wanted.split()
    extras = sorted({*extras, *(stamp[0].split()[1:] if whole else ())})
    packages = requirements(root, extras)
    pins = _pins(root)
    holds = [*packages, "the newest versions" if newest else f"constraints {zlib.crc32(pins):08x}"]
    made = stamp[2] if whole else ""
    if newest or not whole or not {*holds} <= {*stamp[3:]}:
        versions = f"the versions of {CONSTRAINTS}" if pins and not newest else "the newest versions, no constraints"
        print(f"profile-router: making its own environment in {folder} (about a minute), {versions}", file=sys.stderr)
        made = made or _begin(folder, stamp)
        _put(folder / _MARK, made)
        upgraded = ["--upgrade", "--upgrade-strategy", "eager"]
        pinned = ["--constraint", str(root / CONSTRAINTS)] if pins else []
        _install(folder, [*(upgraded if newest else pinned), *packages], lock)
    lines = (" ".join((checksum, *extras)), _base(folder), made, *holds)
    _put(folder / _STAMP, "\n".join(lines) + "\n")
    (folder / _MARK).unlink(missing_ok=True)


def _put(note: Path, text: str) -> None:
    """Write *note* whole or not at all: after a kill the next start believes what it says."""
    fresh = note.with_name(f"{note.name}{_NEW}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(note)


def _pins(root: Path) -> bytes:
    """Return what the constraints say, without their comments: a change of those installs nothing."""
    lines = (line.partition(b"#")[0].strip() for line in _constraints(root).splitlines())
    return b"\n".join(line for line in lines if line)


def _begin(folder: Path, stamp: Sequence[str]) -> str:
    """Make *folder* an environment with pip and return `made`; or `found` where somebody's own one lies there.

    Only what we made ourselves is cleared.
    """
    import importlib.util
    import shutil
    import venv

    others = [entry for entry in folder.iterdir() if entry.name not in _NOTES]
    ours = not others or _MADE in stamp[2:3] or ((folder / _MARK).exists() and (folder / _MARK).read_text() == _MADE)
    if not ours:
        if (folder / "pyvenv.cfg").exists() and os.access(_python(folder), os.X_OK):
            return "found"
        raise SystemExit(
            f"profile-router: {folder} is not empty, and is not a working environment; "
            f"remove it, or name another with {ENVIRONMENT_VARIABLE}=DIR"
        )
    if importlib.util.find_spec("ensurepip") is None:
        raise SystemExit(
            f"profile-router: this Python ({sys.executable}) has no ensurepip, so it cannot make an environment; "
            f"install it, on Debian and Ubuntu: apt install python{_dotted(sys.version_info[:2])}-venv"
        )
    _put(folder / _MARK, _MADE)
    for entry in others:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    venv.create(folder, with_pip=True, symlinks=True)
    return _MADE


def _install(folder: Path, arguments: Sequence[str], lock: int) -> None:
    """Install what *arguments* say with the environment's own pip, which keeps the *lock* should it outlive us."""
    import subprocess

    # -I: neither PYTHONPATH nor the current folder may pass for what is installed
    pip = [str(_python(folder)), "-I", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    environ = {**os.environ, "PIP_USER": "0", "PIP_NO_INPUT": "1"}
    subprocess.run(
        [*pip, *arguments], check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environ, pass_fds=(lock,)
    )


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))
