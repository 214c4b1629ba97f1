"""Text that people read: on one line, printable, in words. Pure."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal

Escapes = Literal["none", "colours", "drawing"]

_HALF_A_CENT, _A_CENT, _A_DIME = 0.005, 0.01, 0.1
_EXACT = frozenset({"provider", "free"})  # the sources of `core.routing.rate` that leave nothing open
USD_DIGITS = 9  # behind the point of what is kept: a call of a few tokens costs less than a millionth
LEAST_USD = 5e-7  # less is what sums of floats are off by
MOST_USD = 1e9  # of one run: more is not a price
_LIKE = 0.75  # of the letters: `coding-locl` is near `coding-local`, `coding` is near nothing
_SHORTEST_PART = 3
_IN_MINUTES_S = 120.0
_LONGEST_WORD = 24  # shorter than the tokens and keys that one might write
_LONGEST_NAME = 80  # characters that are compared
_SHORT_ID = 8
# What nobody sees, and `isprintable` lets pass: fillers, joiners, variation selectors (Default_Ignorable_Code_Point).
_UNSEEN = r"\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef"
UNSEEN_CHARS = frozenset(
    map(chr, (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x3164, *range(0xFE00, 0xFE0E), 0xFFA0))
).union(map(chr, range(0xE0100, 0xE01F0)))
# What drives a screen: control characters but tab and line end, and what turns, hides or joins letters (bidi, tags).
_DRIVES = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    rf"\U0001d173-\U0001d17a\U000e0000-\U000e0fff{_UNSEEN}]"
)
_COLOUR = r"\[(?:[012]|3[1-6])(?:;(?:[012]|3[1-6]))*m"  # ours; 8 would hide what follows, and so would black on black
_DRAWS = r"\[1A|\[2K|\[\?25[hl]"  # up a line, an empty line, the cursor: what draws a line anew
_ESCAPES: Mapping[Escapes, str] = {
    "none": r"|\r(?!\n)|\x1b",
    "colours": rf"|\r(?!\n)|\x1b(?!{_COLOUR})",
    "drawing": rf"|\x1b(?!{_COLOUR}|{_DRAWS})",
}


def shown(text: str, longest: int = 200) -> str:
    """Return *text* on one line, at most *longest* characters of it, what cannot be printed or seen escaped."""
    cut = text if len(text) <= longest else f"{text[:longest]}…"
    return cut if text.isascii() and text.isprintable() else _plain(cut, rf"[{_UNSEEN}]")


def short_id(whole: str) -> str:
    """Return the beginning of the id *whole*, of a run or of an undo: enough to name it."""
    return whole[:_SHORT_ID]


def exactly(text: str) -> str:
    """Return all of *text* on one line, what cannot be seen escaped, and each backslash: no two texts look alike."""
    return _plain(text, rf"[\\\ufe0e\ufe0f{_UNSEEN}]")


def may_be_repeated(text: str) -> bool:
    """Tell whether an error may repeat *text*, which is wrong: a longer one may be a task or a key."""
    return len(text) <= _LONGEST_WORD and text.isprintable() and " " not in text


def _plain(text: str, unseen: str) -> str:
    return "".join(
        char if char.isprintable() and not re.match(unseen, char) else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def harmless(text: str, *, escapes: Escapes = "colours") -> str:
    """Return *text* with what would drive a screen written as `\\u202e`. JSON reads that back, and a person sees it.

    Of *escapes* those stay that set our colours, none, or also those that draw a line anew.
    """
    if text.replace("\n", "").isprintable() and (text.isascii() or UNSEEN_CHARS.isdisjoint(text)):
        return text  # what else drives a screen is not printable
    return _driving(escapes).sub(_written, text)


@functools.cache
def _driving(escapes: Escapes) -> re.Pattern[str]:
    return re.compile(_DRIVES + _ESCAPES[escapes])


def _written(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def some_of(names: Sequence[str], most: int = 3) -> str:
    """Return the first *most* of *names*, and how many there are beside."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def nearest(name: str, known: Sequence[str]) -> str:
    """Return which of the *known* names was meant by *name*, "" where none is near. Case, `_` and blanks do not count.

    A part that one of them alone has is near it too: `burst` means `coding-burst`.
    """
    import difflib  # 10 ms, for a mistake alone

    plain = {_plain_name(one): one for one in reversed(known)}
    wanted = _plain_name(name[:_LONGEST_NAME])
    if not wanted:
        return ""
    close = difflib.get_close_matches(wanted, list(plain), n=1, cutoff=_LIKE)
    holds = [one for one in plain if len(wanted) >= _SHORTEST_PART and wanted in one]
    found = close[:1] or (holds if len(holds) == 1 else [])
    return plain[found[0]] if found else ""


