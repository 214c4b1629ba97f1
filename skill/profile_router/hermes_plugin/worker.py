"""The resident worker, seen from here: a router that is already imported and makes a process of itself per request.

Never needed: where it is absent, slow or odd in any way, the caller starts the router itself. What a process inherits
stands in the name of the worker's socket (see `name_of`), so that one made here is like one started here.

On the socket: four bytes of length and JSON {"arguments", "cwd", "environ"}, with three descriptors (stdin, stdout,
stderr); back comes the line {"pid": N}. That process does nothing before it is told to go, and not a byte of a task is
written before. Its last word is the line {"code": N}. Linux only: elsewhere there is no worker.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import select
import socket
import stat
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LENGTH = struct.Struct("!I")
GO = b"go\n"
CREDENTIALS = struct.Struct("3i")  # pid, uid, gid of whoever called connect() or listen()
_ANSWER_S = 2.0
_LAST_WORD_S = 0.5
_KILLED = -9
_LARGEST_PID = 2**22  # Linux has no larger ones
_LONGEST_LINE = 200  # bytes
# Read by Python, the C library or a package when the router starts: what a worker has imported is right only for these.
_READ_AT_START = ("PYTHON", "LC_", "LD_", "GLIBC_", "MALLOC_", "OPENSSL_", "SSL_", "PYDANTIC_", "LANGGRAPH_")
_READ_AT_START_TOO = ("LANG", "LANGUAGE", "HOME", "XDG_DATA_HOME", "PROFILE_ROUTER_ENV")
_NOT_SENT = frozenset(
    {"Umask", "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"}
    | {"Cpus_allowed", "Mems_allowed"}
)


def inherited(pid: int | str = "self") -> str:
    """Return what a process has from whoever started it and no request can change. Raises OSError.

    Its rights, limits, control group and namespaces: who is confined must not be served by one who is not.
    """
    process = Path("/proc", str(pid))
    status = [line for line in (process / "status").read_text().splitlines() if line.partition(":")[0] in _NOT_SENT]
    spaces = [str(space.readlink()) for space in sorted((process / "ns").iterdir())]
    nice = (process / "stat").read_text().rpartition(") ")[2].split()[16]
    root = str((process / "root").readlink())
    return "\n".join([*status, *spaces, nice, root, *((process / name).read_text() for name in ("limits", "cgroup"))])


def name_of(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the name of the worker that may stand in for *command* started here with *environ*. Raises OSError."""
    told = [list(command), sorted(_for_the_start(environ).items()), inherited()]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:24]


def folder_of(environ: Mapping[str, str]) -> Path:
    """Return the folder of the sockets: the user's runtime folder, else the one of our state. It need not exist."""
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if not environ.get("PROFILE_ROUTER_STATE") and Path(runtime).is_absolute() and Path(runtime).is_dir():
        return Path(runtime, "profile-router")
    base = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or "/", ".local", "state")
    return Path(environ.get("PROFILE_ROUTER_STATE") or Path(base, "profile-router"), "worker")


