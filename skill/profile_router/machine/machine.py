"""This machine's own facts: graphics cards, ROCm, cores, memory, programs, listeners. Read, never changed.

Everything is looked up in `environ` and below `root`: `/`, or a folder in a test. So files can make up a machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path

from profile_router.expressions import expression
from profile_router.values import frozen

AMD, NVIDIA = "0x1002", "0x10de"
VENDORS: Mapping[str, str] = {AMD: "AMD", NVIDIA: "NVIDIA", "0x8086": "Intel"}
_CARD = expression(r"card[0-9]+")
_CPU = expression(r"cpu[0-9]+")
_PROGRAM_SECONDS = 10.0
_MOST_BYTES = 1_000_000
_LISTENS = "0A"


@frozen
class Card:
    """A graphics card as the kernel tells it: its PCI vendor, bytes of own and shared memory (0: not told)."""

    name: str
    vendor: str
    vram: int = 0
    gtt: int = 0

    @property
    def memory(self) -> int:
        """Return the bytes a model may take: its own memory and what the driver lends it of the machine's."""
        return self.vram + self.gtt


@frozen
class Rocm:
    """An installed ROCm: its folder (None where only a program told the version) and its version, (7, 2, 4)."""

    folder: Path | None
    version: tuple[int, ...]

    @property
    def text(self) -> str:
        """Return the version as people write it."""
        return ".".join(map(str, self.version))


@frozen
class Listener:
    """A process: `arguments` as it was started with, which may hold a key, so they are never shown whole."""

    pid: int
    arguments: tuple[str, ...]
    folder: Path | None

    def number(self, *spellings: str) -> int | None:
        """Return the last value of the flags *spellings*, None where that is not a whole number of at least 1."""
        found = [value for name, value in zip(self.arguments, self.arguments[1:], strict=False) if name in spellings]
        return int(found[-1]) if found and re.fullmatch(r"[1-9][0-9]{0,8}", found[-1]) else None


