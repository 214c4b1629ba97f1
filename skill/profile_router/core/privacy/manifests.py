"""The values of Kubernetes' Secrets: whatever stands under `data` is secret, by whatever name. Pure, linear.

A manifest is YAML or JSON, and may be cut, indented, or the lines that a search found. So its lines are read, no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from profile_router.core.language.anchored import Anchored
from profile_router.core.privacy.named_values import is_placeholder

_SECRET = Anchored(r"\bkind[\"']?[ \t]{0,4}+:[ \t]{0,4}+[\"']?Secret(?![A-Za-z])", anchors=("Secret",))
_WHERE = r"(?:[A-Za-z0-9._/-]{1,200}+:[0-9]{1,6}+[:-])?+"  # what a search puts before a line; a diff puts a sign
_LINE = Anchored(
    rf"{_WHERE}[+>-]?+(?P<indent>[ \t]{{0,60}}+)\{{?+(?P<name>[\"']?+[\w./-]{{1,100}}+[\"']?+)[ \t]{{0,4}}+:"
    r"(?:[ \t]{1,4}+(?P<value>\S[^\r\n]{0,9000}+))?+"
)
_INLINE = Anchored(r"\"data\"[ \t]{0,4}+:[ \t]{0,4}+\{(?P<pairs>[^{}\n]{1,9000}+)\}", anchors=('"data"',))
_PAIR = Anchored(r"\"[\w./-]{1,100}+\"[ \t]{0,4}+:[ \t]{0,4}+\"(?P<value>[^\"\n]{1,9000}+)\"")
_PART = Anchored(rf"{_WHERE}[+>]?(?:---|\.\.\.)(?:[ \t]|\Z)")
_NAME = Anchored(r"[A-Za-z_./:-]++")
_SHORTEST = 6  # characters of a password, once it is read
_PUBLIC = ("-----BEGIN CERTIFICATE", "-----BEGIN PUBLIC KEY", "ssh-", "http://", "https://", "tcp://")


def manifest_values(text: str) -> Iterator[tuple[int, int]]:
    """Yield where *text* has values of a Secret's data."""
    if _SECRET.search(text) is None:
        return
    lines = text.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    first = 0
    for at, line in enumerate((*lines, "---")):
        if _PART.match(line) is None:
            continue
        if any(map(_SECRET.search, lines[first:at])):
            yield from _values(lines, starts, first, at)
            yield from _inline(text, starts[first], starts[at])
        first = at + 1


def _values(lines: list[str], starts: list[int], first: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the values under `data` in the lines *first* to *end*, one document."""
    inside: int | None = None  # the indent of `data`
    below: int | None = None  # that of its names
    read = _decoded
    for number in range(first, end):
        found = _LINE.match(lines[number])
        if found is None:
            continue
        indent, name = len(found["indent"]), found["name"].strip("\"'")
        value = (found["value"] or "").partition(" #")[0].strip("\"', \t")
        if inside is not None and indent > inside:
            below = indent if below is None else below
            if indent == below and value and not is_placeholder(value) and _is_secret(read(value)):
                start = starts[number] + found.start("value") + found["value"].index(value)
                yield start, start + len(value)
            continue
        inside, below = (indent if name in {"data", "stringData"} and not value.strip("{") else None), None
        read = _decoded if name == "data" else _telling


def _inline(text: str, first: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the values of JSON on one line, as annotations keep what was applied last."""
    for data in _INLINE.finditer(text, first, end):
        for pair in _PAIR.finditer(text, *data.span("pairs")):
            if not is_placeholder(pair["value"]) and _is_secret(_decoded(pair["value"])):
                yield pair.span("value")


def _is_secret(value: str) -> bool:
    """Tell whether *value*, which a Secret has, is one. What has blanks is a text, and is searched as one."""
    if len(value) < _SHORTEST or len(value.split()) > 1:
        return False
    return not is_placeholder(value) and not value.startswith(_PUBLIC)


def _decoded(value: str) -> str:
    """Return what *value* encodes. Bytes that are not a text come as they are, what is not base64 as nothing."""
    from binascii import a2b_base64  # here: few texts hold such a manifest

    try:
        return a2b_base64(value, strict_mode=True).decode().strip()
    except UnicodeDecodeError:
        return value
    except ValueError:
        return ""


def _telling(value: str) -> str:
    """Return *value* as it is, a mere word as nothing: `user: admins`."""
    return "" if _NAME.fullmatch(value) else value
