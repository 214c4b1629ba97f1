"""Take the passages that speak most of a goal out of texts, word for word. The rest may be summarized. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from profile_router.expressions import expression

_LONGEST_PASSAGE = 2_000
_WORD = expression(r"[A-Za-z_]\w{3,60}")


def without_passages(
    texts: Sequence[str], goal: str, room: int, tokens_of: Callable[[str], int]
) -> tuple[list[str], str]:
    """Return *texts* without the passages that speak most of the goal, and those passages, within *room* tokens."""
    words = {word.lower() for word in islice(_WORD.findall(goal), 40)}
    if not words:
        return list(texts), ""
    pattern = re.compile("|".join(sorted(map(re.escape, words), key=len, reverse=True)))
    passages = [list(_passages(text)) for text in texts]
    found = [
        (len(set(pattern.findall(passage.lower()))), at, number)
        for at, text in enumerate(passages)
        for number, (passage, _) in enumerate(text)
        if 0 < len(passage) <= _LONGEST_PASSAGE
    ]
    chosen: set[tuple[int, int]] = set()
    for score, at, number in sorted(found, key=lambda one: (-one[0], one[1:])):
        room -= tokens_of(passages[at][number][0]) + 1
        if score == 0 or room < 0:
            break
        chosen.add((at, number))
    left = [
        "".join(one + end for number, (one, end) in enumerate(text) if (at, number) not in chosen).rstrip("\n")
        for at, text in enumerate(passages)
    ]
    return left, "\n\n".join(passages[at][number][0] for at, number in sorted(chosen))


def _passages(text: str) -> Iterator[tuple[str, str]]:
    """Yield the paragraphs of *text*, each with its end. Of one that is too long to be taken whole, yield the lines."""
    for paragraph in text.split("\n\n"):
        if len(paragraph) <= _LONGEST_PASSAGE:
            yield paragraph, "\n\n"
            continue
        *lines, last = paragraph.split("\n")
        yield from ((line, "\n") for line in lines)
        yield last, "\n\n"
