"""Read a text as a person would: without what makes one thing look like another, or hides it. Pure, linear.

A `View` is another reading of a text that still knows where each of its characters came from.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_DECODED_TIMES = 3  # `%252e` is `%2e` is `.`

# Look-alikes of ASCII that no Unicode decomposition leads to: Cyrillic, Greek, Armenian, phonetic and small capitals,
# and the punctuation of tokens and paths. Left stands for right, one to one.
_ALIKE = dict(
    zip(
        "абвгеікмнопрстухцьѕјһӏԁԛԝүґєзԍАВСЕНІЈКМОРЅТХУЅӀԚԜҮԌ"
        "αβγεζηικνορστυχωϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿ"
        "օոսհցզգԼՏՕ"
        "ıȷɑɡɩɪʟɴʀʙɢʜᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢøłđħŧØŁĐĦŦ"
        "‐‑‒–—―−⁃˗․ꓸ。٫⁄∕⧸∖⧵ˍ∶꞉ː“”„‟″‘’‚‛′ʼ⁓∼",
        "a6breikmhonpctyxub"
        "sjhldqwyrezg"
        "ABCEHIJKMOPSTXYSIQWYG"
        "abyeznikvopotuxwcjABEZHIKMNOPTYXCJ"
        "onuhgqqLSO"
        "ijagiilnrbghacdejkmoptuvwzoldhtOLDHT"
        "---------....///\\\\_:::\"\"\"\"\"''''''~~",
        strict=True,
    )
)
_BREAKS = frozenset("\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")  # letters and signs that show nothing
_UNSEEN = frozenset({"Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn"})
_ODD = re.compile(r"[^\t\n\r -~]")
_ESCAPE = re.compile(  # it starts with a set, which `re` looks for at once
    r"[%\\&](?:(?<=%)(?P<percent>[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*+)|(?<=\\)(?:x(?P<x>[0-9A-Fa-f]{2})"
    r"|u(?P<u>[0-9A-Fa-f]{4})|U(?P<wide>[0-9A-Fa-f]{8})|u\{(?P<braced>[0-9A-Fa-f]{1,6})\}|(?P<octal>[0-3][0-7]{2}))"
    r"|(?<=&)#(?:(?P<decimal>[0-9]{1,7})|[xX](?P<hex>[0-9A-Fa-f]{1,6}));)"
)
# What stands between two lines of one wrapped token: the break with its blanks, quotation marks and continuation.
_WRAP = re.compile(r"(?<=[\w+/=.:$~%-])[ \t]{0,40}+\\?[\r\n](?:[>#|\s]|\\(?=[\r\n]))*+(?=[\w+/=.:$~%-])")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A reading of a text. `marks` are (start here, start in `before`, replaced?) of its pieces, in order."""

    text: str
    before: View | None = None
    marks: tuple[tuple[int, int, bool], ...] = ()
    starts: tuple[int, ...] = ()

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return where the piece *start* to *end* (not empty) stands in the text that was read first."""
        if self.before is None:
            return start, end
        return self.before.origin(*self.one_back(start, end))

    def one_back(self, start: int, end: int) -> tuple[int, int]:
        """Return where the piece *start* to *end* (not empty) stands in the view that this one was made from."""
        here, there, replaced = self.marks[bisect_right(self.starts, start) - 1]
        first = there if replaced else there + start - here
        index = bisect_right(self.starts, end - 1) - 1
        here, there, replaced = self.marks[index]
        return first, self.marks[index + 1][1] if replaced else there + end - here


def readings(text: str) -> Iterator[View]:
    """Yield *text* as it looks, then, where that is another text, with its escapes (`%2e`, `\\x2e`) read as well."""
    view = straightened(View(text=text))
    yield view
    for _ in range(_DECODED_TIMES):
        decoded = _replaced(view, _ESCAPE, _character)
        if decoded is view:
            return
        view = straightened(decoded)
        yield view


def unwrapped(view: View) -> View | None:
    """Return *view* with its lines joined to one, None where it has one line."""
    joined = _replaced(view, _WRAP, lambda _: "")
    return None if joined is view else joined


def straightened(view: View) -> View:
    """Return *view* as ASCII as far as it looks like ASCII: nothing unseen, no look-alikes, no full-width forms."""
    return _replaced(view, _ODD, lambda found: _plain(found[0]))


def plain(text: str) -> str:
    """Return *text* as `straightened` reads it."""
    return text if text.isascii() and text.isprintable() else straightened(View(text=text)).text


@lru_cache(maxsize=4_096)
def _plain(char: str) -> str:
    if char in _BREAKS:
        return "\n"
    if char in _BLANK_LETTERS:
        return ""
    return "".join(_one(part) for part in unicodedata.normalize("NFKD", _ALIKE.get(char, char)))


def _one(char: str) -> str:
    if char in "\t\n\r" or " " <= char <= "~":
        return char
    category = unicodedata.category(char)
    if category in _UNSEEN:
        return ""
    if category == "Nd":
        return str(unicodedata.digit(char))
    return " " if category == "Zs" else _ALIKE.get(char, char)


def _character(found: re.Match[str]) -> str:
    if found["percent"]:
        return bytes.fromhex(found["percent"].replace("%", "")).decode("utf-8", "replace")
    kind = str(found.lastgroup)
    number = int(found[kind], {"octal": 8, "decimal": 10}.get(kind, 16))
    return chr(number) if number < 0x110000 else ""


def _replaced(view: View, pattern: re.Pattern[str], by: Callable[[re.Match[str]], str]) -> View:
    """Return *view* with each match replaced, *view* itself where nothing changes."""
    pieces: list[str] = []
    marks: list[tuple[int, int, bool]] = []
    length = at = 0
    for found in pattern.finditer(view.text):
        if (new := by(found)) == found[0]:
            continue
        pieces += (view.text[at : found.start()], new)
        marks += ((length, at, False), (length + found.start() - at, found.start(), True))
        length += found.start() - at + len(new)
        at = found.end()
    if not marks:
        return view
    pieces.append(view.text[at:])
    marks += ((length, at, False), (length + len(view.text) - at, len(view.text), False))
    return View(text="".join(pieces), before=view, marks=tuple(marks), starts=tuple(mark[0] for mark in marks))
