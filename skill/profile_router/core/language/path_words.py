"""Words of a text that may be paths. Pure: whether such a file exists is for others to say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from profile_router.core.language.anchored import Anchored
from profile_router.expressions import expression
from profile_router.values import frozen

LONGEST_PATH_WORD = 4_096

# A URL is not a path of ours; `file:` is the exception, because what it names lies on a disk.
_ELSEWHERE = Anchored(
    r"\bdata:[^\s,]{0,100};base64,[A-Za-z0-9+/=_-]*+|\b(?!file:)[a-z][a-z0-9+.-]{1,20}+://[^\s<>\"'`)]*+",
    anchors=(";base64,", "://"),
    flags=re.IGNORECASE,
)
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_BETWEEN = rf"\s`\"'<>|();=,\[\]{{}}—→“”‘’«»…，。；：、（）「」『』【】！？{_INVISIBLE}"
# Balanced {a,b}, [id] and (group)/ belong to a path; the same characters alone separate words.
_WORD = expression(
    rf"(?:[^{_BETWEEN}]++|\{{[^{{}}\s]{{1,200}}\}}|\[[^\[\]\s\"'`,]{{1,60}}\]|\([^()\s]{{1,60}}\)(?=/))++"
)
_MARKED = Anchored(
    r"`([^`\n]{1,300})`|\"([^\"\n]{1,300})\"|(?<!\w)'([^'\s]{1,300})'(?!\w)|“([^“”\n]{1,300})”", anchors=tuple("`\"'“")
)
_EMPHASIS = expression(r"(\*{1,3}|_{1,2}|~~)(.+)\1")
EXTENSIONLESS = expression(r"[A-Z]\w*file")
_ASCII = expression(r"[!-~]{2,}")
_SUFFIX = expression(r":+|#(?=L?\d)")
_SLASHES = expression(r"/{2,}")
_HERE = expression(r"(?<![^/])(?:\./)+")
_DRIVE = expression(r"(?<![A-Za-z])[A-Za-z]:(?=[/\\])")


@frozen(kw_only=False)
class PathWord:
    """A word that may be a path: with `/` for every separator. `marked`: it is in backticks or quotes by itself."""

    text: str
    marked: bool = False


def path_words(text: str) -> tuple[PathWord, ...]:
    """Return the words of *text* that may be paths or globs, each once, in order.

    Line numbers, test ids, brackets, quotes, emphasis and the punctuation of sentences are taken off. A word of
    letters alone counts only in quotes, or where it ends like `Makefile`.
    """
    found: dict[str, bool] = {}
    for word, marked in _words(_ELSEWHERE.sub(" ", text)):
        if marked or not word.isalpha() or EXTENSIONLESS.fullmatch(word):
            found[word] = found.get(word, False) or marked
    return tuple(PathWord(word, marked) for word, marked in found.items())


def _words(text: str) -> Iterator[tuple[str, bool]]:
    seen: set[str] = set()
    pieces: set[str] = set()  # code repeats itself
    at = 0
    for span in _MARKED.finditer(text):
        yield from _plain(text[at : span.start()], seen)
        at = span.end()
        if (inner := span[span.lastindex or 0]) in pieces:
            continue
        pieces.add(inner)
        if whole := _clean(inner):
            yield whole, True
        yield from _plain(inner, seen)
    yield from _plain(text[at:], seen)


def _plain(text: str, seen: set[str]) -> Iterator[tuple[str, bool]]:
    """Yield the words of *text* that are not among those *seen*: words repeat, and taking them apart is what costs."""
    for word in _WORD.findall(text):
        if word not in seen and len(word) <= LONGEST_PATH_WORD:
            seen.add(word)
            yield from ((form, False) for form in _forms(word))


@lru_cache(maxsize=50_000)  # a text is looked through in several readings, which have most of their words in common
def _forms(word: str) -> tuple[str, ...]:
    """Return *word* without what writing puts around it. More than one where it can be read in more than one way."""
    return (word,) if word.isalnum() and word.isascii() else tuple(_trimmed(word))


def _trimmed(word: str) -> Iterator[str]:
    trimmed = word.lstrip("@!#&,:+").rstrip(".,:;!?&")
    if trimmed[:1] == "[" and trimmed[-1:] == "]":
        trimmed = trimmed[1:-1]
    readings = [trimmed]
    if trimmed[:1] in {"*", "_", "~"} and (emphasis := _EMPHASIS.fullmatch(trimmed)):
        inner = emphasis.group(2).rstrip(".,:;!?")
        ambiguous = inner[:1] in {".", "/"} or inner[-1:] == "/"
        readings = [trimmed, inner] if ambiguous else [inner]
    for reading in readings:
        for part in _SUFFIX.split(_DRIVE.sub("", reading)) if ":" in reading or "#" in reading else (reading,):
            runs = [] if part.isascii() else _ASCII.findall(part)
            yield from filter(None, map(_clean, [part, *runs]))


def _clean(word: str) -> str:
    """Return *word* as a POSIX path without `./` and doubled separators; empty where nothing is left."""
    path = word.strip().replace("\\", "/")
    if "//" in path:
        path = _SLASHES.sub("/", path)
    if "./" in path:
        path = _HERE.sub("", path)
    return "" if path in {"", ".", "/"} or len(path) > LONGEST_PATH_WORD else path
