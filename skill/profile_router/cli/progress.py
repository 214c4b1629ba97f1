"""Show a run as it goes, on stderr: a line per event, on a terminal a live line below."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING, Any, Self, TextIO

from profile_router.cli.screens import columns, glyph_on, printable, showable
from profile_router.cli.spelling import as_called

if TYPE_CHECKING:
    from profile_router.cli.live_line import LiveLine

_GLYPHS: Mapping[str, str] = {
    "folder": "!",
    "found": "●",
    "classify": "●",
    "probe": "●",
    "reserve": "●",
    "ladder": "→",
    "ended": "!",
    "taint": "!",
    "kept": "!",
    "back": "!",
    "stands": "!",
    "form": "!",
    "early": "!",
    "verify": "✓",
    "check": "●",
    "attempt": "●",
    "unfinished": "!",
}
_VERIFIED: Mapping[str, str] = {"files": "✓", "check": "✓", "weak": "●", "unrun": "!", "open": "!"}
_COLOURS: Mapping[str, str] = {"●": "36", "→": "33", "✓": "32", "✗": "31", "!": "33"}
_LABEL_WIDTH = 11
TEXT_STARTS = _LABEL_WIDTH + 3


class Progress:
    """Prints events. Enter it and call it with each one; it keeps the number of attempts, and the live line.

    *number* is the task's in a batch: it stands before each text. *live_line* is a line that several share.
    """

    def __init__(
        self, stream: TextIO | None = None, number: int | None = None, live_line: LiveLine | None = None
    ) -> None:
        self._before = "" if number is None else f"[{number}] "
        self._stream = stream or sys.stderr
        self.live_line = live_line
        self._attempts = 0
        self._unrun = False
        self._open = ExitStack()

    def __enter__(self) -> Self:
        from profile_router.cli.live_line import LiveLine, takes_live_line  # `route` shows no event

        if self.live_line is None and takes_live_line(self._stream):
            self.live_line = self._open.enter_context(LiveLine(self._stream))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def away(self) -> AbstractContextManager[None]:
        """Take the live line away for as long as this lasts: somebody is asked a question there."""
        return self.live_line.away() if self.live_line else nullcontext()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Show one event; unknown ones are not for people."""
        kind = str(event.get("event"))
        if self.live_line:
            self.live_line(event)
        if kind == "found":
            self._unrun = not event["runs"]
        # The end of the run says again that the check was not run, and how to allow it.
        said_before = kind == "verify" and self._unrun and event["about"] == "unrun"
        if kind in _GLYPHS and not said_before:
            glyph = self._glyph(kind, event)
            self._line(glyph, f"attempt {self._attempts}" if kind == "attempt" else kind, str(event["line"]))

    def _line(self, glyph: str, label: str, text: str) -> None:
        text = f"{self._before}{printable(as_called(text))}"
        line = glyph_line(glyph, f"{label:<{_LABEL_WIDTH}} {text}", self._stream)
        if self.live_line is None or not self.live_line.above(line):
            self._stream.write(f"{line}\n")
            self._stream.flush()

    def _glyph(self, kind: str, event: Mapping[str, Any]) -> str:
        if kind == "attempt":
            self._attempts += 1
            return "●" if event.get("outcome") == "ok" else "✗"
        if kind == "found" and not event["runs"]:
            return "!"
        if kind != "verify":
            return _GLYPHS[kind]
        return "✗" if event["passed"] is False else _VERIFIED[event["about"]]


def glyph_line(glyph: str, text: str, stream: TextIO, *, word: int = 0) -> str:
    """Return *glyph* and *text* for *stream*: folded below the labels, the glyph in its colour where there are colours.

    The first *word* characters of the text have that colour too. What the stream cannot encode is drawn in ASCII.
    """
    shown = glyph_on(glyph, stream)
    line = folded(f"{shown} {text}", stream, indent=TEXT_STARTS)
    if not coloured(stream):
        return line
    end = len(shown) + (1 + word if word else 0)
    return f"\x1b[{_COLOURS[glyph]}m{line[:end]}\x1b[0m{line[end:]}"


def labelled(label: str, text: str, glyph: str = " ") -> str:
    """Return a line of a run's end or its story, folded for stdout."""
    return folded(f"{glyph} {label:<{_LABEL_WIDTH}} {printable(text)}", sys.stdout, indent=TEXT_STARTS)


def folded(line: str, stream: TextIO, *, indent: int) -> str:
    """Return *line* for *stream*: on a terminal broken between words, each further line *indent* columns in.

    Elsewhere a line stays whole, for programs that read it. On a narrow terminal it goes on at the margin.
    """
    shown = showable(line, stream)
    if not stream.isatty():
        return shown
    from profile_router.core.telling.layout import wrapped  # `route` into a pipe need not pay for it

    return "\n".join(wrapped(shown, columns(stream), indent=indent))


def coloured(stream: TextIO) -> bool:
    """Tell whether *stream* takes colours: a terminal that can, whose user has not said no (https://no-color.org)."""
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
