"""Lay text out for a screen of so many columns: lines broken between words, Markdown tables as columns. Pure.

Widths are columns of a terminal: a wide character of East Asia takes two, a combining one none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from profile_router.expressions import expression

_WIDE = frozenset({"W", "F"})
_BETWEEN = "  "  # between the columns of a table
_FENCE = expression(r"\s*(`{3,}|~{3,})")
_RULE = expression(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
_CELL_ENDS = expression(r"(?<!\\)\|")
_BULLET = expression(r"\s*(?:(?:[-*+>]|\d+[.)])\s+)?")
_LEAST_COLUMN = 14  # columns of the screen for one of a table
_MOST_LINES = 8  # of a row in columns: nobody reads a longer one across
_LEAST_TEXT = 30  # columns: with less beside the indent, text goes on at the margin


def width_of(text: str) -> int:
    """Return the columns that *text* takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in _WIDE else 1


def wrapped(text: str, width: int, *, indent: int = 0) -> list[str]:
    """Return *text* as lines of at most *width* columns, broken between words alone; later ones *indent* columns in.

    A word longer than a line stays whole: it may be a path or a command that people copy.
    Blanks before the first word stay.
    """
    if width_of(text) <= width:
        return [text]
    margin = " " * (indent if width >= indent + _LEAST_TEXT else 0)
    first = re.match(r"\s*", text)
    line = first.group() if first else ""
    lines, empty = [], True
    for blanks, word in re.findall(r"(\s*)(\S+)", text[len(line) :]):
        gap = "" if empty else blanks
        if not empty and width_of(line) + width_of(gap) + width_of(word) > width:
            lines.append(line)
            line, gap = margin, ""
        line, empty = f"{line}{gap}{word}", False
    return [*lines, line]


def markdown_lines(text: str, width: int) -> list[str]:
    """Return the Markdown *text* for a screen of *width* columns.

    Prose is broken between words, and a point of a list goes on below its text. A table becomes columns, or a paragraph
    for each row where they have no room. What stands between fences stays as it is.
    """
    lines: list[str] = []
    rows = text.splitlines()
    at, fence = 0, ""
    while at < len(rows):
        row = rows[at]
        if (found := _FENCE.match(row)) and (not fence or found[1].startswith(fence)):
            fence = "" if fence else found[1]
            lines.append(row)
        elif fence:
            lines.append(row)
        elif _begins_table(rows, at):
            end = next((end for end in range(at + 2, len(rows)) if "|" not in rows[end]), len(rows))
            lines += table_lines([_cells(row), *(_cells(one) for one in rows[at + 2 : end])], width)
            at = end
            continue
        else:
            bullet = _BULLET.match(row)
            lines += wrapped(row.rstrip(), width, indent=width_of(bullet.group()) if bullet else 0)
        at += 1
    return lines


def _begins_table(rows: Sequence[str], at: int) -> bool:
    below = rows[at + 1] if at + 1 < len(rows) else ""
    return "|" in rows[at] and "|" in below and "-" in below and _RULE.fullmatch(below) is not None


def _cells(row: str) -> list[str]:
    inner = row.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [cell.strip().replace("\\|", "|") for cell in _CELL_ENDS.split(inner)]


def table_lines(rows: Sequence[Sequence[str]], width: int, *, figures: int | None = None) -> list[str]:
    """Return *rows*, the first of which is the heading, in at most *width* columns.

    Columns from *figures* on are aligned to the right. Where all do not fit, the widest are broken between words. A
    row is a paragraph with headings where a word still does not fit. So it is over _MOST_LINES, or with figures.
    """
    count = max(len(row) for row in rows)
    full = [[*row, *[""] * (count - len(row))] for row in rows]
    widths = [max(width_of(row[place]) for row in full) for place in range(count)]
    least = [max(_LEAST_COLUMN, *(_widest_word(row[place]) for row in full)) for place in range(count)]
    over = sum(widths) + len(_BETWEEN) * (count - 1) - width
    while figures is None and over > 0 and (broken := [at for at in range(count) if widths[at] > least[at]]):
        widths[max(broken, key=widths.__getitem__)] -= 1
        over -= 1
    if over > 0 or (figures is None and _tallest(full, widths) > _MOST_LINES):
        return list(_paragraphs(full, width))
    return [line for row in full for line in _row(row, widths, count if figures is None else figures)]


def _tallest(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> int:
    """Return the lines of the row that takes most of them."""
    return max(len(wrapped(cell, wide)) for row in rows for cell, wide in zip(row, widths, strict=True))


def _widest_word(text: str) -> int:
    return max(map(width_of, text.split()), default=0)


def _row(row: Sequence[str], widths: Sequence[int], figures: int) -> Iterator[str]:
    """Yield the lines of one row; a cell that is wider than its column goes on in the next line."""
    cells = [wrapped(cell, wide) for cell, wide in zip(row, widths, strict=True)]
    for number in range(max(map(len, cells))):
        texts = [cell[number] if number < len(cell) else "" for cell in cells]
        yield _BETWEEN.join(
            _filled(text, wide, right=place >= figures)
            for place, (text, wide) in enumerate(zip(texts, widths, strict=True))
        ).rstrip()


def _filled(text: str, width: int, *, right: bool) -> str:
    blanks = " " * max(0, width - width_of(text))
    return f"{blanks}{text}" if right else f"{text}{blanks}"


def _paragraphs(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Yield each row as its first cell, and below it the others, each behind its heading."""
    heads, *rest = rows
    named = 2 if heads[0] == "#" else 1  # a number alone names nothing
    for row in rest or [heads]:
        yield from wrapped(" ".join(row[:named]), width)
        pairs = zip(heads[named:], row[named:], strict=True)
        told = [f"{head}: {cell}" if head else cell for head, cell in pairs if cell]
        yield from (f"  {line}" for line in wrapped(" · ".join(told), width - 2))
