"""The lines of a text that no reading of it has shown to be harmless yet. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from profile_router.values import frozen


@frozen(kw_only=False)
class FreshLines:
    """Some lines of a text, joined as `text`. `here` and `there`: where each of them starts in it and in the whole."""

    text: str
    here: Sequence[int] = (0,)
    there: Sequence[int] = (0,)

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


def fresh_lines(text: str, seen: set[str]) -> Iterator[FreshLines]:
    """Yield the lines of *text* that are not among those *seen*: those of ASCII apart, since they are faster."""
    if not seen and text.isascii():
        yield FreshLines(text)
        return
    lines = text.split("\n")
    fresh = [(line, at) for line, at in zip(lines, _starts(lines), strict=True) if line not in seen]
    for plain in (True, False):
        mine = [(line, at) for line, at in fresh if line.isascii() is plain]
        joined = [line for line, _ in mine]
        if any(joined):
            yield FreshLines("\n".join(joined), _starts(joined), [at for _, at in mine])


def _starts(lines: Sequence[str]) -> list[int]:
    """Return where each of *lines* starts in the text that they are."""
    return list(accumulate((len(line) + 1 for line in lines[:-1]), initial=0))
