"""The live view of a terminal: one line at its foot says what goes on, until the run has ended.

It shows the node, the attempt, the file in hand, time and cost so far, and the tokens per second. Lines that
stay are written above it. Rich draws it, and is imported only here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, cast

from profile_router.cli.screens import Drawing, columns, printable, showable
from profile_router.core.text import harmless, price

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

_WIDEST = 110
_NODES: Mapping[str, str] = {  # what goes on after an event of this kind
    "found": "routes",
    "classify": "prepares",
    "probe": "prepares",
    "check": "prepares",
    "reserve": "prepares",
    "condense": "condenses",
    "attempt": "looks at the work",
    "ladder": "prepares",
    "verify": "looks at the work",
}


def takes_live_line(stream: TextIO) -> bool:
    """Tell whether *stream* is a terminal whose lines can be drawn anew."""
    return stream.isatty() and os.environ.get("TERM") not in (None, "", "dumb")


class LiveLine:
    """The line at the foot of the terminal *stream*. Call it with each event; enter it for as long as it is shown.

    *clock* gives seconds. Events may come from any thread.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._began: float | None = None
        self._doing, self._where = "starts", ""
        self._rate: float | None = None
        self._paid, self._paying = 0.0, {}  # type: float, dict[object, float]
        self._shown: Live | None = None

    def __enter__(self) -> LiveLine:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=cast("TextIO", Drawing(self._stream)), highlight=False, markup=False, emoji=False)
        self._shown = Live(
            console=console,
            get_renderable=self._drawn,
            transient=True,
            refresh_per_second=4,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._shown.start()
        return self

    def __exit__(self, *_: object) -> None:
        shown, self._shown = self._shown, None
        if shown is not None:
            shown.stop()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Take the line away for as long as this lasts: somebody is asked a question there."""
        shown = self._shown
        if shown is None:
            yield
            return
        shown.stop()
        try:
            yield
        finally:
            if self._shown is shown:
                shown.start()

    def above(self, lines: str) -> bool:
        """Write *lines*, with their colours, above it; return False where it is not shown."""
        shown = self._shown
        if shown is None:
            return False
        from rich.text import Text

        for line in lines.split("\n"):
            shown.console.print(Text.from_ansi(harmless(line)), no_wrap=True, overflow="ignore", crop=False)
        return True

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Take what *event* says of the run."""
        if self._began is None and event.get("run"):
            self._began = self._clock()  # with the run: a question before it takes as long as its answer
        kind, task = str(event.get("event")), event.get("task_index")
        before = "" if task is None else f"[{int(task) + 1}] "
        if kind == "begin":
            self._doing, self._where, self._rate = f"{before}attempt {event['attempt']}", str(event["profile"]), None
        elif kind == "turn":
            self._where = f"turn {event['turn']}: {_said(event)}"
            self._rate = event.get("tokens_per_second") or self._rate
            self._paying[task] = float(event.get("cost_usd") or 0.0)
        elif kind in _NODES:
            self._doing, self._where, self._rate = f"{before}{_NODES[kind]}", "", None
        if kind == "attempt":
            self._paying.pop(task, None)
            self._paid += float(event.get("cost_usd") or 0.0)

    @property
    def line(self) -> tuple[str, str]:
        """Return what goes on, and beside it the figures so far."""
        cost = self._paid + sum(self._paying.values())
        figures = (
            "" if self._began is None else f"{self._clock() - self._began:.0f} s",
            f"{self._rate:.0f} tok/s" if self._rate else "",
            price(cost) if cost else "$0.00",
        )
        doing = " · ".join(filter(None, (self._doing, self._where)))
        return doing, " · ".join(filter(None, figures))

    def _drawn(self) -> Text:
        from rich.cells import cell_len
        from rich.text import Text

        doing, figures = (showable(printable(part), self._stream) for part in self.line)
        width = min(columns(self._stream) - 1, _WIDEST)
        room = width - cell_len(figures) - 4
        if 1 < room < cell_len(doing):  # the attempt stands at its beginning, the file in hand at its end
            doing = f"{doing[: room // 2]}…{doing[-(room - room // 2 - 1) :]}"
        text = Text(f"  {doing}", no_wrap=True, overflow="crop")
        text.truncate(max(0, width - cell_len(figures) - 2), overflow="crop")
        text.append(f"  {figures}", "dim")
        text.truncate(max(1, width), overflow="crop")
        return text


def _said(turn: Mapping[str, Any]) -> str:
    """Return what the answer of *turn* does: its first tool, the file in hand, and how many tools more."""
    first, *more = [*map(str, turn.get("tools") or ()), ""]
    if not first:
        return "answers"
    return " ".join(filter(None, (first, str(turn.get("file") or ""), f"+{len(more) - 1}" if more[1:] else "")))
