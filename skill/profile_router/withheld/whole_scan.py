"""Look for known secrets in a whole file, window by window, within a budget. What was not read to its end is not clear.

Text is read in its encoding. In a binary file the runs of ASCII are searched, in single bytes and in UTF-16. A program,
a database or compiled Python keeps the constants of its source so. What is packed or encrypted is not seen into.

The first bytes tell programs and packed data. There a value does not belong to the name before it: a linker or chance
put them together. All else is read like text: databases, compiled Python, archives that keep files as they are.
"""

from __future__ import annotations

import codecs
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import field
from pathlib import Path
from typing import BinaryIO

from profile_router.core.policy.private import NO_CONFIDENTIAL, Confidential
from profile_router.core.privacy.findings import private_text
from profile_router.expressions import expression
from profile_router.values import frozen, mutable
from profile_router.withheld.survey import INSTALLED
from profile_router.workspace.content import encoding_of

WINDOW = 1024 * 1024  # bytes; some 0.2 s of looking
OVERLAP = 24_000  # characters seen again with the next window: the longest known secret has 20,000
_HEAD = 64 * 1024  # bytes that tell text from binary
_RUN = expression(rb"[\t\n\r -~]{6,}+")
_WIDE_RUN = expression(rb"(?:[\t\n\r -~]\0){6,}+")
_BARE_HEAD = expression(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?![\\nrt\s\"'>|,#+]{0,60}(?:[A-Za-z0-9+/=]{40}|[A-Z][A-Za-z-]{2,20}: ))"
)
# ELF, Mach-O (and Java's classes), Windows' programs, WebAssembly, archives of object files; PNG, JPEG, GIF, WebP and
# other RIFF; gzip, bzip2, xz, Zstandard, 7z. Neither zip nor tar nor SQLite: they may keep a text as it is.
_LINKED_OR_PACKED = expression(
    rb"\x7fELF|\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba[\xbe\xbf]|MZ|\0asm|!<arch>\n"
    rb"|\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF|\x1f\x8b\x08|BZh[1-9]1AY|\xfd7zXZ\0|\x28\xb5\x2f\xfd|7z\xbc\xaf\x27\x1c"
)
_BETWEEN_RUNS = b"\n;\n"  # between two runs: lines that could be one wrapped token would be joined
# A constant of compiled Python (marshal's short strings), whose length looks like a letter right before its text.
_CONSTANT = expression(rb"[\xda\xfaZz](?=([0-9A-Z_a-z])([ -~]{48,122}))")

_JUST_NOW = 0.1  # seconds; the clock of a file system may stand still for a part of that

Stamp = tuple[int, int, int, int, int]  # st_dev, st_ino, st_mtime_ns, st_ctime_ns, st_size


@frozen(kw_only=False)
class TextWindow:
    """A piece of a file as text, and how many lines of it stand before; None in a binary file, which has none.

    `by_look`: it is of a program or of packed data, see `core.privacy.search.secret_spans`.
    """

    text: str
    lines_before: int | None = None
    by_look: bool = False


class EndNotReached(Exception):
    """A file was not read to its end: the budget is spent, or nobody waits for the answer any more."""


@mutable
class ReadBudget:
    """What may be read: `bytes_left` in all, for `seconds` from the first on. `given_up`: nobody waits any more."""

    bytes_left: int
    seconds: float
    given_up: Callable[[], bool] = bool
    _deadline: float | None = field(default=None)

    def spend(self, size: int) -> None:
        """Count *size* bytes that are about to be read. Raises EndNotReached where that is too much."""
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + self.seconds
        self.bytes_left -= size
        if self.bytes_left < 0 or now > self._deadline or self.given_up():
            raise EndNotReached


@frozen
class Secrets:
    """What is looked for in files: known secrets, and what `confidential` calls private.

    `known` is the secret that each state of a file holds, empty where it is clear. A run looks for each once.
    """

    confidential: Confidential = NO_CONFIDENTIAL
    known: MutableMapping[Stamp, str] = field(default_factory=dict)

    def kind_in(self, path: str, found: os.stat_result, budget: ReadBudget) -> str | None:
        """Return the secret that *path*, which was *found* so, holds; empty: it is clear, None: not read to its end."""
        kind = self.known.get(stamp(found))
        if kind is not None:
            return kind
        if not found.st_size and found.st_blocks == 0:
            return ""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as file:
                before = os.fstat(handle)
                kind = secret_in(windows(file, budget), self.confidential, bare_heads=not is_installed(path))
                if stamp(before) != stamp(os.fstat(handle)):
                    return kind or None
        except FileNotFoundError:
            return ""
        except (EndNotReached, OSError):
            return None
        if time.time() - before.st_ctime > _JUST_NOW:
            self.known[stamp(before)] = kind
        return kind


def stamp(found: os.stat_result) -> Stamp:
    """Return what changes whenever the content of a file does: nobody sets st_ctime at will."""
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def is_installed(path: str) -> bool:
    """Tell whether *path* is in a package that was installed: what stands there, everybody can have."""
    return not INSTALLED.isdisjoint(path.split("/"))


def file_windows(path: Path, budget: ReadBudget) -> Iterator[TextWindow]:
    """Yield the windows of the regular file *path*; none where it cannot be opened.

    Raises EndNotReached, also for a file that can be read in part alone.
    """
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except (OSError, ValueError):
        return
    with file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            try:
                yield from windows(file, budget)
            except OSError as error:
                raise EndNotReached(str(error)) from error


def secret_in(
    windows: Iterable[TextWindow], confidential: Confidential = NO_CONFIDENTIAL, *, bare_heads: bool = True
) -> str:
    """Return the kind of a secret, or of what *confidential* calls private, in *windows*; empty where they are clear.

    Without *bare_heads* the first line of a key counts only where a key follows. A library that reads keys names such
    lines. Raises what *windows* raise.
    """
    for window in windows:
        text = window.text if bare_heads else _BARE_HEAD.sub("", window.text)
        if kind := private_text(text, confidential, by_look=window.by_look):
            return kind
    return ""


def windows(file: BinaryIO, budget: ReadBudget) -> Iterator[TextWindow]:
    """Yield *file* from its start to its end, each window with the end of the one before it.

    A file that grows meanwhile is read to its new end, as long as the budget lasts. Raises EndNotReached, at once for a
    file on the disk that is larger than what is left.
    """
    if file.seekable() and (size := file.seek(0, os.SEEK_END) - file.seek(0)) > budget.bytes_left:
        raise EndNotReached(f"{size:,} bytes")
    chunk = _next(file, budget)
    binary = _is_binary(chunk[:_HEAD])
    by_look = binary and _LINKED_OR_PACKED.match(chunk) is not None
    decoder = codecs.getincrementaldecoder(encoding_of(chunk))("replace")
    seam, before = "", 0
    while chunk:
        following = _next(file, budget)
        text = seam + (_of_binary(chunk) if binary else _of_text(decoder.decode(chunk, not following)))
        yield TextWindow(text, None if binary else before, by_look)
        seam = text[_seam(text) :]
        before += text.count("\n") - seam.count("\n")
        chunk = following


def _next(file: BinaryIO, budget: ReadBudget) -> bytes:
    budget.spend(0)
    chunk = file.read(WINDOW)
    if chunk:
        budget.spend(len(chunk))
    return chunk


def _seam(text: str) -> int:
    """Return where the part of *text* begins that is seen again: at a line's start if there is one near."""
    start = max(0, len(text) - OVERLAP)
    line = text.rfind("\n", max(0, start - OVERLAP), start)
    return line + 1 if line >= 0 else start


def _is_binary(head: bytes) -> bool:
    """Tell whether *head* is not text: it has NULs, and without them it is not UTF-8."""
    if encoding_of(head) != "utf-8-sig" or b"\0" not in head:
        return False
    if head.count(0) * 4 > len(head):  # UTF-16 without its mark, or a table
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head.replace(b"\0", b""))
    except UnicodeDecodeError:
        return True
    return False


def _of_text(text: str) -> str:
    """Return *text* read in two ways, its NULs left out and as blanks. A NUL may part two words, or hide one."""
    return text if "\0" not in text else f"{text.replace(chr(0), '')}\n{text.replace(chr(0), ' ')}"


def _of_binary(chunk: bytes) -> str:
    """Return the texts in *chunk*, a piece of a binary file."""
    runs: list[bytes] = _RUN.findall(chunk)
    runs += [run[::2] for run in _WIDE_RUN.findall(chunk)]
    runs += [text[: length[0]] for length, text in _CONSTANT.findall(chunk) if len(text) >= length[0]]
    return _BETWEEN_RUNS.join(runs).decode("ascii")
