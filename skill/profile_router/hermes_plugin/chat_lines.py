"""Lines for whoever sits at `hermes chat` while a child runs: above the prompt, where Hermes prints its own.

Hermes 0.22 gives a plugin no way into a child's live line. Its terminal chat replaces stdout by one that prints above
the prompt (prompt_toolkit's). A line is printed only there, for elsewhere stdout may be a program's.
"""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from contextlib import suppress

# What only such a stdout has. Hermes puts a writer of its own around it, which lets this through.
_ABOVE_THE_PROMPT = ("app_session", "sleep_between_writes")
_LONGEST = 200
_START, _FURTHER = "  ┊ 🧭 ", "  ┊    "
# Of Hermes 0.22's panel for an approval: the most rows and columns of its text. The third is how many of the terminal's
# lines that text never gets.
_PANEL_ROWS, _PANEL_COLUMNS, _PANEL_FRAME = 10, 56, 17
_EXPLAINED = "? ("
_LABEL = re.compile(r"\s*\S+\s{2,}")
# What nobody sees, and `isprintable` lets pass: as `core.text` has it, which the plugin cannot import.
_UNSEEN = re.compile(r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef]")
_WIDTH = 7  # columns of each: the compass has two


def at_a_terminal() -> bool:
    """Tell whether this Hermes is one terminal chat: then whoever asks is who delegated."""
    return all(hasattr(sys.stdout, name) for name in _ABOVE_THE_PROMPT)


def show_in_chat(line: str) -> None:
    """Print *line* above the prompt of a terminal chat; nothing elsewhere."""
    with suppress(Exception):
        if not at_a_terminal():
            return
        sys.stdout.write("".join(f"{part}\n" for part in parts_that_fit(line, shutil.get_terminal_size().columns)))
        sys.stdout.flush()


def fitting(text: str) -> str:
    """Return *text*, each line of it broken between words where the terminal of this chat would break it within one.

    What goes on stands below what its line begins with. Elsewhere it stays as it is.
    """
    if not at_a_terminal():
        return text
    columns = max(20, shutil.get_terminal_size().columns - 1)
    return "\n".join(part for line in text.splitlines() for part in _broken(line, columns))


def _broken(line: str, columns: int) -> list[str]:
    label = _LABEL.match(line)
    hang = len(label[0]) if label and len(label[0]) <= columns // 3 else len(line) - len(line.lstrip()) + 4
    return textwrap.wrap(
        line, columns, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False
    ) or [""]  # fmt: skip


def whole_in_panel(question: str) -> bool:
    """Tell whether Hermes' panel shows all of *question* that a yes is given to. It cuts what its rows do not hold.

    What stands in brackets at the end explains, and may be cut.
    """
    size = shutil.get_terminal_size()
    rows, columns = min(_PANEL_ROWS, size.lines - _PANEL_FRAME), min(_PANEL_COLUMNS, max(24, size.columns - 6))
    agreed = question.rpartition(_EXPLAINED)[0] or question
    return len(_rows(question, columns)) <= rows or len(_rows(agreed, columns)) < rows


def _rows(text: str, columns: int) -> list[str]:
    return textwrap.wrap(text, columns, replace_whitespace=False, drop_whitespace=False)


def printable_in_chat(text: str) -> str:
    """Return *text* on one line without characters that would drive a screen: a task or a model wrote it."""
    return "".join(char if char.isprintable() and not _UNSEEN.match(char) else " " for char in text)


def parts_that_fit(line: str, columns: int) -> list[str]:
    """Return *line* in as many parts as a terminal of so many *columns* needs, broken between words."""
    text = printable_in_chat(line)[:_LONGEST]
    parts = textwrap.wrap(text, max(20, columns - _WIDTH - 1), break_on_hyphens=False)
    return [f"{_FURTHER if number else _START}{part}" for number, part in enumerate(parts)]
