"""Secrets in a table: a line of names, as exports of browsers and consoles have, and rows below. Pure, linear.

The name of a column counts as a name before a value does in `named_values`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from profile_router.core.language.anchored import Anchored
from profile_router.core.privacy.named_values import is_secret_of

_PASSWORDS = r"password|passwd|passphrase|pwd|passwort|kennwort"
_TOKENS = (
    r"access[ _-]?key[ _-]?secret|secret[ _-]access[ _-]?key|(?:api|access|secret|private|account)[ _-]?key"
    r"|token|secret"
)
_ANCHORS = ("pass", "pwd", "kennwort", "token", "secret", "key")
_COLUMN = Anchored(  # how a cell ends that names such a column
    rf"(?<![A-Za-z0-9])(?>{_PASSWORDS}|{_TOKENS})\"?+[ \t\r]{{0,3}}+(?=[,;\t|]|$)",
    anchors=_ANCHORS,
    flags=re.IGNORECASE | re.MULTILINE,
)
_LAST_WORDS = ("password", "passwd", "passphrase", "pwd", "passwort", "kennwort", "key", "token", "secret")
_HEADS = tuple(f"{word}{end}" for word in _LAST_WORDS for end in (",", ";", "\t", "|", " |", '"', "\n", "\r"))
_NAME = Anchored(rf"(?:.{{1,30}}[ _-])?(?:(?P<password>{_PASSWORDS})|{_TOKENS})", flags=re.IGNORECASE)
_PLAIN = Anchored(r"[\w .:/-]{0,60}")
_PLAIN_LINE = Anchored(r"[\w .:/,;\t|\"\r-]{0,4000}+")
_MARKS = ",;\t|"
_QUOTED = r"\"(?P<quoted>(?:[^\"]|\"\"){0,900}+)\""
_CELLS = {
    mark: Anchored(rf" {{0,99}}+(?:{_QUOTED}|(?P<bare>[^{mark}\"]{{0,900}}+))[ \r]{{0,99}}+(?:[{mark}]|\Z)")
    for mark in _MARKS
}
_LONGEST = 4_000  # characters of a line


def columns_of_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yield where *text* has a secret below the name of its column."""
    lower = text.lower()
    if not any(map(lower.__contains__, _HEADS)):  # several times faster than the expression
        return
    start, mark = 0, ""
    kinds: list[re.Match[str] | None] = []
    for line in text.split("\n"):
        row = _cells(line, mark) if mark else []
        if row and len(row) == len(kinds):
            for kind, (first, end) in zip(kinds, row, strict=True):
                if kind and is_secret_of(line[first:end], password=kind["password"] is not None):
                    yield start + first, start + end
        elif mark or any(map(line.__contains__, _MARKS)):
            mark, kinds = _names(line)
        start += len(line) + 1


def _names(line: str) -> tuple[str, list[re.Match[str] | None]]:
    """Return what parts the names in *line*, and which of them a secret has. Nothing where it has no such name."""
    if len(line) > _LONGEST or not _PLAIN_LINE.fullmatch(line) or _COLUMN.search(line) is None:
        return "", []
    mark = next((mark for mark in _MARKS if mark in line), "")
    names = [line[slice(*cell)] for cell in _cells(line, mark)] if mark else []
    kinds = [_NAME.fullmatch(name) for name in names]
    return (mark, kinds) if any(kinds) and all(map(_PLAIN.fullmatch, names)) else ("", [])


def _cells(line: str, mark: str) -> list[tuple[int, int]]:
    """Return where the cells of *line* stand, without quotation marks and blanks; none where it is not a row."""
    cells: list[tuple[int, int]] = []
    at = 0
    while len(line) <= _LONGEST and (found := _CELLS[mark].match(line, at)):
        start, end = found.span("quoted" if found["quoted"] is not None else "bare")
        cells.append((start, start + len(line[start:end].rstrip())))
        at = found.end()
        if at == len(line):
            return [*cells, (at, at)] if found[0].endswith(mark) else cells
    return []
