"""Words of code: identifiers, their parts, and the number that stands for a term in an index. Pure.

An index holds no words, only 64-bit digests of them. So a secret that stands in a file like a word is not copied.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Literal

from profile_router.digests import blake2b
from profile_router.expressions import expression

IDENTIFIER = expression(r"[^\W\d]\w{2,63}")
# It turns all of ASCII that stands in no identifier into a space. Splitting is ten times as fast as searching.
_SPACED = "".join(chr(code) if chr(code).isalnum() or chr(code) == "_" else " " for code in range(128))
TermKind = Literal["definition", "identifier", "part", "name", "module", "subject", "place"]  # the last four: of a path
_PART = expression(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_SHORTEST, _LONGEST = 3, 64  # as IDENTIFIER has them
_DIGEST = 8  # bytes
_MOST_KNOWN = 400_000  # words whose numbers are kept
# Words that say nothing of where: of English, and of any program.
_SAY_NOTHING = (
    "the and for that this with from are was not but have has had can could should would will when where which what "
    "there their they them then than into out use used using does did doesn don its it's also any all some one two "
    "get set self def class return import none true false if else elif try except raise print args kwargs object "
    "new old like make made only just more most such via per how why who been being were because about after before "
    "between both each few other same very see seem seems example following code file line issue problem expected "
    "actual behavior behaviour result error version python please think know want need work works working "
)
STOP_WORDS = frozenset(_SAY_NOTHING.split())


def numbers_in(text: str) -> tuple[dict[int, int], dict[int, int]]:
    """Return the numbers of the identifiers of *text* as IDENTIFIER finds them, and those of their parts.

    Each has how often it stands there.
    """
    lines = [] if text.isascii() else text.split("\n")
    plain = "\n".join([line for line in lines if line.isascii()]) if lines else text
    identifiers: dict[int, int] = {}
    parts: dict[int, int] = {}
    named: list[tuple[str, int]] = []
    so_far = parts.get
    for word, times in Counter(plain.translate(_SPACED).split()).items():
        known = _KNOWN[word]
        if known:
            identifiers[known[0]] = times
            for part in known[1]:
                parts[part] = so_far(part, 0) + times
        elif known is None:
            named += [(name, times) for name in IDENTIFIER.findall(word)]
    named += [(name, 1) for name in IDENTIFIER.findall("\n".join([line for line in lines if not line.isascii()]))]
    for name, times in named:
        if known := _KNOWN[name]:
            identifiers[known[0]] = identifiers.get(known[0], 0) + times
            for part in known[1]:
                parts[part] = so_far(part, 0) + times
    return identifiers, parts


@lru_cache(maxsize=400_000)
def parts_of_identifier(identifier: str) -> tuple[str, ...]:
    """Return the parts of *identifier*, folded and without their plural: `HTTPRequests_v2` has `http`, `request`."""
    return tuple([stem(part.lower()) for part in _split(identifier) if len(part) >= _SHORTEST])


def _split(identifier: str) -> list[str]:
    plain = identifier.isascii() and identifier.islower() and identifier.replace("_", "").isalpha()
    return identifier.split("_") if plain else _PART.findall(identifier)


def stem(word: str) -> str:
    """Return *word*, which is folded, without the ending of a plural."""
    if len(word) > _SHORTEST + 1 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > _SHORTEST and word.endswith("s") and not word.endswith("ss") else word


def plain_parts(text: str) -> list[str]:
    """Return the parts of all identifiers of *text* that say something, in order."""
    return [part for name in IDENTIFIER.findall(text) for part in parts_of_identifier(name) if part not in STOP_WORDS]


@lru_cache(maxsize=800_000)
def number_of(kind: TermKind, word: str) -> int:
    """Return the signed 64-bit number that stands for *word* in an index."""
    return _digested(kind, word)


def _digested(kind: TermKind, word: str) -> int:
    salted = f"{kind}\0{word}".encode("utf-8", "replace")
    return int.from_bytes(blake2b(salted, digest_size=_DIGEST).digest(), "little", signed=True)


class _PartNumbers(dict[str, int]):
    """The number of each part that was met, by the part as it is written."""

    def __missing__(self, part: str) -> int:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        self[part] = number = _digested("part", stem(part.lower()))
        return number


class _WordNumbers(dict[str, tuple[int, tuple[int, ...]] | tuple[()] | None]):
    """The number of each word that was met, and those of its parts: most words stand in many files.

    Empty: no identifier stands in it. None: others may, so that IDENTIFIER has to look for them.
    """

    def __missing__(self, word: str) -> tuple[int, tuple[int, ...]] | tuple[()] | None:
        if len(word) > _LONGEST:
            return None
        if len(self) >= _MOST_KNOWN:
            self.clear()
        self[word] = numbers = _looked_at(word)
        return numbers


def _looked_at(word: str) -> tuple[int, tuple[int, ...]] | tuple[()] | None:
    if len(word) < _SHORTEST or word.isdecimal():
        return ()
    if word[0].isdecimal():
        return None
    return _digested("identifier", word), tuple([_PARTS[part] for part in _split(word) if len(part) >= _SHORTEST])


_PARTS, _KNOWN = _PartNumbers(), _WordNumbers()
