"""Find the process that listens on a port of this machine, and read how it was started. Source: /proc.

Only processes of the same user can be looked into; another's is not found, and nothing is claimed about it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from profile_router.machine.machine import Machine

_LISTENS = "0A"
_ARGUMENT_BYTES = 131_072


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A process: `arguments` as it was started with, which may hold a key, so they are never shown whole."""

    pid: int
    arguments: tuple[str, ...]
    folder: Path | None

    def flag(self, *spellings: str) -> str | None:
        """Return the value of the last of the flags *spellings*, None where none is given."""
        found = [value for name, value in zip(self.arguments, self.arguments[1:], strict=False) if name in spellings]
        return found[-1] if found else None

    def number(self, *spellings: str) -> int | None:
        """Return the value of a flag as a whole number of at least 1."""
        value = self.flag(*spellings) or ""
        return int(value) if re.fullmatch(r"[1-9][0-9]{0,8}", value) else None


def find_listener(machine: Machine, port: int) -> Listener | None:
    """Return the process that listens on TCP *port*, None where there is none or it is not ours to see."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(machine, port)}
    if not sockets:
        return None
    proc = machine.root / "proc"
    for name in _names(proc):
        if name.isdecimal() and _holds(proc / name / "fd", sockets):
            return Listener(pid=int(name), arguments=_arguments(proc / name), folder=_link(proc / name / "cwd"))
    return None


def _inodes(machine: Machine, port: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        for line in (machine.text(f"proc/net/{table}") or "").splitlines()[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[3] == _LISTENS and fields[1].endswith(f":{port:04X}"):
                yield fields[9]


def _holds(folder: Path, sockets: set[str]) -> bool:
    return any(str(_link(folder / name)) in sockets for name in _names(folder))


def _arguments(process: Path) -> tuple[str, ...]:
    try:
        with (process / "cmdline").open("rb") as file:
            raw = file.read(_ARGUMENT_BYTES)
    except OSError:
        return ()
    return tuple(os.fsdecode(part) for part in raw.split(b"\0") if part)


def _names(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(entry.name for entry in folder.iterdir())
    except OSError:
        return ()


def _link(path: Path) -> Path | None:
    try:
        return path.readlink()
    except OSError:
        return None
