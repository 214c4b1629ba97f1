"""What no key has, and what somebody's editor, terminal or web page put into one. Told without a word of the key."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping

_QUOTES = frozenset("'\"`‘’‚‛“”„‟«»‹›´′″")
_INVISIBLE = frozenset({"Cf", "Cc", "Co", "Cn", "Cs"})

# First match wins: what is told of a key in which a character is so.
_SPOILS: Mapping[str, Callable[[str], bool]] = {
    "holds a line break": lambda char: char in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029",
    "holds a quotation mark": _QUOTES.__contains__,
    "holds a blank": str.isspace,
    "holds an invisible character": lambda char: unicodedata.category(char) in _INVISIBLE,
    "holds a letter beyond ASCII": lambda char: not char.isascii(),
}


def spoilt_by(key: str) -> str:
    """Return what is wrong with *key*, such as `holds a blank`, "" where nothing is. Nothing of it is repeated."""
    return next((said for said, is_so in _SPOILS.items() if any(map(is_so, key))), "")
