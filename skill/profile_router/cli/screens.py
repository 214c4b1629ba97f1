"""What a stream can show: its width, and what ASCII has for a glyph that it lacks. No question mark stands for one.

JSON may pass through such a stream as well, so nothing becomes a quote, a backslash or a control character.
"""

from __future__ import annotations

import codecs
import os
import unicodedata
from collections.abc import Mapping
from typing import Any, TextIO

from profile_router.core.text import harmless

HANDLER = "profile-router-marks"
_USUAL_WIDTH = 80  # columns
_PLAIN: Mapping[str, str] = {
    "●": "*", "✓": "+", "✗": "x", "→": "->", "←": "<-", "·": "-", "•": "*", "−": "-", "–": "-", "—": "-", "×": "x",
    "÷": "/", "≤": "<=", "≥": ">=", "≈": "~", "…": "...", "“": "'", "”": "'", "‘": "'", "’": "'", "„": "'", "«": "'",
    "»": "'", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ", "\N{NON-BREAKING HYPHEN}": "-",
}  # fmt: skip
_ONE_COLUMN: Mapping[str, str] = {"→": ">"}  # as a glyph at the beginning of a line
_LETTERS = {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d"}


def showable(text: str, stream: TextIO) -> str:
    """Return *text* with what *stream* cannot encode as ASCII has it: its length is then what will be printed."""
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode(encoding, HANDLER).decode(encoding)
    return text


def glyph_on(glyph: str, stream: TextIO) -> str:
    """Return *glyph* as one column of *stream*."""
    shown = showable(glyph, stream)
    return shown if shown == glyph else _ONE_COLUMN.get(glyph, shown)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_plain(char) for char in error.object[error.start : error.end]), error.end


def _plain(char: str) -> str:
    if char in _PLAIN:
        return _PLAIN[char]
    letters = "".join(part for part in unicodedata.normalize("NFKD", char) if part.isascii() and part.isalnum())
    return _LETTERS.get(char) or letters or "?"


codecs.register_error(HANDLER, _replaced)


def make_harmless(stream: TextIO) -> None:
    """Have *stream* print nothing that drives a screen, whoever prints: a name, a task or a branch may hold it.

    All screens and all JSON go through here; `printable` lays such text out better, where it is known.
    """
    write = stream.write
    if getattr(write, "_is_harmless", False):  # a program may call `main` any number of times
        return

    def written(text: str) -> int:
        return write(harmless(text))

    written._is_harmless = True  # type: ignore[attr-defined]
    # Its own method: another object in place of the stream would lose whoever holds this one.
    stream.write = written  # type: ignore[method-assign]


class Drawing:
    """Writes to *stream* what draws a line anew: escapes that move the cursor, and texts that are `printable`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write *text* past what `make_harmless` put before the stream's own method."""
        return type(self._stream).write(self._stream, harmless(text, escapes="drawing"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def columns(stream: TextIO | None) -> int:
    """Return how wide the terminal *stream* is; as wide as usual where it is none, or closed."""
    try:
        return os.get_terminal_size(stream.fileno() if stream else -1).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH


def printable(text: str) -> str:
    """Return *text* as one line without control characters: a model's words must not drive the terminal."""
    return "".join(" " if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} else char for char in text)
