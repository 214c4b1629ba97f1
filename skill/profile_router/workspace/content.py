"""What a file is, told by its first bytes. Only regular files are opened, and never more of them than was asked for."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path
from typing import Literal

from profile_router.core.evidence import ContentForm
from profile_router.values import frozen

HEAD = 8 * 1024

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@frozen(kw_only=False)
class FirstBytes:
    """The first bytes of a regular file, and its size in bytes."""

    data: bytes
    size: int


@frozen(kw_only=False)
class Unusable:
    """Why a path gives no bytes: `reason` follows the path in a sentence."""

    cause: Literal["missing", "folder", "special", "unreadable"]
    reason: str


def bytes_of(path: Path) -> int | Unusable:
    """Return the bytes of the regular file *path*, without opening it, or why there are none."""
    try:
        found = path.stat()
    except OSError as error:
        return _unusable(error)
    except ValueError:
        return Unusable("missing", "is not a possible file name")
    return _irregular(found.st_mode) or found.st_size


def first_bytes(path: Path, limit: int) -> FirstBytes | Unusable:
    """Return the first *limit* bytes of the regular file *path*, or why there are none. Never blocks on a pipe."""
    size = bytes_of(path)
    if isinstance(size, Unusable):
        return size
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            opened = os.fstat(handle)
            return _irregular(opened.st_mode) or FirstBytes(file.read(limit), opened.st_size)
    except OSError as error:
        return _unusable(error)


def _irregular(mode: int) -> Unusable | None:
    if stat.S_ISREG(mode):
        return None
    kind = _KINDS.get(stat.S_IFMT(mode), "of an unknown kind")
    return Unusable("folder" if stat.S_ISDIR(mode) else "special", f"is {kind}, not a file")


def _unusable(error: OSError) -> Unusable:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return Unusable("missing", "does not exist")
    return Unusable("unreadable", f"cannot be read: {(error.strerror or str(error)).lower()}")


def image_form(head: bytes) -> str | None:
    """Return `png`, `jpeg`, `gif` or `webp` for the *head* of such a file, else None. The name plays no part."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return "webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


def form_of(head: bytes, *, whole: bool) -> ContentForm:
    """Return what a file with this *head* is; *whole*: that is all of it.

    Text is valid UTF-8 without NUL, or UTF-16 or UTF-32 with a byte order mark.
    """
    if image_form(head):
        return "image"
    if head.startswith(b"%PDF-"):
        return "pdf"
    encoding = encoding_of(head)
    if encoding == "utf-8-sig" and b"\0" in head:
        return "binary"
    try:
        codecs.getincrementaldecoder(encoding)().decode(head, final=whole)
    except UnicodeDecodeError:
        return "binary"
    return "text"


def encoding_of(head: bytes) -> str:
    """Return the encoding that the byte order mark of *head* tells, UTF-8 without one."""
    return next((name for mark, name in _WIDE if head.startswith(mark)), "utf-8-sig")


def count_lines(data: bytes) -> int:
    """Return the lines of a text file with these bytes; a last line without its newline counts."""
    text = data.decode(encoding_of(data), "replace")
    return text.count("\n") + (not text.endswith("\n") if text else 0)


def shown_size(size: int) -> str:
    """Return *size* in bytes as people write it: `87 bytes`, `3.2 MB`."""
    if size < 1_000:
        return f"{size} bytes"
    return f"{size / 1e3:,.1f} kB" if size < 1_000_000 else f"{size / 1e6:,.1f} MB"