@contextmanager
def opened(folder: Path) -> Iterator[Path]:
    """Open *folder* and give a path to it that is short and stays the same folder. Raises OSError if not ours alone.

    A socket's path has room for 107 bytes, and a folder that was looked at by its name may be another one afterwards.
    The handle goes by its name in /dev: Hermes' scan takes a path in /proc for a look into other processes.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(handle)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise PermissionError(f"{folder} is not its owner's alone")
        yield Path("/dev/fd", str(handle))
    finally:
        os.close(handle)


def locked(file: Path) -> int | None:
    """Take the lock *file*; None where a worker holds it. Whoever gets it closes the handle. Raises OSError."""
    import fcntl  # absent on Windows, where this file must still be importable

    handle = os.open(file, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


@dataclass(slots=True)
class Taken:
    """A process that the worker made of itself, with the names of a subprocess.Popen. Its group is its own.

    `returncode` is -9 where the process ended without a last word.
    """

    pid: int
    stdin: io.FileIO
    stdout: io.FileIO
    stderr: io.FileIO
    returncode: int | None
    _line: socket.socket
    _handle: int

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code. Raises subprocess.TimeoutExpired after *timeout* seconds."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("profile-router", timeout or 0.0)
        return code

    def _ended(self, seconds: float | None) -> int | None:
        if self.returncode is None and _is_over(self._handle, seconds):
            with self._line:
                said = _line_of(self._line, _LAST_WORD_S)
            os.close(self._handle)
            code = said.get("code")
            self.returncode = code if isinstance(code, int) else _KILLED
        return self.returncode


def ask(command: Sequence[str], arguments: Sequence[str], cwd: str, environ: Mapping[str, str]) -> Taken | None:
    """Have the worker of *command* run it with *arguments* in *cwd*; None where that cannot be. Never raises.

    None means that nothing was done and nothing of a task was told.
    """
    if not hasattr(socket, "SO_PEERCRED") or not hasattr(os, "pidfd_open"):
        return None
    request = json.dumps({"arguments": list(arguments), "cwd": cwd, "environ": dict(environ)}).encode()
    try:
        with _connected(folder_of(environ), name_of(command, environ)) as line:
            return _asked(line.dup(), LENGTH.pack(len(request)) + request)
    except (OSError, ValueError):
        return None


@contextmanager
def _connected(folder: Path, name: str) -> Iterator[socket.socket]:
    with opened(folder) as place, socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_ANSWER_S)
        line.connect(str(place / f"{name}.sock"))
        if peer(line)[1] != os.geteuid():
            raise PermissionError("the worker is another user's")
        yield line


def peer(line: socket.socket) -> tuple[int, int]:
    """Return the pid and the user of the other end, as the kernel knows them."""
    raw = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    pid, user, _ = CREDENTIALS.unpack(raw)
    return pid, user


def _asked(line: socket.socket, request: bytes) -> Taken | None:
    """Send *request* with the far ends of three pipes. They and *line* are closed unless a process took it."""
    pipes = [os.pipe() for _ in range(3)]
    (stdin_far, stdin), (stdout, stdout_far), (stderr, stderr_far) = pipes
    handle: int | None = None
    try:
        line.settimeout(_ANSWER_S)
        sent = socket.send_fds(line, [request], [stdin_far, stdout_far, stderr_far])
        line.sendall(request[sent:])
        said = _line_of(line, _ANSWER_S).get("pid")
        pid = said if isinstance(said, int) and said <= _LARGEST_PID else 0
        if pid > 1:
            handle = os.pidfd_open(pid)
            line.sendall(GO)
    except OSError:
        if handle is not None:
            os.close(handle)
            handle = None
        raise
    finally:
        left = () if handle is not None else (stdin, stdout, stderr)
        for descriptor in (stdin_far, stdout_far, stderr_far, *left):
            os.close(descriptor)
        if handle is None:
            line.close()
    if handle is None:
        return None
    ends = io.FileIO(stdin, "w"), io.FileIO(stdout), io.FileIO(stderr)
    return Taken(pid, *ends, None, line, handle)


def _line_of(line: socket.socket, seconds: float) -> Mapping[str, Any]:
    """Return the JSON object in the next line, an empty one where none comes in time."""
    line.settimeout(seconds)
    said = b""
    with suppress(OSError, ValueError, RecursionError):
        while not said.endswith(b"\n") and len(said) < _LONGEST_LINE and (byte := line.recv(1)):
            said += byte
        found = json.loads(said)
        return found if isinstance(found, dict) else {}
    return {}


def _is_over(handle: int, seconds: float | None) -> bool:
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def start(command: Sequence[str], environ: Mapping[str, str]) -> None:
    """Start a worker for the next time, unless there is one. Waits for nothing, and never raises an Exception.

    It gets none of our keys: only what must be the same for its name.
    """
    with suppress(Exception):
        folder, name = folder_of(environ), name_of(command, environ)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with opened(folder) as place:
            lock = locked(place / f"{name}.lock")
        if lock is None:
            return
        os.close(lock)
        process = subprocess.Popen(
            [*command, "serve", "--socket", str(folder / f"{name}.sock")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": environ.get("PATH", os.defpath), **_for_the_start(environ)},
            start_new_session=True,
        )
        threading.Thread(target=process.wait, daemon=True).start()  # else it would stay in the table of processes


def _for_the_start(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value for name, value in environ.items() if name.startswith(_READ_AT_START) or name in _READ_AT_START_TOO
    }