@frozen
class Machine:
    """Where the facts come from. *cpus* are the logical processors this process may use, None: all."""

    environ: Mapping[str, str] = field(repr=False)
    root: Path = Path("/")
    cpus: frozenset[int] | None = None

    def text(self, path: str) -> str | None:
        """Return the text of the file *path* below the root, stripped; None where it cannot be read."""
        try:
            with (self.root / path).open("rb") as file:
                return file.read(_MOST_BYTES).decode("utf-8", "replace").strip()
        except OSError:
            return None

    def which(self, program: str) -> Path | None:
        """Return where *program* lies on PATH."""
        found = shutil.which(program, path=self.environ.get("PATH", ""))
        return Path(found).absolute() if found else None

    def said(self, program: str, *arguments: str) -> str | None:
        """Return what *program* prints, None where it is absent, fails or takes longer than 10 s."""
        path = self.which(program)
        if path is None:
            return None
        try:
            done = subprocess.run(
                [path, *arguments],
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PROGRAM_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None

    def cards(self) -> tuple[Card, ...]:
        """Return the graphics cards, the one with the most memory first. Source: /sys/class/drm."""
        found = [self._card(name) for name in self._entries("sys/class/drm") if _CARD.fullmatch(name)]
        return tuple(sorted((card for card in found if card), key=lambda card: -card.memory))

    def amd_card(self) -> Card | None:
        """Return the AMD card with the most memory."""
        return next((card for card in self.cards() if card.vendor == AMD), None)

    def _card(self, name: str) -> Card | None:
        device = f"sys/class/drm/{name}/device"
        vendor = self.text(f"{device}/vendor")
        if vendor is None:
            return None
        sizes = [self.text(f"{device}/mem_info_{kind}_total") or "" for kind in ("vram", "gtt")]
        vram, gtt = (int(size) if size.isdecimal() else 0 for size in sizes)
        return Card(name=name, vendor=vendor.lower(), vram=vram, gtt=gtt)

    def rocm(self) -> Rocm | None:
        """Return the newest ROCm: /opt/rocm*/.info/version, else what `hipconfig --version` says (same major.minor)."""
        names = sorted(name for name in self._entries("opt") if name.startswith("rocm"))
        found = [
            Rocm(folder=self.root / "opt" / name, version=version)
            for name in names
            if (version := _version(self.text(f"opt/{name}/.info/version")))
        ]
        if found:
            return max(found, key=lambda rocm: (rocm.version, len(str(rocm.folder))))
        version = _version(self.said("hipconfig", "--version"))
        return Rocm(folder=None, version=version[:2]) if version else None

    def cores(self) -> int:
        """Return the physical cores this process may use: threads of one core count once, a container's quota counts.

        Sources: /sys/devices/system/cpu, the process's affinity, the cgroup's cpu.max.
        """
        siblings: set[str] = set()
        for name in self._entries("sys/devices/system/cpu"):
            if _CPU.fullmatch(name) and (self.cpus is None or int(name[3:]) in self.cpus):
                told = self.text(f"sys/devices/system/cpu/{name}/topology/thread_siblings_list")
                siblings.add(told or name)
        cores = len(siblings) or (len(self.cpus) if self.cpus else os.cpu_count() or 1)
        quota = re.fullmatch(r"([0-9]+) ([0-9]+)", self.text("sys/fs/cgroup/cpu.max") or "")
        return max(1, min(cores, int(quota[1]) // int(quota[2]))) if quota else cores

    def load(self) -> float | None:
        """Return how many threads ran or waited in the last minute, None where /proc/loadavg does not tell."""
        told = re.match(r"[0-9]{1,6}(?:\.[0-9]{1,4})?", self.text("proc/loadavg") or "")
        return float(told[0]) if told else None

    def memory(self) -> int:
        """Return the bytes of main memory, 0 where /proc/meminfo does not tell."""
        told = re.search(r"^MemTotal:\s+([0-9]+) kB", self.text("proc/meminfo") or "", re.MULTILINE)
        return int(told[1]) * 1_024 if told else 0

    def listener(self, port: int) -> Listener | None:
        """Return the process that listens on TCP *port*, None where it is missing or another user's. Source: /proc."""
        sockets = {f"socket:[{inode}]" for inode in self._inodes(port)}
        for process in (f"proc/{name}" for name in self._entries("proc") if sockets and name.isdecimal()):
            if any(str(self._link(f"{process}/fd/{name}")) in sockets for name in self._entries(f"{process}/fd")):
                told = (self.text(f"{process}/cmdline") or "").split("\0")
                arguments = tuple(part for part in told if part)
                return Listener(pid=int(process[5:]), arguments=arguments, folder=self._link(f"{process}/cwd"))
        return None

    def _inodes(self, port: int) -> Iterator[str]:
        for table in ("tcp", "tcp6"):
            for line in (self.text(f"proc/net/{table}") or "").splitlines()[1:]:
                fields = line.split()
                if len(fields) > 9 and fields[3] == _LISTENS and fields[1].endswith(f":{port:04X}"):
                    yield fields[9]

    def _entries(self, folder: str) -> list[str]:
        try:
            return [entry.name for entry in (self.root / folder).iterdir()]
        except OSError:
            return []

    def _link(self, path: str) -> Path | None:
        try:
            return (self.root / path).readlink()
        except OSError:
            return None


def this_machine(environ: Mapping[str, str]) -> Machine:
    """Return the machine that this process runs on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return Machine(environ=environ, cpus=frozenset(affinity(0)) if affinity else None)


def gib(size: int) -> str:
    """Write *size* bytes in GiB, in MiB below one."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"


def _version(text: str | None) -> tuple[int, ...]:
    told = re.match(r"[0-9]+(?:\.[0-9]+)+", text or "")
    return tuple(int(part) for part in told[0].split(".")[:3]) if told else ()
