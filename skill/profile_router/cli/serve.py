"""`profile-router serve`: stay, with everything imported, and be the next `profile-router run` at once."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from profile_router.adapters.worker.running import end, running
from profile_router.adapters.worker.server import Worker
from profile_router.errors import StateError, UsageError
from profile_router.hermes_plugin.worker import folder_of, name_of

_LONGEST_S = 10**7
_PACKAGES = ("profile_router", "profile_router_graphs")


def run(arguments: argparse.Namespace) -> int:
    """Serve until idle; or tell of the workers that run, or end them. The exit code is 0 in each case."""
    file = Path(arguments.socket).absolute() if arguments.socket else None
    if arguments.status or arguments.stop:
        return _told(file or folder_of(os.environ), stop=arguments.stop)
    if not 0 < arguments.idle <= _LONGEST_S:
        allowed = f"more than 0 seconds, {_LONGEST_S} at most"
        raise UsageError(f"--idle {arguments.idle:g} is out of range (allowed: {allowed})")
    file = file or _own_place()
    served = _worker(file, arguments.idle).serve()
    print(f"the worker at {file} has ended" if served else f"a worker already serves at {file}")
    return 0


def _own_place() -> Path:
    command = [str(Path(sys.argv[0]).absolute())]
    try:
        return folder_of(os.environ) / f"{name_of(command, os.environ)}.sock"
    except OSError as error:
        raise StateError(f"there can be no worker here: it needs Linux and its /proc ({error})") from None


def _worker(file: Path, idle_s: float) -> Worker:
    from profile_router.adapters.worker.code import code_on_disk
    from profile_router.cli.app import main
    from profile_router.cli.warm import warm

    packages = tuple(Path(folder) for name in _PACKAGES for folder in _folders(name))

    def ready() -> None:
        print(f"serving at {file}; ends after {idle_s:g} s without a request", flush=True)

    return Worker(file=file, idle_s=idle_s, warm=warm, main=main, code=lambda: code_on_disk(packages), ready=ready)


def _folders(package: str) -> Sequence[str]:
    found = importlib.util.find_spec(package)
    return (found and found.submodule_search_locations) or ()


def _told(where: Path, *, stop: bool) -> int:
    found = running(where)
    for worker in found:
        if stop:
            end(worker)
        print(f"{'asked to end' if stop else 'serves'}: {worker.pid} at {worker.socket}")
    if not found:
        print(f"no worker serves at {where}")
    return 0
