"""Read a text as a person would: without what makes one thing look like another, or hides it. Pure, linear.

A `Reading` is another reading of a text that still knows where each of its characters came from.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import field
from functools import lru_cache

from profile_router.core.language.anchored import Anchored
from profile_router.expressions import expression
from profile_router.values import frozen, mutable

_DECODED_TIMES = 3  # `%252e` is `%2e` is `.`

# Look-alikes of ASCII that no Unicode decomposition leads to. They are Cyrillic, Greek, Armenian, phonetic and small
# capitals, and the punctuation of tokens and paths. Left stands for right, one to one.
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
_ODD = expression(r"[^\t\n\r -~]")
_ODD_RUN = expression(r"[^\t\n\r -~]++")
_ESCAPE = Anchored(  # it starts with a set, which `re` looks for at once
    r"[%\\&](?:(?<=%)(?P<percent>[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*+)|(?<=\\)(?:x(?P<x>[0-9A-Fa-f]{2})"
    r"|u(?P<u>[0-9A-Fa-f]{4})|U(?P<wide>[0-9A-Fa-f]{8})|u\{(?P<braced>[0-9A-Fa-f]{1,6})\}|(?P<octal>[0-3][0-7]{2}))"
    r"|(?<=&)(?:#(?:(?P<decimal>[0-9]{1,12})|[xX](?P<hex>[0-9A-Fa-f]{1,12}))|(?P<name>[A-Za-z]{2,14}));)",
    anchors=("%", "\\", "&"),
)
# What stands between two lines of one wrapped token: the break with its blanks, quotation marks and continuation.
_WRAP = Anchored(  # it starts with a set as well: what may stand before it is looked at then
    r"[ \t\\\r\n](?<=[\w+/=.:$~%-][ \t\\\r\n])(?:(?<=[ \t])[ \t]{0,39}+\\?[\r\n]|(?<=\\)[\r\n]|(?<=[\r\n]))"
    r"(?:[>#|\s]|\\(?=[\r\n]))*+(?=[\w+/=.:$~%-])",
    anchors=("\n", "\r"),
)


@mutable
class _Change:
    """What was replaced by what. Where it all stands is asked for only behind a finding, so it is worked out then."""

    pattern: re.Pattern[str] | Anchored
    by: Callable[[str], str]
    marks: list[tuple[int, int, bool]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    def of(self, text: str) -> _Change:
        """Return this change of *text* with its marks: (start here, start in *text*, replaced?), piece by piece."""
        if self.marks:
            return self
        shift = at = 0
        for found in self.pattern.finditer(text):
            if (new := self.by(found[0])) != found[0]:
                start, end = found.span()
                self.marks += ((at + shift, at, False), (start + shift, start, True))
                shift += len(new) - (end - start)
                at = end
        self.marks += ((at + shift, at, False), (len(text) + shift, len(text), False))
        self.starts = [mark[0] for mark in self.marks]
        return self


@frozen
class Reading:
    """A reading of a text: *text* as it follows from the one *before* by a *change*."""

    text: str
    before: Reading | None = None
    change: _Change | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return where the piece *start* to *end* (not empty) stands in the text that was read first."""
        if self.before is None:
            return start, end
        return self.before.origin(*self.one_back(start, end))

    def one_back(self, start: int, end: int) -> tuple[int, int]:
        """Return where the piece *start* to *end* (not empty) stands in the view that this one was made from."""
        if self.before is None or self.change is None:
            return start, end
        change = self.change.of(self.before.text)
        here, there, replaced = change.marks[bisect_right(change.starts, start) - 1]
        first = there if replaced else there + start - here
        index = bisect_right(change.starts, end - 1) - 1
        here, there, replaced = change.marks[index]
        return first, change.marks[index + 1][1] if replaced else there + end - here


def readings(text: str) -> Iterator[Reading]:
    """Yield *text* as it looks, then, where that is another text, with its escapes (`%2e`, `\\x2e`) read as well."""
    view = straightened(Reading(text=text))
    yield view
    for _ in range(_DECODED_TIMES):
        decoded = _replaced(view, _ESCAPE, _decoded)
        if decoded is view:
            return
        view = straightened(decoded)
        yield view


def unwrapped(view: Reading) -> Reading | None:
    """Return *view* with its lines joined to one, None where it has one line."""
    joined = _replaced(view, _WRAP, lambda _: "")
    return None if joined is view else joined


def straightened(view: Reading) -> Reading:
    """Return *view* as ASCII as far as it looks like ASCII: nothing unseen, no look-alikes, no full-width forms."""
    if (view.text.isascii() and view.text.isprintable()) or _ODD.search(view.text) is None:
        return view
    seen = _Plain()
    text = _ODD_RUN.sub(lambda found: found[0].translate(seen), view.text)
    return _changed(view, text, _ODD, _plain)


def straight_text(text: str) -> str:
    """Return *text* as `straightened` reads it."""
    return straightened(Reading(text=text)).text


class _Plain(dict[int, str]):
    """The characters of one text, as `str.translate` asks for them."""

    def __missing__(self, code: int) -> str:
        self[code] = plain = _plain(chr(code))
        return plain


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


def _decoded(escape: str) -> str:
    if not (found := _ESCAPE.match(escape)):
        return escape
    if found["percent"]:
        return bytes.fromhex(found["percent"].replace("%", "")).decode("utf-8", "replace")
    kind = str(found.lastgroup)
    if kind == "name":
        from html.entities import html5  # few texts pay for this table

        return html5.get(f"{found[kind]};", escape)
    number = int(found[kind], {"octal": 8, "decimal": 10}.get(kind, 16))
    return chr(number) if number < 0x110000 else ""


def _replaced(view: Reading, pattern: re.Pattern[str] | Anchored, by: Callable[[str], str]) -> Reading:
    """Return *view* with each match replaced, *view* itself where nothing changes."""
    return _changed(view, pattern.sub(lambda found: by(found[0]), view.text), pattern, by)


def _changed(view: Reading, text: str, pattern: re.Pattern[str] | Anchored, by: Callable[[str], str]) -> Reading:
    return view if text == view.text else Reading(text=text, before=view, change=_Change(pattern=pattern, by=by))
