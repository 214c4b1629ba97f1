"""What a jail shows of this machine, and the command line that runs a program in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from profile_router.core.policy import Terminal
from profile_router.jail.child import JAIL_FAILED
from profile_router.values import frozen

_CHILD = Path(__file__).with_name("child.py")
_LINKED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
# Of /etc what programs need to start. Not the whole: what a service is configured with is nobody's business.
_ETC = (
    *("alternatives", "ca-certificates", "fonts", "group", "hosts", "java-11-openjdk", "java-17-openjdk"),
    *("java-21-openjdk", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "maven/logging", "maven/m2.conf"),
    *("mime.types", "nsswitch.conf"),
    *("passwd", "perl", "pki", "protocols", "services", "ssl/certs", "ssl/openssl.cnf", "terminfo"),
)
_FOR_NETWORK = ("resolv.conf", "gai.conf")
_OWN_PROGRAMS = (".venv/bin", "venv/bin", "node_modules/.bin")
_ENVIRONMENTS = ("VIRTUAL_ENV", "CONDA_PREFIX")
# Programs that find their own parts through the home folder, which is a scratch one in the jail.
_HOMES = {"RUSTUP_HOME": ".rustup", "GOMODCACHE": "go/pkg/mod", "PYENV_ROOT": ".pyenv", "NVM_DIR": ".nvm"}
_TASKS_PER_PROCESS = 8  # threads count against the limit that the kernel enforces
_TRIAL_SECONDS = 20


@frozen
class JailView:
    """A jail around the workspace `root`: all paths absolute, without links.

    `readable` are folders besides the system's. `fixed` are paths in the workspace that are not written. `hidden` are
    paths there that look empty. The program starts in `stand`, a folder of the workspace; None: at its root. `lent` are
    folders, each with the path that it is read at: a folder that is there in the workspace. What is written there is
    lost with the jail.
    """

    root: Path
    stand: Path | None = None
    readable: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    network: bool = False
    lent: tuple[tuple[str, str], ...] = ()


def jail_command(words: Sequence[str], view: JailView, options: Terminal) -> list[str]:
    """Return the command line of our own python that runs *words* in a jail, within the limits of *options*."""
    outside = _outside(view)
    limits = {
        "RLIMIT_CPU": int(options.seconds) + 5,
        "RLIMIT_FSIZE": options.file_mb << 20,
        "RLIMIT_DATA": options.memory_mb << 20,
        "RLIMIT_NPROC": options.processes * _TASKS_PER_PROCESS,
        "RLIMIT_NOFILE": 1_024,
        "RLIMIT_CORE": 0,
    }
    order = {
        "parent": os.getpid(),
        "argv": list(words),
        "folder": str(view.root),
        "stand": str(view.stand or view.root),
        "environment": _environment(view.root, outside),
        "network": view.network,
        "links": [(f"/{name}", os.readlink(f"/{name}")) for name in _LINKED if os.path.islink(f"/{name}")],  # noqa: PTH114, PTH115
        "binds": [
            *((os.path.realpath(path), path, True) for path in outside),
            (str(view.root), str(view.root), False),
            *((path, path, False) for path in _around(view)),
            *((path, path, True) for path in view.fixed),
        ],
        "lent": view.lent,
        "hidden": view.hidden,
        "limits": limits,
        "tasks": options.processes * _TASKS_PER_PROCESS,
        "processes": options.processes,
        "memory_mb": options.memory_mb,
        "scratch_mb": options.file_mb,
    }
    return [sys.executable, "-I", "-S", str(_CHILD), json.dumps(order)]


def _around(view: JailView) -> list[str]:
    """Return the folders of the workspace around what is fixed, hidden or lent, outer ones first.

    Each is made a mount of its own, for the kernel renames no such folder. Else a command would move it away. It would
    put another git repository in its place, or an open copy of a private name.
    """
    places = (*view.fixed, *view.hidden, *(place for _, place in view.lent))
    folders = {str(folder) for path in places for folder in Path(path).parents}
    return sorted(folder for folder in folders if folder.startswith(f"{view.root}/"))


def _outside(view: JailView) -> tuple[str, ...]:
    """Return the paths outside of the workspace that can be read in the jail, those around others first."""
    system = ["/usr", *(f"/{name}" for name in _LINKED if not os.path.islink(f"/{name}"))]  # noqa: PTH114
    etc = [f"/etc/{name}" for name in (*_ETC, *(_FOR_NETWORK if view.network else ()))]
    named = [os.path.expanduser(path) for path in view.readable]  # noqa: PTH111
    active = [os.environ[name] for name in _ENVIRONMENTS if os.environ.get(name)]
    there = {os.path.realpath(path) if path in named else path for path in (*system, *etc, *named, *active)}
    absolute = (path for path in there if os.path.isabs(path) and path != "/" and os.path.exists(path))  # noqa: PTH110, PTH117
    return tuple(sorted(absolute))


def _environment(root: Path, outside: Sequence[str]) -> Mapping[str, str]:
    def is_seen(path: str) -> bool:
        return any(path == place or path.startswith(f"{place}/") for place in outside)

    programs = [f"{root}/{name}" for name in _OWN_PROGRAMS]
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    links = tuple(f"/{name}" for name in _LINKED)
    real = {part: os.path.realpath(part) for part in path}
    seen = [
        real[part] if part in links or is_seen(real[part]) else part
        for part in path
        if part in links or is_seen(real[part]) or is_seen(part)  # an environment that is active by a link to it
    ]
    homes = {name: os.path.realpath(os.path.expanduser(f"~/{place}")) for name, place in _HOMES.items()}  # noqa: PTH111
    return {
        "PATH": os.pathsep.join((*programs, *dict.fromkeys(seen))),
        "HOME": "/tmp/home",  # noqa: S108 - the jail's own
        "TMPDIR": "/tmp",  # noqa: S108
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1",  # the workspace is a mount of its own here
        **{name: place for name, place in homes.items() if is_seen(place)},
    }


@cache
def has_landlock() -> bool:
    """Tell whether this kernel has Landlock, the jail's second lock."""
    from profile_router.jail import kernel, locks

    return locks.landlock_version(kernel) > 0


@cache
def jail_problem() -> str | None:
    """Return why no jail can be made on this machine, None where one can. Tries it once, which takes 0.1 s."""
    if not sys.platform.startswith("linux"):
        return f"commands are jailed with Linux' namespaces, and this is {sys.platform}"
    command = jail_command(["true"], JailView(root=_CHILD.parent), Terminal())
    try:
        done = subprocess.run(
            command, env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TRIAL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the jail cannot be tried ({error})"
    if done.returncode == 0:
        return None
    said = " ".join(done.stderr.decode("utf-8", "replace").split())[:200] or f"exit code {done.returncode}"
    hint = "; allow unprivileged user namespaces" if done.returncode == JAIL_FAILED else ""
    return f"this system does not let a jail be made ({said}){hint}"
