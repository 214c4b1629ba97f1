"""What `read_file` answers: numbered lines of a text file, however large it is, and how to go on."""

from __future__ import annotations

import codecs
import time
from dataclasses import field
from functools import partial
from typing import BinaryIO

from profile_router.core.privacy.findings import MASK
from profile_router.core.text import shown
from profile_router.runners.tools.answer_shape import ToolRefusal
from profile_router.runners.tools.fence import Fence, text_of_bytes
from profile_router.values import mutable
from profile_router.withheld.whole_scan import OVERLAP

MOST_LINES_READ = 400
READING_SECONDS = 10.0  # for the way to a page of a large file, after its first chunk
_CHUNK = 256 * 1024
_HEAD = 8_192  # bytes looked at for a NUL, as git does
_COUNTED_WHOLE = 8 * 1024 * 1024
_FURTHEST = 1024 * 1024 * 1024
_PAGE_BYTES = 1024 * 1024
_TAIL = 140  # characters left free for the line that says what is cut


def starts_binary(head: bytes) -> bool:
    """Tell whether *head*, the start of a file, is not text."""
    return b"\0" in head[:_HEAD]


@mutable
class _Page:
    """The lines `start` to `start + count - 1` out of chunks of a file. `at` is the line that the next byte is in."""

    start: int
    count: int
    at: int = 1
    bytes_held: int = 0
    pending: bool = False
    masked: bool = False
    lines: list[bytearray] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return self.at >= self.start + self.count or self.bytes_held >= _PAGE_BYTES

    def take(self, chunk: bytes) -> None:
        self.pending = not chunk.endswith(b"\n")
        breaks = chunk.count(b"\n")
        if self.full or self.at + breaks < self.start:
            self.at += breaks
            return
        for index, piece in enumerate(chunk.split(b"\n")):
            self.at += index > 0
            self._keep(piece, fresh=index > 0)

    def _keep(self, piece: bytes, *, fresh: bool) -> None:
        if not self.start <= self.at < self.start + self.count or self.bytes_held >= _PAGE_BYTES:
            return
        if fresh or not self.lines:
            self.lines.append(bytearray())
        self.lines[-1] += piece[: _PAGE_BYTES - self.bytes_held]
        self.bytes_held += len(piece)

    def close(self) -> None:
        if self.lines and not self.pending and self.start + len(self.lines) - 1 == self.at:
            self.lines.pop()  # a final line break ends the last line, it starts no other


def read_page(fence: Fence, path: str, start: int, count: int, room: int) -> str:
    """Return the lines *start* (from 1) to *start* + *count* - 1 of *path*, numbered, in at most *room* characters.

    Raises ToolRefusal for what is binary, withheld, or past the end.
    """
    if start < 1:
        raise ToolRefusal(f"start={start}: lines are counted from 1")
    if count < 1:
        raise ToolRefusal(f"lines={count}: at least 1, at most {MOST_LINES_READ}")
    page = _Page(start=start, count=min(count, MOST_LINES_READ))
    fence.read(path)
    with fence.opened(path) as (file, size):
        ended = _scan(fence, path, file, size, page)
    name, total = shown(fence.name(path)), page.at - (not page.pending)
    if ended and not total:
        return f"{name} is empty (0 bytes)"
    if not page.lines:
        raise ToolRefusal(f"{name} has {total:,} lines; start={start} is past its end")
    return _fitted(page, name, total if ended else None, room)


def _scan(fence: Fence, path: str, file: BinaryIO, size: int, page: _Page) -> bool:
    """Feed *file* to *page*, its secrets masked; return whether its end was reached.

    Whatever lies around the page is looked at too: the lines of a secret stay secret without its head.
    """
    chunk = file.read(_COUNTED_WHOLE + 1)
    if starts_binary(chunk):
        raise ToolRefusal(f"{shown(path)} is binary ({size:,} bytes)")
    if len(chunk) > _COUNTED_WHOLE:
        return _scan_large(fence, path, file, chunk, page)
    if chunk:
        fence.shows(path, chunk, partial(_lines_of_page, page.start, page.count))
        seen = fence.release_masked(path, chunk)
        page.masked = seen != chunk
        page.take(seen)
    page.close()
    return True


def _lines_of_page(start: int, count: int, content: bytes) -> list[bytearray]:
    page = _Page(start=start, count=count)
    page.take(content)
    page.close()
    return page.lines


def _scan_large(fence: Fence, path: str, file: BinaryIO, chunk: bytes, page: _Page) -> bool:
    """Feed a file that is too large to be masked, from *chunk* on. As soon as it holds a secret it is withheld."""
    seam, read, deadline = "", 0, time.monotonic() + READING_SECONDS
    while chunk:
        text = seam + text_of_bytes(chunk)
        fence.release(path, text)
        seam = text[-OVERLAP:]
        page.take(chunk)
        read += len(chunk)
        if page.full:
            fence.release(path, seam + text_of_bytes(file.read(_CHUNK)))  # a secret may begin in the page's last line
            return False
        if read >= _FURTHEST:
            raise ToolRefusal(f"{shown(path)}: line {page.start:,} lies past its first {_FURTHEST:,} bytes")
        if time.monotonic() > deadline:
            raise ToolRefusal(
                f"{shown(path)}: line {page.start:,} lies too deep: {READING_SECONDS:g} s led to line {page.at:,} of it"
            )
        chunk = file.read(_CHUNK)
    page.close()
    return True


def _fitted(page: _Page, name: str, total: int | None, room: int) -> str:
    texts = [line.decode("utf-8", "replace").removesuffix("\r") for line in page.lines]
    if page.start == 1:
        texts[0] = texts[0].removeprefix("\ufeff")
    note = "" if _is_utf8(page) else f"[{name} is not UTF-8; \ufffd stands for what could not be read]\n"
    if page.masked and any(MASK in text for text in texts):
        note += f"[note: {MASK}…] stands for what only a local profile may read]\n"
    numbered = [f"{number}\t{text}" for number, text in enumerate(texts, page.start)]
    after = page.start + len(numbered)
    tail = ""
    if total is None or after <= total:
        of = "more follow" if total is None else f"{total} in all"
        tail = f"\n[lines {page.start}-{after - 1}, {of}; read_file(path, start={after}) continues]"
    whole = note + "\n".join(numbered) + tail
    return whole if len(whole) <= room else _cut(note, numbered, page.start, room)


def _is_utf8(page: _Page) -> bool:
    try:
        # A page that is full of bytes may end within a character.
        codecs.utf_8_decode(b"\n".join(page.lines), "strict", page.bytes_held < _PAGE_BYTES)
    except UnicodeDecodeError:
        return False
    return True


def _cut(note: str, numbered: list[str], start: int, room: int) -> str:
    """Return the *numbered* lines that fit, or the head of the first one, and where to go on."""
    characters = len(note) + len("\n".join(numbered))
    left, shown = room - len(note) - _TAIL, 0
    while shown < len(numbered) and len(numbered[shown]) < left:
        left -= len(numbered[shown]) + 1
        shown += 1
    text = note + ("\n".join(numbered[:shown]) if shown else numbered[0][: max(left, 0)])
    of = "" if shown else f" (line {start} is too long to show whole)"
    go_on = f"read_file(path, start={start + max(shown, 1)}) continues"
    return f"{text}\n[cut: {len(text)} of {characters} characters{of}; {go_on}]"
