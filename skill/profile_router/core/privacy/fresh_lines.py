"""The lines of a text that were not looked at before. Pure, linear.

A text is read several times, and most of its lines are the same each time: what stands within one line and was not
found there is not looked for again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class FreshLines:
    """Some lines of a text, joined as `text`. `here` and `there`: where each of them starts in it and in the whole."""

    text: str = ""
    here: list[int] = field(default_factory=lambda: [0])
    there: list[int] = field(default_factory=lambda: [0])

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where the piece *start* to *end* of one line stands in the whole text."""
        line = bisect_right(self.here, start) - 1
        shift = self.there[line] - self.here[line]
        return start + shift, end + shift

    def without(self, starts: Iterable[int]) -> set[str]:
        """Return the lines in which none of *starts* lies."""
        left, over = set(self.text.split("\n")), -1
        for start in sorted(starts):
            if start > over:
                first, end = self.text.rfind("\n", 0, start) + 1, self.text.find("\n", start)
                over = end if end >= 0 else len(self.text)
                left.discard(self.text[first:over])
        return left


def fresh_lines(text: str, seen: set[str]) -> tuple[FreshLines, ...]:
    """Return the lines of *text* that are not among those *seen*: those of ASCII apart: they are faster."""
    if not seen and text.isascii():
        return (FreshLines(text),)
    joined: dict[bool, list[str]] = {True: [], False: []}
    fresh = {True: FreshLines("", [], []), False: FreshLines("", [], [])}
    lengths, at = {True: 0, False: 0}, 0
    for line in text.split("\n"):
        if line not in seen:
            plain = line.isascii()
            joined[plain].append(line)
            fresh[plain].here.append(lengths[plain])
            fresh[plain].there.append(at)
            lengths[plain] += len(line) + 1
        at += len(line) + 1
    for plain, lines in joined.items():
        fresh[plain].text = "\n".join(lines)
    return tuple(one for one in fresh.values() if one.text)
