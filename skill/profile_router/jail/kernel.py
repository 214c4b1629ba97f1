"""The few calls to Linux that Python lacks. Loaded by the jail's child by its path: only the standard library.

Numbers: linux/sched.h, linux/mount.h, linux/prctl.h. Every function raises the system's OSError.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import signal
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

NEW_NAMESPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000  # mount, UTS, IPC, user, PID
NEW_NETWORK = 0x40000000
BIND, RECURSIVE, PRIVATE_MOUNT = 0x1000, 0x4000, 0x40000
NOSUID, NODEV, NOEXEC = 0x2, 0x4, 0x8
_DETACH = 2
_ATTR_READ_ONLY, _ATTR_NOSUID, _ATTR_NODEV, _AT_RECURSIVE = 0x1, 0x2, 0x4, 0x8000
_MOUNT_SETATTR = 442
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_DEATH_SIGNAL, _DROP_FROM_BOUNDING_SET, _NO_NEW_PRIVILEGES = 1, 24, 38
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1

libc = ctypes.CDLL(None, use_errno=True)
_LONG = ctypes.c_long


def checked(result: int, what: str) -> int:
    """Return *result*. Raises OSError naming *what* where it is negative."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """Make a system call that the C library does not wrap; integers are passed as longs."""
    plain = [_LONG(value) if isinstance(value, int) else value for value in arguments]
    return checked(libc.syscall(_LONG(number), *plain), f"system call {number}")


def enter_namespaces(flags: int) -> None:
    """Leave the machine's namespaces for new ones, as the same user and group, here without any other."""
    uid, gid = os.getuid(), os.getgid()
    checked(libc.unshare(flags), "new namespaces")
    for file, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        write(f"/proc/self/{file}", text)


def write(path: str, text: str) -> None:
    """Write *text* into a file of the kernel's."""
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib costs a start of this child 5 ms
        file.write(text)


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, options: str = "") -> None:
    """Mount *source* at *target*."""
    named = os.fsencode(kind) if kind else None
    found = libc.mount(os.fsencode(source), os.fsencode(target), named, ctypes.c_ulong(flags), options.encode() or None)
    checked(found, f"mount at {target!a}")


def bind(source: str, target: str, *, read_only: bool) -> None:
    """Make *source*, with all that is mounted in it, appear at *target*. Set-uid bits and devices do nothing there."""
    mount(source, target, flags=BIND | RECURSIVE)
    restrict(target, read_only=read_only)


def restrict(target: str, *, read_only: bool) -> None:
    """Switch off set-uid bits and devices in the mount *target* and those in it, and if *read_only* writing."""
    wanted = _ATTR_NOSUID | _ATTR_NODEV | (_ATTR_READ_ONLY if read_only else 0)
    attributes = ctypes.create_string_buffer(struct.pack("QQQQ", wanted, 0, 0, 0), 32)
    syscall(_MOUNT_SETATTR, -1, ctypes.c_char_p(os.fsencode(target)), _AT_RECURSIVE, attributes, 32)


def change_root(folder: str, old: str) -> None:
    """Make the mount *folder* the root, the old root appearing at *old* below it."""
    os.chdir(folder)
    syscall(_PIVOT_ROOT[platform.machine()], ctypes.c_char_p(b"."), ctypes.c_char_p(os.fsencode(old)))
    os.chdir("/")


def detach(target: str) -> None:
    """Unmount *target* with all that is mounted in it."""
    checked(libc.umount2(os.fsencode(target), _DETACH), f"unmount {target}")


def loopback_up() -> None:
    """Switch on the loopback device of a new network namespace, which nothing else shares."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _IFF_UP))


def end_with_parent(is_there: Callable[[], bool]) -> None:
    """Be killed when the parent ends, even where it has already ended: *is_there* tells."""
    checked(libc.prctl(_DEATH_SIGNAL, _LONG(signal.SIGKILL)), "parent death signal")
    if not is_there():
        os._exit(1)


def give_up_privileges() -> None:
    """Make sure that no program run from here on has any capability, whatever its user or its file says."""
    checked(libc.prctl(_NO_NEW_PRIVILEGES, _LONG(1), _LONG(0), _LONG(0), _LONG(0)), "no new privileges")
    with suppress(OSError):  # up to the last one that this kernel knows
        for capability in range(64):
            checked(libc.prctl(_DROP_FROM_BOUNDING_SET, _LONG(capability)), "capability")
