"""The lines of a private key: a text may have the first ones, the last ones or some between. Pure, linear."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from profile_router.core.language.anchored import Anchored

_LONGEST_KEY = 20_000  # characters: 16,384 bits of RSA
_ENDS = Anchored(r"-----END[^-\n]{0,60}+-----|Private-MAC: *+[0-9a-f]{0,64}+")
# Whole lines, a padded last one, and the start of a key that was cut short (DER begins with MI).
_LINES = Anchored(
    r"(?:(?:\\[nrt]|[\s>|\"',#+])*+(?:[A-Za-z0-9+/=]{20,}+|MI[A-Za-z0-9+/=]{2,}+|[A-Za-z0-9+/]{1,19}={1,2}))*+"
)
_LAST_LINE = Anchored(
    r"-{4,5}[ \t]{0,3}+END[A-Z0-9 \t]{0,40}?PRIVATE[ \t]{0,3}+KEY(?:[ \t]{0,3}+BLOCK)?[ \t]{0,3}+-{4,5}"
    r"|Private-MAC: *+[0-9a-f]{40,64}+",
    anchors=("PRIVATE", "Private-MAC"),
)
_BREAK = Anchored(r"\\[nr]|[\r\n]")
_AROUND = " \t>|\"',#+-\\"  # of a line that is quoted, a string, or a part of a diff
_BODY = Anchored(r"[A-Za-z0-9+/]++={0,2}|=[A-Za-z0-9+/]{4}")  # or the checksum of PGP
_WHOLE_LINE, _PIECE = 40, 16  # characters of a line between others, and of what is left of one

# A line of a key in its two usual widths, and in both cases. Digests in hex and sequences of proteins have one case.
_BETWEEN = Anchored(
    r"(?:[A-Za-z0-9./_-]{1,100}+:[0-9]{1,6}+[:-]|[ \t>|\"'#+-]{0,16}+)"
    r"(?=[a-z0-9+/]{0,69}+[A-Z])(?=[A-Z0-9+/]{0,69}+[a-z])(?=[A-Za-z+/]{0,69}+[0-9])"
    r"[A-Za-z0-9+/]{64}(?:[A-Za-z0-9+/]{6})?(?:\\n)?[\"',+\\ \t\r]{0,8}+"
)
_FEWEST, _SHORTEST, _LONGEST = 3, 64, 200  # lines, and characters of one
_NEAR = 240  # characters before and after the lines, in which stands what they are
_PUBLIC = Anchored(r"BEGIN|END|[Cc]ert|CERT|\.crt|x5c|[Cc][Aa]_?[Bb]undle|[Pp]ublic|[Ss]ignature")


def key_end(text: str, end: int) -> int:
    """Return where the key ends whose head ends at *end*: behind its last line, else behind what looks like it."""
    if closing := _ENDS.search(text, end, end + _LONGEST_KEY):
        return closing.end()
    return _behind(text, end)


def headless_keys(text: str) -> Iterator[tuple[int, int]]:
    """Yield where *text* has lines of a private key and its last line, or lines from between alone."""
    floor = 0
    for last in _LAST_LINE.finditer(text):
        start = _first_line(text, max(floor, last.start() - _LONGEST_KEY), last.start())
        if start < last.start():
            yield start, last.end()
        floor = last.end()
    yield from _between(text)


def _behind(text: str, end: int) -> int:
    body = _LINES.match(text, end, end + _LONGEST_KEY)
    return body.end() if body else end


def _first_line(text: str, floor: int, end: int) -> int:
    """Return where the lines of base64 begin that end at *end*, not before *floor*; *end* where there are none."""
    breaks = [found.span() for found in _BREAK.finditer(text, floor, end)]
    pieces = zip((floor, *(after for _, after in breaks)), (*(at for at, _ in breaks), end), strict=True)
    first, short, longest = end, 0, 0
    for start, before in reversed(list(pieces)):
        body = text[start:before].strip(_AROUND)
        if not body:
            continue
        if not _BODY.fullmatch(body) or (len(body) < _WHOLE_LINE and (longest >= _WHOLE_LINE or short == 2)):
            break
        short += len(body) < _WHOLE_LINE
        first, longest = start, max(longest, len(body))
    return first if longest >= _PIECE and any(map(str.isdigit, text[first:end])) else end


def _between(text: str) -> Iterator[tuple[int, int]]:
    if len(text) < _FEWEST * _SHORTEST:
        return
    lines = text.split("\n")
    found = [at for at, line in enumerate(lines) if _SHORTEST <= len(line) <= _LONGEST and _is_between(line)]
    if len(found) < _FEWEST:
        return
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    for first, last in _in_a_row(found):
        start, end = starts[first], starts[last + 1] - 1
        near = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
        if last - first + 1 >= _FEWEST and not any(map(_PUBLIC.search, near)):
            yield start, _behind(text, end)


def _is_between(line: str) -> bool:
    return " " not in line.strip(_AROUND) and _BETWEEN.fullmatch(line) is not None  # most lines have a blank


def _in_a_row(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each row of *numbers* that follow each other by one."""
    first = before = numbers[0]
    for number in numbers[1:]:
        if number != before + 1:
            yield first, before
            first = number
        before = number
    yield first, before
