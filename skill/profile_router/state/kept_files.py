"""Keep what was found out in a folder of the user's cache, a file each. What is not there is found out again.

A file is owned by this user, and closed to all others. Whatever is wrong with folder or file counts as nothing kept:
another's, open to others, a link, damaged. No error is raised. What this user's own programs write there is trusted.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from profile_router.digests import blake2b
from profile_router.state.whole_files import HALF_WRITTEN, write_whole

MOST_KEPT_FILES = 8
MOST_KEPT_BYTES = 4_000_000
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OPENED = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def kept_file(folder: Path, name: str) -> bytes | None:
    """Return what is kept as *name* in *folder*; None where nothing is, or nothing that can be trusted."""
    try:
        checksum, _, content = _content(folder, name).partition(b"\n")
        return content if checksum.decode() == _checksum(name, content) else None
    except (OSError, ValueError):
        return None


def keep_file(folder: Path, name: str, content: bytes, *, most: int = MOST_KEPT_FILES) -> None:
    """Keep *content* as *name* in *folder*, with the newest *most* files. Where that cannot be, it is not."""
    if len(content) > MOST_KEPT_BYTES:
        return
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(_opened_folder(folder))
        write_whole(folder / f"{name}.json", _checksum(name, content).encode() + b"\n" + content)
        _forget_old(folder, most)


def forget_kept(folder: Path) -> int:
    """Remove the files that are kept in *folder*; return how many there were. What cannot be removed raises OSError.

    Whether others may read the folder makes no difference; one that is a link stays as it is.
    """
    if folder.is_symlink() or not folder.is_dir():
        return 0
    return _forget_old(folder, 0)


def _checksum(name: str, content: bytes) -> str:
    return blake2b(name.encode() + content, digest_size=32).hexdigest()  # a third of the time of SHA-256


def _opened_folder(folder: Path) -> int:
    """Return *folder*, opened. Raises OSError, also where it is a link, another's, or open to others."""
    handle = os.open(folder, _OPENED | os.O_DIRECTORY)
    if not _is_ours(os.fstat(handle)):
        os.close(handle)
        raise PermissionError(f"{folder} is not this user's alone")
    return handle


def _content(folder: Path, name: str) -> bytes:
    place = _opened_folder(folder)
    try:
        handle = os.open(f"{name}.json", _OPENED, dir_fd=place)
    finally:
        os.close(place)
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or not _is_ours(about) or about.st_nlink != 1:
            raise PermissionError(f"{name} is not this user's alone")
        return file.read(MOST_KEPT_BYTES + 100)


def _is_ours(about: os.stat_result) -> bool:
    return about.st_uid == os.geteuid() and not stat.S_IMODE(about.st_mode) & _OTHERS


def _forget_old(folder: Path, most: int) -> int:
    """Remove all but the newest *most* files of *folder*, and what a kill left half written; return how many."""
    ours: Sequence[os.DirEntry[str]] = [one for one in os.scandir(folder) if one.name.endswith((".json", HALF_WRITTEN))]
    newest = sorted(ours, key=lambda one: one.stat(follow_symlinks=False).st_mtime_ns, reverse=True)
    for entry in newest[most:]:
        Path(entry).unlink()
    return len(newest[most:])
