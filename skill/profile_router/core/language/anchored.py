"""Regular expressions that are compiled only for a text that they may match. Pure.

To compile the product's expressions takes far longer than to search a short task for them. So an expression names its
anchors: literals, one of which stands in whatever it matches. A text without any of them is answered by that alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from sys import maxsize

from profile_router.expressions import expression

Match = re.Match[str]
LENGTH = 2  # characters with which a match begins, by which expressions are told apart (`starts`)
_LONG = 4_000  # characters of a text for which an expression is compiled at once: `match` may ask for many places in it
_OF_NO_CASE = tuple("İıſ\u212a")  # which `re` takes for i, s and k where case does not count, and `lower` does not


class Anchored:
    """An expression that answers as `re.compile(pattern, flags)` does. Without `anchors` its first use compiles it.

    Anchors are looked for before each search, as that takes far less time. `match` asks the expression, once compiled.

    The anchors of a caseless expression are ASCII in lower case. None: they are found in the pattern itself.
    """

    def __init__(self, pattern: str, anchors: tuple[str, ...] | None = (), flags: int = 0) -> None:
        self.pattern = pattern
        self.anchors = anchors
        self.flags = flags

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Anchored) and (self.pattern, self.flags) == (other.pattern, other.flags)

    def __hash__(self) -> int:
        return hash((self.pattern, self.flags))

    def __repr__(self) -> str:
        return f"Anchored(pattern={self.pattern!r}, anchors={self.anchors!r}, flags={self.flags!r})"

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """Return the expression of `re`. Raises re.error where *pattern* is not an expression."""
        return re.compile(self.pattern, self.flags)

    @cached_property
    def literals(self) -> tuple[str, ...]:
        """Return the anchors, those that are found in the pattern where none are given."""
        if self.anchors is not None:
            return self.anchors
        found = literals_of(self.pattern)
        if not self.flags & re.IGNORECASE:
            return found
        return tuple(map(str.lower, found)) if all(map(str.isascii, found)) else ()

    def search(self, text: str, start: int = 0, end: int = maxsize) -> Match | None:
        """Return the first match that lies in *text* between *start* and *end*."""
        return None if len(text) <= _LONG and not self.may_match_in(text) else self.compiled.search(text, start, end)

    def match(self, text: str, start: int = 0, end: int = maxsize) -> Match | None:
        """Return the match that begins at *start*."""
        compiled = self.__dict__.get("compiled")
        if compiled is None:
            if self._misses(text):
                return None
            compiled = self.compiled
        found: Match | None = compiled.match(text, start, end)
        return found

    def fullmatch(self, text: str) -> Match | None:
        """Return the match that is the whole *text*."""
        return None if self._misses(text) else self.compiled.fullmatch(text)

    def finditer(self, text: str, start: int = 0, end: int = maxsize) -> Iterator[Match]:
        """Yield the matches in order; none overlaps the one before."""
        return iter(()) if not self.may_match_in(text) else self.compiled.finditer(text, start, end)

    def sub(self, by: str | Callable[[Match], str], text: str) -> str:
        """Return *text* with each match replaced."""
        return text if not self.may_match_in(text) else self.compiled.sub(by, text)

    def split(self, text: str) -> list[str]:
        """Return the parts of *text* that lie between the matches."""
        return [text] if not self.may_match_in(text) else self.compiled.split(text)

    def _misses(self, text: str) -> bool:
        """Tell whether no anchor stands in a short *text*, where the expression was not compiled yet."""
        return "compiled" not in self.__dict__ and len(text) <= _LONG and not self.may_match_in(text)

    @cached_property
    def _of_no_case(self) -> bool:
        return bool(self.flags & re.IGNORECASE)

    def may_match_in(self, text: str) -> bool:
        """Tell whether an anchor stands in *text*. Where none does, the expression matches in no part of it."""
        if not self.literals:
            return True
        if self._of_no_case:
            if not text.isascii() and any(map(text.__contains__, _OF_NO_CASE)):
                return True
            text = text.lower()
        for literal in self.literals:  # noqa: SIM110 - most texts are short: to make a generator would take longer
            if literal in text:
                return True
        return False


PIECE = expression(
    r"\\(?:[0-9]+|x..|u.{4}|U.{8}|N\{[^}]*\}|.)|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?(?:[:>=!]|<[=!]|P<\w+>))?"
    r"|(?:[?*+]|\{\d*,\d*\}|\{\d+\})[?+]?|.",
    re.DOTALL,
)
UNREAD_GROUP = expression(r"\(\?(?![:>=!]|<[=!]|P<)")  # flags, comments, conditions, references to a group by its name
LOOKS = ("(?=", "(?!", "(?<=", "(?<!")


@lru_cache(1_024)
def literals_of(pattern: str) -> tuple[str, ...]:
    """Return literals, one of which stands in whatever *pattern* matches without flags; none where that cannot be told.

    Of all that each match has to hold it is the part whose shortest spelling is longest.
    """
    if UNREAD_GROUP.search(pattern):
        return ()
    found, _ = _of_alternatives(PIECE.findall(pattern), 0)
    return () if "" in found else tuple(dict.fromkeys(found))


def _of_alternatives(pieces: Sequence[str], at: int) -> tuple[list[str], int]:
    """Return what is found in the alternatives from *at* on, and where they end."""
    found: list[str] = []
    known = True
    while True:
        literals, at = _of_sequence(pieces, at)
        known = known and bool(literals)
        found += literals
        if at == len(pieces) or pieces[at] != "|":
            return found if known else [], at
        at += 1


def _of_sequence(pieces: Sequence[str], at: int) -> tuple[list[str], int]:
    parts: list[list[str]] = []
    run = ""
    while at < len(pieces) and pieces[at] not in ("|", ")"):
        piece, inner = pieces[at], list[str]()
        at += 1
        if piece[0] == "(":
            inner, at = _of_alternatives(pieces, at)
            at += 1
            inner = [] if piece in LOOKS else inner
        repeated = pieces[at][0] if at < len(pieces) and repeats(pieces[at]) else ""
        at += bool(repeated)
        char = piece[-1] if is_literal(piece) and repeated in ("", "+") else ""
        run += char
        if not char or repeated:
            parts += [[run], inner if repeated in ("", "+") else []]
            run = ""
    return max((*parts, [run]), key=lambda part: min(map(len, part), default=0)), at


def repeats(piece: str) -> bool:
    """Tell whether *piece* says how often what stands before it is there."""
    return piece[0] in "?*+" or (piece[0] == "{" and piece != "{")


def is_literal(piece: str) -> bool:
    """Tell whether *piece* stands for its last character alone."""
    return piece not in ".^$" if len(piece) == 1 else len(piece) == 2 and piece[0] == "\\" and not piece[1].isalnum()