def did_you_mean(near: str) -> str:
    """Return the end of a message about a wrong name that is *near* a known one; empty without one."""
    return f"; did you mean '{near}'?" if near else ""


def _plain_name(name: str) -> str:
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())


def in_words(seconds: float) -> str:
    """Return *seconds* as a message has them, such as `2 h 05 min` or `4 min 10 s`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def took(seconds: float | None) -> str:
    """Return how long a run took, or a part of it; of None the end is not known."""
    if seconds is None:
        return "…"
    return f"{seconds:.1f} s" if seconds < _IN_MINUTES_S else in_words(seconds)


def utf8(text: str) -> str:
    """Return *text* without lone surrogates, which JSON can carry but no server accepts."""
    return text.encode("utf-8", "replace").decode()


def price(usd: float) -> str:
    """Return *usd* as a screen has it: in cents, less than half of one to the first digit that counts.

    `$0.00` is exactly nothing: what was paid, however little, is not told as free.
    """
    return f"${usd:.0e}" if is_tiny(usd) else f"${usd:.{_digits(usd, _HALF_A_CENT)}f}"


def left_over(usd: float) -> str:
    """Return *usd* that may still be spent, told as `price` tells it, but never as more than there is."""
    digits = _digits(usd, _A_CENT)
    whole = math.floor(round(usd * 10**digits, 6))  # 0.29 is a little less than 29 cents, as a float
    return f"${whole / 10**digits:.{digits}f}"


def _digits(usd: float, least: float) -> int:
    """Return the digits behind the point of *usd*: two, and below *least* as many as reach the first that counts."""
    return 2 if usd == 0 or abs(usd) >= least else digits_of(usd)


def is_tiny(usd: float) -> bool:
    """Tell whether *usd* is too little to be written out, though it is not nothing: a limit that somebody set."""
    return 0 < abs(usd) < 10.0**-USD_DIGITS


def digits_of(usd: float) -> int:
    """Return how many digits behind the point reach the first that counts of *usd*, which is not 0."""
    return -math.floor(math.log10(abs(usd)))


def priced(usd: float, source: str) -> str:
    """Return *usd* with its *source*, as a screen has it: `$0.019 (provider)`, `≈ $0.02 (table, 2026-11)`.

    What the provider itself charged, or is free, is exact, and told to a tenth of a cent; all else is about right.
    """
    if not source:
        return price(usd)
    exact = usd == 0 or source in _EXACT
    return f"{_charged(usd)} ({source})" if exact else f"≈ {price(usd)} ({source})"


def about(usd: float, *, exact: bool) -> str:
    """Return *usd* where its source has no room. `≈` stands before a sum that is not all providers' own figures."""
    return _charged(usd) if exact else f"≈{price(usd)}"


def _charged(usd: float) -> str:
    """Return *usd* that a provider charged: below a dime to a tenth of a cent, where it has one."""
    fine = f"${usd:.3f}"
    return fine if _HALF_A_CENT <= usd < _A_DIME and not fine.endswith("0") else price(usd)


def saved_words(usd: float | None, source: str, why: str) -> str:
    """Return what was saved, as the last line of a run has it; *source* and *why* as `core.attempt.saving` has them."""
    told = saved_beside_label(usd, source, why)
    if usd is None:
        return f"saved: {told}"
    return f"saved {told}" if usd > -LEAST_USD else told


def saved_beside_label(usd: float | None, source: str, why: str) -> str:
    """Return the words of `saved_words` where they stand beside the label "saved"."""
    if usd is None:
        return f"not told, as {why}"
    if abs(usd) < LEAST_USD:
        return "$0.00 against always-burst"
    told = price(abs(usd)) if source in _EXACT else f"≈ {price(abs(usd))}"
    return f"{told} {'against' if usd > 0 else 'more than'} always-burst ({source})"


def counted(number: int, one: str, many: str = "") -> str:
    """Return *number* with its noun, such as `1 file` and `2 files`; *many* is the plural where it is not `…s`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def too_many_files(most: int) -> str:
    """Return that the workspace has more files than the *most* that are looked at."""
    return f"the workspace has more than {most:,} files"


def thousands(tokens: int) -> str:
    """Return 11,234 as `11.2k`; below a thousand as it is."""
    return str(tokens) if tokens < 1_000 else f"{tokens / 1_000:.1f}k"
