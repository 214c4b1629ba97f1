"""Landlock, a second lock beside the mounts: what may be written stays what may be written if a mount is wrong.

Loaded by the jail's child by its path. Kernel interface: linux/landlock.h; the rights are numbered by version (ABI).
"""

from __future__ import annotations

import ctypes
import os
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


def version(kernel: Any) -> int:
    """Return the version of Landlock in this kernel, 0 where it has none or it is switched off."""
    try:
        return int(kernel.syscall(_CREATE, None, 0, _VERSION_FLAG))
    except OSError:
        return 0


def confine(kernel: Any, writable: Sequence[str]) -> bool:
    """Let this process and all it starts write below *writable* only; return False where there is no Landlock."""
    found = version(kernel)
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
