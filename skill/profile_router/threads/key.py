"""The key that threads are encrypted with: 32 random bytes in a file of their own, beside the user's policy.

It is kept apart from the state folder, so that a copy of that folder shows nothing of any thread. Such a copy is a
backup, a bug report, or a stolen disk image of a volume. It protects from nobody who can read both. Whoever runs
programs as this user can read the key as this program does.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from profile_router.errors import StateError
from profile_router.folders import our_folder

KEY_VARIABLE = "PROFILE_ROUTER_KEY_FILE"
KEY_FILE = "threads.key"
BYTES = 32


class NoThreadKey(Exception):
    """No key can be kept here. The message says where and why."""


def key_file(environ: Mapping[str, str]) -> Path:
    """Return where the key is: $PROFILE_ROUTER_KEY_FILE, else beside the user's own policy. It need not exist."""
    if environ.get(KEY_VARIABLE):
        return Path(environ[KEY_VARIABLE])
    return our_folder("CONFIG", environ) / KEY_FILE


def read_key(environ: Mapping[str, str]) -> bytes:
    """Return the key; make it if it is missing.

    Raises NoThreadKey if it can neither be read nor made. Raises StateError if it is not a key, or others can read it.
    """
    path = key_file(environ)
    try:
        if not os.path.lexists(path):
            _make(path)
        return _key_in(path)
    except OSError as error:
        raise NoThreadKey(f"{path} cannot be read or made ({error.strerror})") from None


def _key_in(path: Path) -> bytes:
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise StateError(f"{path}: others may read the key of your threads; run `chmod 600 {path}`")
        key = file.read(BYTES + 1)
    if len(key) != BYTES:
        raise StateError(
            f"{path} is not a key ({BYTES} bytes are one); bring the right one back, or move this one away; "
            "then a new one is made, and what was kept under the old one is set aside"
        )
    return key


def _make(path: Path) -> None:
    """Write a new key, whole or not at all. Where another process was quicker, the key is that one's."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        try:
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(fresh, path)
        finally:
            fresh.unlink()
