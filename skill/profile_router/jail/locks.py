"""Two locks beside the namespaces: Landlock for what may be written, seccomp for what no namespace keeps apart.

With Landlock, what may be written stays what may be written if a mount is wrong. Seccomp refuses call by call. It
refuses other kinds of sockets: one of a virtual machine, AF_VSOCK, reaches its host from any network namespace. It
refuses calls for the kernel's keys: a session's keyring comes along into every namespace.

The jail's child loads this by its path: only the standard library. Kernel interfaces: linux/landlock.h, whose rights
are numbered by version (ABI); linux/seccomp.h, linux/filter.h, linux/audit.h; the numbers of calls are those of
asm/unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Sequence
from typing import Any

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_READING = _EXECUTE | _READ_FILE | _READ_DIR
_FIRST = (1 << 13) - 1  # all rights of the first version
_ADDED = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}  # refer, truncate, device ioctl
_SCOPED_FROM, _SCOPES = 6, 0b11  # abstract sockets and signals end at this domain
# Per machine: its mark in the filter's input; the numbers of seccomp; of socket and socketpair; and of the calls that
# are always refused. These are add_key, request_key, keyctl, and io_uring_setup, which makes sockets past the filter.
MACHINES = {
    "x86_64": (0xC000003E, 317, (41, 53), (248, 249, 250, 425)),
    "aarch64": (0xC00000B7, 277, (198, 199), (217, 218, 219, 425)),
}
_OTHER_ABI = 0x40000000  # x32: the same mark, other numbers
_FAMILIES = (1, 2, 10, 16)  # unix, IPv4, IPv6, netlink
_LOAD, _SAME, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_FILTER_MODE = 1


def landlock_version(kernel: Any) -> int:
    """Return the version of Landlock in this kernel, 0 where it has none or it is switched off."""
    try:
        return int(kernel.syscall(_CREATE, None, 0, _VERSION_FLAG))
    except OSError:
        return 0


def confine(kernel: Any, writable: Sequence[str]) -> bool:
    """Let this process and all it starts write below *writable* only; return False without Landlock."""
    found = landlock_version(kernel)
    if not found:
        return False
    rights = _FIRST | sum(right for since, right in _ADDED.items() if found >= since)
    scopes = _SCOPES if found >= _SCOPED_FROM else 0
    # An older kernel takes a longer structure as long as what it does not know is zero.
    attributes = ctypes.create_string_buffer(struct.pack("QQQ", rights, 0, scopes), 24)
    rules = kernel.syscall(_CREATE, attributes, 24, 0)
    for path, allowed in (("/", _READING), *((path, rights) for path in writable)):
        _allow(kernel, rules, path, allowed)
    kernel.syscall(_RESTRICT, rules, 0)
    os.close(rules)
    return True


def _allow(kernel: Any, rules: int, path: str, allowed: int) -> None:
    folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = ctypes.create_string_buffer(struct.pack("=Qi", allowed, folder), 12)
        kernel.syscall(_ADD, rules, _PATH_BENEATH, rule, 0)
    finally:
        os.close(folder)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def refuse_calls(kernel: Any) -> bool:
    """Refuse the calls for this process and all it starts; return False where the kernel or the machine cannot.

    Programs of another architecture, which number their calls otherwise, are refused every call.
    """
    machine = MACHINES.get(platform.machine())
    if machine is None:
        return False
    mark, seccomp, sockets, refused = machine
    lines = _lines(mark, sockets, refused)
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in lines))
    program = _Program(len(lines), ctypes.addressof(code))
    try:
        kernel.syscall(seccomp, _FILTER_MODE, 0, ctypes.byref(program))
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EINVAL):
            return False
        raise
    return True


def _lines(mark: int, sockets: tuple[int, ...], refused: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    """Return the filter: operation, lines to skip where it holds and where not, operand."""
    no_call = (_RETURN, 0, 0, _REFUSE | errno.ENOSYS)
    lines = [(_LOAD, 0, 0, _MACHINE), (_SAME, 1, 0, mark), no_call, (_LOAD, 0, 0, _NUMBER)]
    lines += [(_AT_LEAST, 0, 1, _OTHER_ABI), no_call]
    for number in refused:
        lines += [(_SAME, 0, 1, number), no_call]
    families = [(_SAME, len(_FAMILIES) - at, 0, family) for at, family in enumerate(_FAMILIES)]
    asks = [(_LOAD, 0, 0, _FIRST_ARGUMENT), *families, (_RETURN, 0, 0, _REFUSE | errno.EAFNOSUPPORT)]
    others = [(_SAME, len(sockets) - at, 0, number) for at, number in enumerate(sockets)]
    allow = (_RETURN, 0, 0, _ALLOW)
    return [*lines, *others, allow, *asks, allow]
