"""Show a run as it goes, on stderr: a line per event, and on a terminal the turn that is under way."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

from profile_router.cli.spelling import as_called
from profile_router.core.text import price

if TYPE_CHECKING:
    from profile_router.core.telling.decision import Json  # `history` tells of no decision

_MARKS: Mapping[str, str] = {
    "classify": "●",
    "probe": "●",
    "ladder": "→",
    "ended": "!",
    "kept": "!",
    "verify": "✓",
    "attempt": "●",
    "unfinished": "!",
}
_COLOURS: Mapping[str, str] = {"●": "36", "→": "33", "✓": "32", "✗": "31", "!": "33"}
_LABEL_WIDTH, _LIVE_WIDTH, _USUAL_WIDTH, _LEAST_TEXT = 11, 110, 80, 30


class Progress:
    """Prints events. Call it with each one; what it keeps is only the number of attempts and the open line."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._coloured = coloured(self._stream)
        self._attempts = 0
        self._open = False

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Show one event; unknown ones are not for people."""
        kind = str(event.get("event"))
        if kind == "turn":
            self._turn(event)
        elif kind in _MARKS:
            mark = self._mark(kind, event)
            self._line(mark, f"attempt {self._attempts}" if kind == "attempt" else kind, str(event["line"]))

    def _turn(self, event: Mapping[str, Any]) -> None:
        """On a terminal, show the turn in a line that the next event overwrites."""
        if self._live:
            doing = ", ".join(event.get("tools") or ()) or "answers"
            # a line that wraps would not be overwritten whole
            width = min(_columns(self._stream) - 1, _LIVE_WIDTH)
            self._stream.write("\r\x1b[2K" + f"  turn {event['turn']}: {printable(doing)}"[:width])
            self._stream.flush()
            self._open = True

    def _line(self, mark: str, label: str, text: str) -> None:
        if self._open:
            self._stream.write("\r\x1b[2K")
            self._open = False
        shown = f"\x1b[{_COLOURS[mark]}m{mark}\x1b[0m" if self._coloured else mark
        line = folded(f"{mark} {label:<{_LABEL_WIDTH}} {printable(text)}", self._stream, indent=_LABEL_WIDTH + 3)
        self._stream.write(f"{shown}{line.removeprefix(mark)}\n")
        self._stream.flush()

    def _mark(self, kind: str, event: Mapping[str, Any]) -> str:
        if kind == "attempt":
            self._attempts += 1
            return "●" if event.get("outcome") == "ok" else "✗"
        text = str(event["line"])
        if kind == "verify" and text.startswith("unverified"):
            return "!"
        return "✗" if kind == "verify" and ": FAILED" in text else _MARKS[kind]


def closing_lines(result: Json) -> list[str]:
    """Return the end of a run for a person: the summary, or why there is none, then cost and thread."""
    lines = [printable(line) for line in str(result["summary"]).splitlines()]
    if result["status"] != "ok":
        lines.append(f"{result['status']}  ·  {result['route']['rule']}")
        if result["route"].get("status") == "refused":
            lines += [labelled("why", reason) for reason in result["route"]["reasons"]]
        lines += [labelled("because", as_called(result["error"]))] if result["error"] else []
        lines += [labelled("unblock", as_called(way)) for way in result["unblock"]]
    lines += [labelled("note", as_called(note)) for note in (*result["notes"], *result["warnings"])]
    seconds = sum(attempt["seconds"] for attempt in result["attempts"])
    lines.append(f"{price(result['cost_usd'])} · {seconds:.1f} s · thread {result['thread']}")
    return lines


def labelled(label: str, text: str) -> str:
    """Return a line of the end of a run, folded for stdout."""
    return folded(f"  {label:<9} {printable(text)}", sys.stdout, indent=12)


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH


def folded(line: str, stream: TextIO, *, indent: int) -> str:
    """Return *line* for *stream*: on a terminal broken between words, each further line *indent* columns in.

    Elsewhere a line stays whole, for programs that read it; and on a terminal too narrow to indent.
    """
    if not stream.isatty() or len(line) <= (width := _columns(stream)) or width < indent + _LEAST_TEXT:
        return line
    import textwrap  # `route` into a pipe need not pay for it

    return textwrap.fill(
        line, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False,
        replace_whitespace=False,
    )  # fmt: skip


def coloured(stream: TextIO) -> bool:
    """Tell whether *stream* takes colours: a terminal that can, whose user has not said no (https://no-color.org)."""
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def printable(text: str) -> str:
    """Return *text* as one line without control characters: a model's words must not drive the terminal."""
    return "".join(" " if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} else char for char in text)
