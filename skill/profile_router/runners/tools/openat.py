"""File access relative to an open folder: no path is ever looked up twice, no link is ever followed.

The functions take a descriptor of the folder and the parts of the path from the workspace. They act on the last part;
all parts together only serve the messages. What is not there raises the OSError of the system.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO, NoReturn

from profile_router.core.text import shown
from profile_router.runners.tools.answer_shape import ToolRefusal

Version = tuple[int, int, int]
LARGEST_EDIT = 16 * 1024 * 1024  # bytes; what was there before is held in memory
GIT_IS_OFF_LIMITS = "git's own data is off limits"
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: a pipe put in the file's place between look and open must not hang us.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LINK = "is a symbolic link; links are not followed, name the real file"
_KINDS = (
    (stat.S_ISLNK, _LINK),
    (stat.S_ISDIR, "is a folder, not a file"),
    (stat.S_ISREG, "is a file, not a folder"),
    (lambda _: True, "is a device, a pipe or a socket, not a file"),
)


def enter(folder: int, parts: Sequence[str], *, create: bool) -> int:
    """Return a descriptor of the folder *parts* in *folder*, made first where *create*."""
    if create:
        with suppress(FileExistsError):
            os.mkdir(parts[-1], dir_fd=folder)
    try:
        return os.open(parts[-1], FOLDER_FLAGS, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.ENOTDIR, errno.ELOOP}:  # Linux and macOS name a link differently
            refuse_kind(os.stat(parts[-1], dir_fd=folder, follow_symlinks=False), parts)
        raise


def refuse_kind(found: os.stat_result, parts: Sequence[str]) -> NoReturn:
    """Raise ToolRefusal saying what *found* is instead of what was needed."""
    why = next(why for is_kind, why in _KINDS if is_kind(found.st_mode))
    raise ToolRefusal(f"'{shown('/'.join(parts))}' {why}")


def open_regular(folder: int, parts: Sequence[str]) -> BinaryIO:
    """Return the regular file *parts* in *folder*, opened for reading. Raises ToolRefusal for any other kind."""
    # Looked at before, because opening a device can already act on it, and again after, because it may be swapped.
    found = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode):
        refuse_kind(found, parts)
    try:
        file = os.fdopen(os.open(parts[-1], _FILE, dir_fd=folder), "rb")
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ToolRefusal(f"'{shown('/'.join(parts))}' {_LINK}") from error
        raise
    opened = os.fstat(file.fileno())
    if not stat.S_ISREG(opened.st_mode):
        file.close()
        refuse_kind(opened, parts)
    return file


def is_git_folder(folder: int, adding: str = "") -> bool:
    """Tell whether *folder* is a git directory by its content, or would be one with *adding* in it.

    Git runs the hooks and the configured commands of whatever it takes for its directory, whatever its name. What it
    takes for one: gitrepository-layout(5).
    """

    def has(name: str) -> bool:
        with suppress(FileNotFoundError):
            return name.casefold() == adding.casefold() or bool(os.stat(name, dir_fd=folder, follow_symlinks=False))
        return False

    return has("HEAD") and (has("commondir") or (has("objects") and has("refs")))


def read_all(file: BinaryIO, path: str, limit: int) -> bytes:
    """Return all of *file*. Raises ToolRefusal where it has more than *limit* bytes."""
    content = file.read(limit + 1)
    if len(content) > limit:
        size = os.fstat(file.fileno()).st_size
        raise ToolRefusal(f"'{shown(path)}' is too large: {size:,} bytes, at most {limit:,} are handled whole")
    return content


def present(folder: int, parts: Sequence[str]) -> tuple[bytes | None, int | None]:
    """Return content and mode bits of the file that a writer is about to replace; both None where it is new."""
    try:
        with open_regular(folder, parts) as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if not mode & stat.S_IWUSR:  # renaming over it would not ask
                raise ToolRefusal(f"'{shown('/'.join(parts))}' is read-only (mode {mode:04o})")
            return read_all(file, "/".join(parts), LARGEST_EDIT), mode & 0o777
    except FileNotFoundError:
        return None, None


def version_at(folder: int, name: str) -> Version | None:
    """Return what changes with the content of *name*, without reading it; None where nothing is there."""
    with suppress(FileNotFoundError):
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        return found.st_ino, found.st_size, found.st_mtime_ns
    return None


def put_at(folder: int, name: str, content: bytes, mode: int | None) -> None:
    """Write *content* beside *name* and rename it there: readers see the old file or the new one, never a half."""
    fresh = f".profile-router-{secrets.token_hex(8)}.tmp"
    # What replaces a file that only its owner reads is such a file from its first byte on.
    with os.fdopen(os.open(fresh, _NEW, 0o666 if mode is None else 0o600, dir_fd=folder), "wb") as file:
        try:
            file.write(content)
            file.flush()
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            os.replace(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(fresh, dir_fd=folder)
            raise
