"""End processes with all that they started. Only the standard library: children load this file by its path."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress

FAMILY_TAG = "PROFILE_ROUTER_CHILD"
GUARDED = "PROFILE_ROUTER_GUARDED"  # names a tag as `FAMILY_TAG` does, of a command that is guarded
SCRATCH = "profile-router-"  # begins the name of a child's own folder: Hermes writes its shell's environment there
_SWEEPS = 300
_BETWEEN_SECONDS = 0.01


def end_family(tag: str, leader: int | None) -> frozenset[int]:
    """Kill the group of *leader* (None: it has ended), then every process that carries *tag* in its environment.

    Hermes starts each command in a session of its own, so the group alone is not enough. What they started is ended
    with them, tag or not. Without /proc (not Linux) it is the group alone. Return what could not be ended in a few
    seconds.
    """
    if leader is not None:
        end_group(leader)
    return end_all(lambda: family(tag)) if tag else frozenset()


def end_group(leader: int) -> None:
    """Kill the group of *leader*."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def end_all(find: Callable[[], frozenset[int]]) -> frozenset[int]:
    """Kill what *find* finds until it finds nothing more. Return what could not be ended in a few seconds."""
    for _ in range(_SWEEPS):
        found = find()
        if not found:
            break
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_BETWEEN_SECONDS)
    return find()


def family(tag: str, name: str = FAMILY_TAG) -> frozenset[int]:
    """Return the processes that carry *tag* by *name*, and what they started, without the one that asks."""
    wanted = f"{name}={tag}".encode()
    parents = dict(_parents())
    found = {pid for pid in parents if wanted in _proc_file(pid, "environ").split(b"\0")} - {os.getpid()}
    return _with_descendants(found, parents) - {os.getpid()}


def descendants(pid: int) -> frozenset[int]:
    """Return what *pid* started, and what that started."""
    return _with_descendants({pid}, dict(_parents())) - {pid}


def _with_descendants(pids: Collection[int], parents: Mapping[int, int]) -> frozenset[int]:
    found = {*pids}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return frozenset(found)


def _parents() -> Iterator[tuple[int, int]]:
    """Yield (pid, parent) of each process that has not ended."""
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():  # noqa: PTH112, PTH208 - called in a loop
        if name.isdigit():
            state, _, rest = _proc_file(int(name), "stat").rpartition(b") ")[2].partition(b" ")
            if state and state not in b"ZX":
                yield int(name), int(rest.split(maxsplit=1)[0])


def _proc_file(pid: int, what: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{what}", "rb") as file:  # noqa: PTH123 - called for every process there is
            return file.read()
    except OSError:
        return b""
