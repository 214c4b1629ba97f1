"""How good a ranking of files is. Is a changed file among the first k, and what share of them is?"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

_WORD = r"[\w./-]"


def any_at(ranked: Sequence[str], gold: Collection[str], most: int) -> float:
    """Return 1 where a file of *gold* is among the first *most*, else 0."""
    return float(any(path in gold for path in ranked[:most]))


def recall_at(ranked: Sequence[str], gold: Collection[str], most: int) -> float:
    """Return the share of *gold* among the first *most*."""
    return len({*ranked[:most]} & {*gold}) / len(gold)


def names_one(text: str, gold: Collection[str]) -> bool:
    """Tell whether *text* names a file of *gold* as a word of its own: its path or bare name."""
    names = {name for path in gold for name in (path, path.rpartition("/")[2])}
    return any(name in text and re.search(rf"(?<!\w){re.escape(name)}(?!{_WORD}*\w)", text) for name in sorted(names))
